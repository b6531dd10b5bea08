import numpy as np
import pytest
import tensorflow as tf

from ugach import losses


def test_distances_are_squared_euclidean_and_agree_pair_by_pair():
    # (0, 1) to (1, 1): 1 + 0 = 1; to (0.5, 0): 1/4 + 1 = 5/4.
    # (1, 0) to (1, 1): 0 + 1 = 1; to (0.5, 0): 1/4 + 0 = 1/4.
    queries = tf.constant([[0.0, 1.0], [1.0, 0.0]])
    candidates = tf.constant([[1.0, 1.0], [0.5, 0.0]])

    rowwise = losses.squared_distance(queries, candidates)
    pairwise = losses.pairwise_squared_distance(queries, candidates)

    np.testing.assert_allclose(rowwise, [1.0, 0.25])
    np.testing.assert_allclose(pairwise, [[1.0, 1.25], [1.0, 0.25]])


def test_normalized_codes_are_as_far_apart_as_their_angle_says():
    # About the threshold: (1, 0), (0, .2) and (-.6, 0), so at the same length
    # sqrt(2) / 2 they are right-angled, then opposite: with K = 2, K / 2 *
    # (1 - cos) is 1 and 2.
    codes = tf.constant([[1.0, 0.5], [0.5, 0.6], [0.2, 0.5]])

    normalized = losses.normalized_codes(codes)

    np.testing.assert_allclose(
        normalized,
        np.sqrt(0.5) * np.array([[1, 0], [0, 1], [-1, 0]]),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        losses.pairwise_squared_distance(normalized[:1], normalized),
        [[0.0, 1.0, 2.0]],
        atol=1e-6,
    )


def test_of_binary_codes_the_normalized_distance_is_the_hamming_distance():
    bits = np.random.default_rng(0).integers(0, 2, (9, 24)).astype(np.float32)

    normalized = losses.normalized_codes(tf.constant(bits))
    found = losses.pairwise_squared_distance(normalized, normalized)

    np.testing.assert_allclose(
        found, (bits[:, None] != bits[None]).sum(2), atol=1e-4
    )


