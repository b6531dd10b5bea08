import numpy as np
import pytest
import tensorflow as tf

from ugach import objective

SEED = tf.constant([0, 0])


def _objective(**settings):
    margins = {"margin": 1.0, "uniform_margin": 1.0}
    return objective.Objective(**(margins | settings))


def _selection(probability, known=None, uniform=False):
    """A selection with these probabilities [B, P]."""
    log_probability = tf.math.log(tf.constant(probability, tf.float32))
    if known is None:
        known = np.zeros(log_probability.shape, bool)
    return objective.Selection(log_probability, tf.constant(known), uniform)


def _discriminator_loss(distances, selection, positive=0.0, **settings):
    return _objective(**settings).discriminator(
        tf.constant([positive]), tf.constant([distances]), selection, SEED
    )


def test_the_hinge_form_is_the_expected_relevance_score():
    # Scores 1 + 0 - (1/2, 1/4) = (1/2, 3/4); 1/4 * 1/2 + 3/4 * 3/4 = 11/16.
    loss = _discriminator_loss(
        [0.5, 0.25], _selection([[0.25, 0.75]]), discriminator_loss="hinge"
    )

    np.testing.assert_allclose(loss, [11 / 16], rtol=1e-6)


def test_the_log_form_is_minus_eq_8():
    # Scores as above; f(x_M, q) is the margin, 1.
    loss = _discriminator_loss(
        [0.5, 0.25], _selection([[0.25, 0.75]]), discriminator_loss="log"
    )

    def log_sigmoid(x):
        return -np.log1p(np.exp(-x))

    # 1 - sigmoid(f) = sigmoid(-f).
    value = (
        log_sigmoid(1.0) + 0.25 * log_sigmoid(-0.5) + 0.75 * log_sigmoid(-0.75)
    )
    np.testing.assert_allclose(loss, [-value], rtol=1e-6)


@pytest.mark.parametrize("form", ("hinge", "log"))
def test_both_forms_push_the_same_way(form):
    # By Eq. (6) the score rises with the distance to the positive and falls
    # with the distance to a candidate.
    positive = tf.Variable([0.5])
    distances = tf.Variable([[0.25, 0.75]])
    players = _objective(discriminator_loss=form)

    with tf.GradientTape() as tape:
        loss = players.discriminator(
            positive, distances, _selection([[0.5, 0.5]]), SEED
        )
    to_positive, to_candidates = tape.gradient(loss, [positive, distances])

    assert (to_positive.numpy() > 0).all()
    assert (to_candidates.numpy() < 0).all()


@pytest.mark.parametrize("form", ("hinge", "log"))
def test_without_a_generator_both_forms_are_the_expected_relevance_score(form):
    # Scores 1 + 0 - (1/2, 1/4) = (1/2, 3/4), half of each.
    loss = _discriminator_loss(
        [0.5, 0.25],
        _selection([[0.5, 0.5]], uniform=True),
        discriminator_loss=form,
    )

    np.testing.assert_allclose(loss, [5 / 8], rtol=1e-6)


def test_sampled_negatives_average_the_scores_of_what_was_drawn():
    # Two draws from two candidates: both 0, both 1, or one of each, with
    # scores 1/2 and 3/4.
    players = _objective(negatives="sampled")

    loss = players.discriminator(
        tf.zeros([64]),
        tf.tile([[0.5, 0.25]], [64, 1]),
        _selection([[0.5, 0.5]] * 64),
        SEED,
    )

    assert set(loss.numpy()) == {0.5, 0.625, 0.75}


