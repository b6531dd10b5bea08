import numpy as np
import pytest
import tensorflow as tf

from ugach import objective

SEED = tf.constant([0, 0])
LOG_HALF = np.log(0.5).astype(np.float32)


def _discriminator_loss(form, distances, probability, positive=0.0, **settings):
    players = objective.Objective(
        margin=1.0, discriminator_loss=form, **settings
    )
    return players.discriminator(
        tf.constant([positive]),
        tf.constant([distances]),
        tf.math.log([probability]),
        SEED,
    )


def test_the_hinge_form_is_the_expected_relevance_score():
    # Scores 1 + 0 - (1/2, 1/4) = (1/2, 3/4); 1/4 * 1/2 + 3/4 * 3/4 = 11/16.
    loss = _discriminator_loss("hinge", [0.5, 0.25], [0.25, 0.75])

    np.testing.assert_allclose(loss, [11 / 16], rtol=1e-6)


def test_the_log_form_is_minus_eq_8():
    # Scores as above; f(x_M, q) is the margin, 1.
    loss = _discriminator_loss("log", [0.5, 0.25], [0.25, 0.75])

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
    players = objective.Objective(margin=1.0, discriminator_loss=form)

    with tf.GradientTape() as tape:
        loss = players.discriminator(
            positive, distances, tf.fill([1, 2], LOG_HALF), SEED
        )
    to_positive, to_candidates = tape.gradient(loss, [positive, distances])

    assert (to_positive.numpy() > 0).all()
    assert (to_candidates.numpy() < 0).all()


def test_sampled_negatives_average_the_scores_of_what_was_drawn():
    # Two draws from two candidates: both 0, both 1, or one of each, with
    # scores 1/2 and 3/4.
    players = objective.Objective(margin=1.0, negatives="sampled")

    loss = players.discriminator(
        tf.zeros([64]),
        tf.tile([[0.5, 0.25]], [64, 1]),
        tf.fill([64, 2], LOG_HALF),
        SEED,
    )

    assert set(loss.numpy()) == {0.5, 0.625, 0.75}


def test_sampled_negatives_agree_with_expected_ones_on_average():
    # The standard error of 20,000 means of 4 draws is below 0.001.
    count = 20000
    arguments = (
        tf.zeros([count]),
        tf.tile([[0.1, 0.5, 0.9]], [count, 1]),
        tf.tile(tf.math.log([[0.2, 0.5, 0.3]]), [count, 1]),
        SEED,
    )
    expected = objective.Objective(margin=1.0)
    sampled = objective.Objective(
        margin=1.0, negatives="sampled", num_samples=4
    )

    exact = tf.reduce_mean(expected.discriminator(*arguments))
    drawn = tf.reduce_mean(sampled.discriminator(*arguments))

    # 0.2 * 0.9 + 0.5 * 0.5 + 0.3 * 0.1 = 0.46.
    np.testing.assert_allclose(exact, 0.46, rtol=1e-5)
    np.testing.assert_allclose(drawn, 0.46, atol=0.004)


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
    players = objective.Objective(margin=1.0, reward=form)

    with tf.GradientTape() as tape:
        rewards = players.rewards(tf.constant([0.0]), distances)

    np.testing.assert_allclose(rewards, [expected], rtol=1e-6)
    assert tape.gradient(rewards, distances) is None


def _generator_gradient(form, distances, rewards, count, **settings):
    distances = tf.Variable(tf.tile(tf.constant([distances]), [count, 1]))
    players = objective.Objective(
        margin=1.0, generator_gradient=form, **settings
    )
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