def test_the_matrix_product_form_agrees_with_the_definition():
    rng = np.random.default_rng(0)
    queries = rng.random((7, 64), np.float32)
    candidates = rng.random((5, 64), np.float32)

    found = losses.pairwise_squared_distance(queries, candidates)

    expected = ((queries[:, None] - candidates[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_eq_4_is_a_softmax_of_minus_the_distances():
    # exp(-0) : exp(-ln 3) : exp(-ln 6) = 1 : 1/3 : 1/6 = 6 : 2 : 1.
    distances = tf.constant([[0.0, np.log(3), np.log(6)]], tf.float32)

    probability = tf.exp(losses.generative_log_probability(distances))

    np.testing.assert_allclose(probability, [[6 / 9, 2 / 9, 1 / 9]], rtol=1e-6)


def test_eq_4_divides_the_distances_by_the_temperature():
    # exp(-ln 9 / 2) = 1/3, so 1 : 1/3 instead of 1 : 1/9.
    distances = tf.constant([[0.0, np.log(9)]], tf.float32)

    plain = tf.exp(losses.generative_log_probability(distances))
    warm = tf.exp(losses.generative_log_probability(distances, temperature=2.0))

    np.testing.assert_allclose(plain, [[0.9, 0.1]], rtol=1e-6)
    np.testing.assert_allclose(warm, [[0.75, 0.25]], rtol=1e-6)


def test_eq_4_leaves_excluded_candidates_nothing_and_the_rest_all():
    # Without the nearest candidate 1/3 : 1/6 remains, 2 : 1.
    distances = tf.constant([[0.0, np.log(3), np.log(6)]], tf.float32)
    excluded = tf.constant([[True, False, False]])

    log_probability = losses.generative_log_probability(
        distances, excluded=excluded
    )

    np.testing.assert_allclose(
        tf.exp(log_probability), [[0, 2 / 3, 1 / 3]], rtol=1e-6
    )
    assert np.isfinite(log_probability).all()


def test_eq_4_survives_huge_distances():
    # exp(-1e6) is 0 in any float; the difference of 1 still counts, and
    # 1 / (1 + exp(-1)) = 0.731059.
    distances = tf.Variable([[1e6, 1e6 + 1], [0.0, 1e6]])

    with tf.GradientTape() as tape:
        log_probability = losses.generative_log_probability(distances)
        first = tf.reduce_sum(log_probability[:, 0])
    gradient = tape.gradient(first, distances)

    np.testing.assert_allclose(
        tf.exp(log_probability), [[0.731059, 0.268941], [1, 0]], rtol=1e-5
    )
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize(
    ("distance", "expected"),
    # 1 + 0.5 - d, never below 0.
    ((0.25, 1.25), (1.5, 0.0), (2.0, 0.0)),
)
def test_eq_6_is_the_margin_plus_the_difference_or_0(distance, expected):
    positive = tf.constant([0.5])
    distances = tf.constant([[distance]])

    score = losses.relevance_score(positive, distances, margin=1.0)

    np.testing.assert_allclose(score, [[expected]])


def test_eq_6_takes_each_query_with_its_own_positive():
    # Query 0: 1 + 0 - (1/2, 1) = (1/2, 0). Query 1: 1 + 2 - (1/2, 1).
    positive = tf.constant([0.0, 2.0])
    distances = tf.constant([[0.5, 1.0], [0.5, 1.0]])

    score = losses.relevance_score(positive, distances, margin=1.0)

    np.testing.assert_allclose(score, [[0.5, 0.0], [2.5, 2.0]])


def test_eq_7_is_a_sigmoid():
    # sigmoid(ln 3) = 3 / (3 + 1).
    score = tf.constant([[0.0, np.log(3)]], tf.float32)

    probability = losses.discriminative_probability(score)

    np.testing.assert_allclose(probability, [[0.5, 0.75]], rtol=1e-6)


def test_eq_8_is_the_expected_log_likelihood_of_both_kinds_of_pairs():
    # D of the manifold pair is 3/4. The candidates have D = 1/2 and 3/4 and
    # are selected with 1/3 and 2/3:
    # V = ln(3/4) + 1/3 ln(1 - 1/2) + 2/3 ln(1 - 3/4)
    positive_score = tf.constant([np.log(3)], tf.float32)
    scores = tf.constant([[0.0, np.log(3)]], tf.float32)
    probability = tf.constant([[1 / 3, 2 / 3]])

    value = losses.adversarial_value(positive_score, scores, probability)

    expected = np.log(3 / 4) + np.log(1 / 2) / 3 + np.log(1 / 4) * 2 / 3
    np.testing.assert_allclose(value, [expected], rtol=1e-6)


def test_eq_9_falls_when_the_generator_selects_what_scores_more():
    positive_score = tf.constant([1.0])
    scores = tf.constant([[0.0, 4.0]])

    dull = losses.adversarial_value(
        positive_score, scores, tf.constant([[0.9, 0.1]])
    )
    sharp = losses.adversarial_value(
        positive_score, scores, tf.constant([[0.1, 0.9]])
    )

    assert sharp[0] < dull[0]


def test_eq_8_survives_huge_scores():
    # log(1 - sigmoid(1e6)) = -1e6 up to exp(-1e6); written naively it is
    # log(0). Its slope is -1. The first term is log(sigmoid(1e6)) = 0.
    scores = tf.Variable([[1e6]])

    with tf.GradientTape() as tape:
        value = losses.adversarial_value(
            tf.constant([1e6]), scores, tf.constant([[1.0]])
        )

    np.testing.assert_allclose(value, [-1e6])
    np.testing.assert_allclose(tape.gradient(value, scores), [[-1.0]])


def test_the_ranking_loss_is_the_expected_score():
    # 1/4 * 2 + 3/4 * 6 = 5.
    scores = tf.constant([[2.0, 6.0]])
    probability = tf.constant([[0.25, 0.75]])

    loss = losses.ranking_loss(scores, probability)

    np.testing.assert_allclose(loss, [5.0])


def test_selection_follows_the_probabilities():
    # Standard error of a share among 60,000 draws: below 0.0021.
    probability = np.array([0.6, 0.3, 0.1], np.float32)
    log_probability = tf.tile(tf.math.log(probability)[None], [20000, 1])

    selected = losses.select(log_probability, 3, tf.constant([3, 4])).numpy()

    assert selected.shape == (20000, 3)
    shares = np.bincount(selected.ravel(), minlength=3) / selected.size
    np.testing.assert_allclose(shares, probability, atol=0.009)


def test_the_draws_of_a_query_are_independent():
    # Two fair draws agree half of the time; standard error 0.0035.
    log_probability = tf.math.log(tf.fill([20000, 2], 0.5))

    selected = losses.select(log_probability, 2, tf.constant([5, 6])).numpy()

    agree = (selected[:, 0] == selected[:, 1]).mean()
    assert agree == pytest.approx(0.5, abs=0.015)


def test_selection_depends_on_the_seed_alone():
    log_probability = tf.math.log(tf.fill([50, 8], 1 / 8))

    first = losses.select(log_probability, 2, tf.constant([1, 2])).numpy()
    again = losses.select(log_probability, 2, tf.constant([1, 2])).numpy()
    other = losses.select(log_probability, 2, tf.constant([1, 3])).numpy()

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_excluded_candidates_are_never_selected():
    excluded = tf.constant([[True, False, True, False]] * 2000)
    log_probability = losses.generative_log_probability(
        tf.constant([[0.0, 30.0, 0.0, 31.0]] * 2000), excluded=excluded
    )

    selected = losses.select(log_probability, 5, tf.constant([7, 8])).numpy()

    assert set(np.unique(selected)) == {1, 3}