def test_sampled_negatives_agree_with_expected_ones_on_average():
    # The standard error of 20,000 means of 4 draws is below 0.001.
    count = 20000
    arguments = (
        tf.zeros([count]),
        tf.tile([[0.1, 0.5, 0.9]], [count, 1]),
        _selection([[0.2, 0.5, 0.3]] * count),
        SEED,
    )
    expected = _objective(negatives="expected")
    sampled = _objective(negatives="sampled", num_samples=4)

    exact = tf.reduce_mean(expected.discriminator(*arguments))
    drawn = tf.reduce_mean(sampled.discriminator(*arguments))

    # 0.2 * 0.9 + 0.5 * 0.5 + 0.3 * 0.1 = 0.46.
    np.testing.assert_allclose(exact, 0.46, rtol=1e-5)
    np.testing.assert_allclose(drawn, 0.46, atol=0.004)


def test_uniform_candidates_have_a_margin_of_their_own():
    # Scores 3 + 0 - (1/2, 1/4) against 1 + 0 - (1/2, 1/4).
    margins = {"margin": 1.0, "uniform_margin": 3.0}

    uniform, generated = (
        _discriminator_loss(
            [0.5, 0.25], _selection([[0.5, 0.5]], uniform=uniform), **margins
        )
        for uniform in (True, False)
    )

    np.testing.assert_allclose(uniform, [2.625], rtol=1e-6)
    np.testing.assert_allclose(generated, [0.625], rtol=1e-6)


def test_uniform_candidates_are_all_but_the_known():
    known = tf.constant([[True, False, False, False], [False] * 4])

    selection = _objective().uniform(known)

    expected = [[0, 1 / 3, 1 / 3, 1 / 3], [1 / 4] * 4]
    np.testing.assert_allclose(
        tf.exp(selection.log_probability), expected, rtol=1e-6
    )
    assert selection.uniform


@pytest.mark.parametrize(
    ("form", "expected"),
    # exp(-d / 2) = 1 : 1/2 : 1/4 over (known, unknown, unknown).
    (
        ("spared", [4 / 7, 2 / 7, 1 / 7]),
        ("kept", [4 / 7, 2 / 7, 1 / 7]),
        ("excluded", [0, 2 / 3, 1 / 3]),
    ),
)
def test_known_candidates_are_selected_like_others_or_never(form, expected):
    players = _objective(temperature=2.0, known_candidates=form)
    distances = tf.constant([[0.0, 2 * np.log(2), 4 * np.log(2)]], tf.float32)
    known = tf.constant([[True, False, False]])

    selection = players.generated(distances, known)

    np.testing.assert_allclose(
        tf.exp(selection.log_probability), [expected], rtol=1e-6
    )
    assert not selection.uniform


@pytest.mark.parametrize("negatives", ("expected", "sampled"))
@pytest.mark.parametrize("form", ("hinge", "log"))
def test_a_known_candidate_costs_nothing_when_it_is_selected(negatives, form):
    # It is selected for certain. What is left is the constant first term of
    # Eq. (8), -ln sigmoid(1).
    loss = _discriminator_loss(
        [0.0, 5.0],
        _selection([[1.0, 1e-30]], known=[[True, False]]),
        negatives=negatives,
        discriminator_loss=form,
    )

    constant = np.log1p(np.exp(-1.0)) if form == "log" else 0.0
    np.testing.assert_allclose(loss, [constant], rtol=1e-6)


@pytest.mark.parametrize(("uniform", "cost"), ((False, 0.75), (True, 0.25)))
def test_a_known_candidate_that_is_kept_costs_what_others_do(uniform, cost):
    # Scores 1 + 0 - (0, 1/2) = (1, 1/2), half of each. Where no generator
    # selects, only the second is a negative.
    loss = _discriminator_loss(
        [0.0, 0.5],
        _selection([[0.5, 0.5]], [[True, False]], uniform),
        known_candidates="kept",
    )

    np.testing.assert_allclose(loss, [cost], rtol=1e-6)


@pytest.mark.parametrize("negatives", ("expected", "sampled"))
@pytest.mark.parametrize("form", ("spared", "excluded"))
def test_a_query_that_knows_the_whole_pool_has_no_negative(negatives, form):
    players = _objective(negatives=negatives, known_candidates=form)
    known = tf.constant([[True, True]])

    for selection in (
        players.uniform(known),
        players.generated(tf.constant([[0.0, 1.0]]), known),
    ):
        loss = players.discriminator(
            tf.constant([1.0]), tf.constant([[0.0, 0.0]]), selection, SEED
        )

        assert loss.numpy().tolist() == [0.0]


