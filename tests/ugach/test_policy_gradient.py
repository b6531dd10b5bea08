import numpy as np
import pytest
import tensorflow as tf

from ugach import losses


def test_eq_10_rewards_by_softplus_of_the_score():
    # log(1 + exp(ln 3)) = ln 4; log(1 + exp(0)) = ln 2; 1e6 does not overflow.
    scores = tf.constant([[np.log(3), 0.0, 1e6]], tf.float32)

    rewards = losses.reward(scores)

    np.testing.assert_allclose(
        rewards, [[np.log(4), np.log(2), 1e6]], rtol=1e-6
    )


def _policy_gradient(distances, rewards, entropy_weight=0.0):
    distances = tf.Variable(distances, dtype=tf.float32)
    with tf.GradientTape() as tape:
        loss = losses.policy_gradient_loss(
            losses.generative_log_probability(distances),
            tf.constant(rewards, tf.float32),
            entropy_weight,
        )
    return tape.gradient(loss, distances).numpy()


def test_eq_10_has_the_analytic_gradient():
    # p = (3/4, 1/4) and r = (1, 2), so E[r] = 5/4. With logits s = -d,
    # dE[r]/ds_j = p_j (r_j - E[r]) = (-3/16, 3/16), and the loss -E[r] has
    # the same by d.
    distances = [[0.0, np.log(3)]]
    rewards = [[1.0, 2.0]]

    gradient = _policy_gradient(distances, rewards)

    np.testing.assert_allclose(gradient, [[-3 / 16, 3 / 16]], rtol=1e-5)


def test_eq_10_moves_probability_to_the_better_rewarded_candidate():
    distances = np.array([[0.0, np.log(3)]])
    rewards = [[1.0, 2.0]]

    moved = distances - 0.1 * _policy_gradient(distances, rewards)

    before = np.exp(losses.generative_log_probability(distances))
    after = np.exp(losses.generative_log_probability(moved))
    assert after[0, 1] > before[0, 1]


def test_the_mean_reward_baseline_leaves_the_gradient_as_it_is():
    rng = np.random.default_rng(0)
    distances = rng.random((3, 6)) * 4
    rewards = rng.random((3, 6)).astype(np.float32)
    variable = tf.Variable(distances, dtype=tf.float32)

    with tf.GradientTape() as tape:
        probability = tf.exp(losses.generative_log_probability(variable))
        expected_reward = tf.reduce_sum(probability * rewards)
    plain = -tape.gradient(expected_reward, variable)

    np.testing.assert_allclose(
        _policy_gradient(distances, rewards), plain, atol=1e-6
    )


def test_equal_rewards_move_nothing():
    gradient = _policy_gradient([[0.0, 1.0, 5.0]], [[2.0, 2.0, 2.0]])

    np.testing.assert_allclose(gradient, np.zeros((1, 3)), atol=1e-7)


def test_eq_10_survives_huge_distances_and_rewards():
    # All probability stays with candidate 0; nothing moves, nothing is NaN.
    gradient = _policy_gradient([[0.0, 1e6]], [[1e6, 1.0]])

    np.testing.assert_allclose(gradient, [[0.0, 0.0]])


def test_the_entropy_term_has_the_analytic_gradient():
    # With equal rewards only t H(p) is left: dH/ds_j = -p_j (ln p_j + H),
    # p = (3/4, 1/4), H = -3/4 ln(3/4) - 1/4 ln(1/4). By d the loss -t H has
    # the same as H by s.
    entropy = -0.75 * np.log(0.75) - 0.25 * np.log(0.25)
    expected = [
        -2 * 0.75 * (np.log(0.75) + entropy),
        -2 * 0.25 * (np.log(0.25) + entropy),
    ]

    gradient = _policy_gradient([[0.0, np.log(3)]], [[1.0, 1.0]], 2.0)

    np.testing.assert_allclose(gradient, [expected], rtol=1e-5)
    # Descent moves the likelier candidate away.
    assert expected[0] < 0 < expected[1]


def test_the_entropy_term_stops_the_generator_at_softmax_of_the_rewards():
    # At t = 2 the optimum is p ~ exp(r / 2) = (3, 1), which these distances
    # have; without the term the gradient goes on.
    distances, rewards = [[0.0, np.log(3)]], [[2 * np.log(3), 0.0]]

    with_entropy = _policy_gradient(distances, rewards, entropy_weight=2.0)
    without = _policy_gradient(distances, rewards)

    np.testing.assert_allclose(with_entropy, [[0.0, 0.0]], atol=1e-6)
    assert without[0, 0] > 0.1


def test_the_entropy_term_survives_huge_distances():
    gradient = _policy_gradient([[0.0, 1e6]], [[1.0, 2.0]], entropy_weight=4.0)

    np.testing.assert_allclose(gradient, [[0.0, 0.0]])


def test_the_last_line_of_eq_10_averages_over_the_selected():
    # -(ln(1/2) * 3 + ln(1/4) * 1) / 2 = (3 ln 2 + 2 ln 2) / 2.
    log_probability = tf.math.log([[0.5, 0.25]])
    rewards = tf.constant([[3.0, 1.0]])

    loss = losses.sampled_policy_gradient_loss(log_probability, rewards)

    np.testing.assert_allclose(loss, [2.5 * np.log(2)], rtol=1e-6)


def test_the_last_line_of_eq_10_is_unbiased():
    # 20,000 queries with the same distances, 4 draws each. One draw has
    # variance below 1, so the mean of 80,000 is within 0.015 by four sigmas.
    distances = tf.Variable([0.0, 1.0, 2.0])
    rewards = tf.constant([1.0, 0.5, 2.0])
    queries = 20000

    with tf.GradientTape() as tape:
        log_probability = losses.generative_log_probability(
            tf.tile(distances[None], [queries, 1])
        )
        selected = losses.select(log_probability, 4, tf.constant([0, 1]))
        loss = tf.reduce_mean(
            losses.sampled_policy_gradient_loss(
                tf.gather(log_probability, selected, batch_dims=1),
                tf.gather(rewards, selected),
            )
        )
    sampled = tape.gradient(loss, distances)

    exact = _policy_gradient([[0.0, 1.0, 2.0]], [[1.0, 0.5, 2.0]])[0]
    assert np.abs(exact).max() > 0.1
    np.testing.assert_allclose(sampled, exact, atol=0.015)


@pytest.mark.parametrize(
    "loss",
    (losses.policy_gradient_loss, losses.sampled_policy_gradient_loss),
)
def test_rewards_carry_no_gradient(loss):
    rewards = tf.Variable([[1.0, 2.0]])
    log_probability = tf.math.log([[0.25, 0.75]])

    with tf.GradientTape() as tape:
        value = loss(log_probability, rewards)

    assert tape.gradient(value, rewards) is None


def test_the_reward_gives_the_discriminator_no_gradient():
    scores = tf.Variable([[1.0, 2.0]])

    with tf.GradientTape() as tape:
        value = losses.reward(scores)

    assert tape.gradient(value, scores) is None
