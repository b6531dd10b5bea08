import math

import numpy as np
import pytest
import tensorflow as tf

from ssah import losses

LOG2 = math.log(2.0)


def _softplus(value):
    return math.log1p(math.exp(value))


def test_items_that_share_a_label_are_similar():
    labels = tf.constant([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    bank = tf.constant([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0]])

    similar = losses.similarity(labels, bank, 0.9)

    # One shared label counts as much as two; no label, nothing to share.
    np.testing.assert_allclose(similar, [[0.9, 0.0, 0.9], [0.0, 0.0, 0.0]])


def test_likelihood_of_similarities_by_hand():
    # sigmoid(ln 3) = 3 / 4.
    theta = tf.constant([0.0, 0.0, math.log(3.0), math.log(3.0)])
    similar = tf.constant([0.0, 1.0, 1.0, 0.0])

    cost = losses.negative_log_likelihood(theta, similar)

    np.testing.assert_allclose(
        cost, [LOG2, LOG2, math.log(4 / 3), math.log(4.0)], rtol=1e-5
    )


@pytest.mark.parametrize("form", ("nll", "squared"))
def test_an_inner_product_of_400_stays_finite(form):
    theta = tf.constant([[200.0, 200.0, -200.0, -200.0]])
    similar = tf.constant([[1.0, 0.0, 1.0, 0.0]])

    with tf.GradientTape() as tape:
        tape.watch(theta)
        loss = losses.pair_loss(theta, similar, form)
    slope = tape.gradient(loss, theta)

    # exp(200) has no float32. Right pairs cost nothing, wrong ones 200.
    wrong = 200.0 if form == "nll" else 0.5 * 200.0**2
    np.testing.assert_allclose(loss, [2 * wrong])
    step = 1.0 if form == "nll" else 200.0
    np.testing.assert_allclose(slope, [[0.0, step, -step, 0.0]], atol=1e-6)


def test_smoothing_gives_similar_pairs_a_finite_optimum():
    # d/dtheta = sigmoid(theta) - S is 0 at ln(.999 / .001) = 6.9068.
    theta = tf.constant([[5.0, math.log(999.0), 8.0]])

    with tf.GradientTape() as tape:
        tape.watch(theta)
        loss = losses.pair_loss(theta, tf.fill([1, 3], 0.999))
    slope = tape.gradient(loss, theta).numpy()[0]

    assert slope[0] < -1e-3
    assert slope[1] == pytest.approx(0.0, abs=1e-6)
    assert slope[2] > 3e-4


def test_the_released_form_is_half_the_square_of_each_pair():
    theta = tf.zeros([2, 3])
    similar = tf.constant([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])

    loss = losses.pair_loss(theta, similar, "squared")

    # Three pairs of log 2 each.
    np.testing.assert_allclose(loss, [1.5 * LOG2**2] * 2, rtol=1e-6)


PAIR_LOSSES = (losses.feature_pair_loss, losses.hash_pair_loss)


@pytest.mark.parametrize("loss", PAIR_LOSSES)
def test_pairs_are_summed_over_the_bank(loss):
    batch = tf.constant([[2.0, 0.0], [1.0, 1.0]])
    bank = tf.constant([[1.0, 0.0], [0.0, 2.0], [-3.0, 1.0]])
    similar = tf.constant([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])

    found = loss(batch, bank, similar)

    # Half inner products: 1, 0, -3 and 1/2, 1, -1.
    np.testing.assert_allclose(
        found,
        [
            _softplus(1) - 1 + LOG2 + _softplus(-3),
            _softplus(0.5) + _softplus(1) - 1 + _softplus(-1) + 1,
        ],
        rtol=1e-5,
    )


@pytest.mark.parametrize("loss", PAIR_LOSSES)
def test_an_offset_makes_orthogonal_items_unlikely_pairs(loss):
    batch, bank = tf.constant([[2.0, 0.0]]), tf.constant([[0.0, 5.0]])

    similar, different = (
        loss(batch, bank, tf.constant([[value]]), offset=3.0)
        for value in (1.0, 0.0)
    )

    # theta is 0 - 3 instead of the 0 of a pair that is as likely as not.
    np.testing.assert_allclose(similar, [_softplus(-3) + 3], rtol=1e-5)
    np.testing.assert_allclose(different, [_softplus(-3)], rtol=1e-5)


def test_theta_of_codes_can_be_scaled():
    batch, bank = tf.constant([[1.0, 1.0]]), tf.constant([[3.0, 5.0]])

    similar = losses.hash_pair_loss(
        batch, bank, tf.constant([[1.0]]), offset=1.0, scale=0.25
    )

    # A quarter of 8 / 2, less 1.
    np.testing.assert_allclose(similar, [_softplus(0)], rtol=1e-5)


@pytest.mark.parametrize("loss", PAIR_LOSSES)
def test_pairs_can_be_squared(loss):
    batch, bank = tf.constant([[2.0]]), tf.constant([[1.0], [-1.0]])
    similar = tf.constant([[1.0, 1.0]])

    found = loss(batch, bank, similar, form="squared")

    right, wrong = _softplus(1) - 1, _softplus(-1) + 1
    np.testing.assert_allclose(
        found, [0.5 * right**2 + 0.5 * wrong**2], rtol=1e-5
    )


def test_quantisation_is_a_squared_distance_from_fixed_bits():
    codes = tf.constant([[0.5, -1.0, -0.5], [0.0, 0.0, 1.0]])
    targets = tf.constant([[1.0, -1.0, 1.0], [1.0, -1.0, 1.0]])

    with tf.GradientTape() as tape:
        tape.watch([codes, targets])
        loss = losses.quantization_loss(codes, targets)
    slopes = tape.gradient(loss, [codes, targets])

    # .25 + 0 + 2.25 and 1 + 1 + 0; the slope is 2 (H - B).
    np.testing.assert_allclose(loss, [2.5, 2.0])
    np.testing.assert_allclose(slopes[0], [[-1, 0, -3], [-2, 2, 0]])
    assert slopes[1] is None


def test_classification_is_a_squared_distance_from_the_labels():
    predicted = tf.constant([[0.5, 1.0], [0.25, 0.0]])
    labels = tf.constant([[1.0, 1.0], [0.0, 1.0]])

    loss = losses.classification_loss(predicted, labels)

    np.testing.assert_allclose(loss, [0.25, 0.0625 + 1.0])


def test_a_discriminator_wants_1_for_labels_and_0_for_a_modality():
    semantic, modality = tf.constant([1.0, 0.0]), tf.constant([0.0, 3.0])

    squares = losses.discriminator_loss(semantic, modality, "squares")
    entropy = losses.discriminator_loss(semantic, modality, "cross_entropy")

    np.testing.assert_allclose(squares, [0.0, 1.0 + 9.0])
    # -log sigmoid(1) - log(1 - sigmoid(0)), and for 0 and 3.
    np.testing.assert_allclose(
        entropy,
        [_softplus(-1) + LOG2, LOG2 + _softplus(3)],
        rtol=1e-5,
    )


def test_a_network_wants_to_be_taken_for_labels():
    logits = tf.constant([1.0, -2.0, -100.0])

    with tf.GradientTape() as tape:
        tape.watch(logits)
        entropy = losses.adversarial_loss(logits, "cross_entropy")
    slope = tape.gradient(entropy, logits)
    squares = losses.adversarial_loss(logits, "squares")

    np.testing.assert_allclose(
        entropy, [_softplus(-1), _softplus(2), 100.0], rtol=1e-5
    )
    # LabNet wants to be taken for the other side.
    np.testing.assert_allclose(
        losses.adversarial_loss(logits, "cross_entropy", wanted=0),
        [_softplus(1), _softplus(-2), 0.0],
        rtol=1e-5,
        atol=1e-6,
    )
    np.testing.assert_allclose(
        losses.adversarial_loss(logits, "squares", wanted=0),
        [1.0, 4.0, 100.0**2],
    )
    # The surer the discriminator, the stronger the pull, up to -1.
    np.testing.assert_allclose(slope[2], -1.0, rtol=1e-5)
    np.testing.assert_allclose(squares, [0.0, 9.0, 101.0**2])