@pytest.mark.parametrize(
    ("form", "expected"),
    # Scores 1 + 0 - (1, 0) = (0, 1).
    (
        ("softplus", [np.log(2), np.log(1 + np.e)]),
        ("sigmoid", [1 / 2, np.e / (1 + np.e)]),
    ),
)
def test_rewards_take_their_form_and_carry_no_gradient(form, expected):
    distances = tf.Variable([[1.0, 0.0]])
    players = _objective(reward=form)

    with tf.GradientTape() as tape:
        rewards = players.rewards(tf.constant([0.0]), distances)

    np.testing.assert_allclose(rewards, [expected], rtol=1e-6)
    assert tape.gradient(rewards, distances) is None


def _generator_gradient(form, distances, rewards, count, **settings):
    distances = tf.Variable(tf.tile(tf.constant([distances]), [count, 1]))
    players = _objective(generator_gradient=form, **settings)
    with tf.GradientTape() as tape:
        loss = players.generator(
            distances, tf.tile(tf.constant([rewards]), [count, 1]), SEED
        )
    return tape.gradient(loss, distances).numpy()


def test_the_temperature_reaches_the_generator():
    # Distances (0, 2 ln 3) at temperature 2 give p = (3/4, 1/4). With
    # r = (1, 2) the gradient by -d / 2 is (-3/16, 3/16), by d half of it.
    gradient = _generator_gradient(
        "expected", [0.0, 2 * np.log(3)], [1.0, 2.0], 1, temperature=2.0
    )

    np.testing.assert_allclose(gradient, [[-3 / 32, 3 / 32]], rtol=1e-5)


def test_the_sampled_form_has_the_expected_gradient_on_average():
    # 20,000 queries of 4 draws; one draw's variance is below 1.
    distances, rewards = [0.0, 1.0, 2.0], [1.0, 0.5, 2.0]

    exact = _generator_gradient("expected", distances, rewards, 1)[0]
    sampled = _generator_gradient(
        "sampled", distances, rewards, 20000, num_samples=4
    )

    np.testing.assert_allclose(sampled.mean(axis=0), exact, atol=0.015)


def test_the_pair_softmax_can_leave_the_better_rewarded_candidate():
    # p = (3/4, 1/4) over the two selected items and r = (0.9, 0.6): item 0
    # has both the better reward and the nearer code. The released loss
    # -(r_0 ln p_0 + r_1 ln p_1) / 2 has the slope
    # (r_0 + r_1) / 2 * (p_0 - r_0 / (r_0 + r_1)) = 0.75 * (0.75 - 0.6) =
    # 0.1125 by item 0's logit -d, so descent moves item 0 away. Where one
    # item is selected twice, p = (1/2, 1/2) whatever d is, and nothing moves.
    distances, rewards = [0.0, np.log(3)], [0.9, 0.6]

    gradient = _generator_gradient("pair_softmax", distances, rewards, 200)

    both = np.abs(gradient).max(axis=1) > 1e-6
    assert 0 < both.sum() < 200
    np.testing.assert_allclose(
        gradient[both], np.tile([-0.1125, 0.1125], (both.sum(), 1)), rtol=1e-4
    )
    # Eq. (10) has the other sign.
    exact = _generator_gradient("expected", distances, rewards, 1)[0]
    assert exact[0] > 0 > exact[1]


@pytest.mark.parametrize("form", ("expected", "sampled", "pair_softmax"))
def test_huge_distances_leave_the_generator_finite(form):
    gradient = _generator_gradient(form, [0.0, 1e6, 2e6], [1.0, 2.0, 1e6], 8)

    assert np.isfinite(gradient).all()
