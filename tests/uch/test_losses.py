import math

import numpy as np
import pytest
import tensorflow as tf

from uch import losses

LOG2 = math.log(2.0)


def _softplus(value):
    return math.log1p(math.exp(value))


def test_a_discriminator_pays_for_each_wrong_logit():
    # sigmoid(ln 3) = 3 / 4.
    real = tf.constant([[math.log(3.0), 0.0], [0.0, 0.0]])
    fake = tf.constant([[0.0, -math.log(3.0)], [math.log(3.0), 0.0]])

    loss = losses.discriminator_loss(real, fake)

    # -log D(real) - log(1 - D(fake)), averaged over two outputs.
    right, even, wrong = math.log(4 / 3), LOG2, math.log(4)
    np.testing.assert_allclose(
        loss,
        [
            ((right + even) + (even + right)) / 2,
            ((even + wrong) + (even + even)) / 2,
        ],
        rtol=1e-5,
    )


def test_the_three_forms_of_a_discriminator():
    real, fake = tf.constant([[2.0, 0.0]]), tf.constant([[0.0, -1.0]])

    entropy, minimax, squares = (
        losses.discriminator_loss(real, fake, form)
        for form in ("cross_entropy", "minimax", "squares")
    )

    np.testing.assert_array_equal(entropy, minimax)
    # ((2 - 1)^2 + 0^2 + (0 - 1)^2 + (-1)^2) / 2.
    np.testing.assert_allclose(squares, [1.5])


def test_the_three_forms_of_a_generator():
    fake = tf.constant([[math.log(3.0), 0.0]])

    entropy, minimax, squares = (
        losses.adversarial_loss(fake, form)
        for form in ("cross_entropy", "minimax", "squares")
    )

    # D = 3/4 and 1/2: -log D, log(1 - D), and the distance of logits from 1.
    np.testing.assert_allclose(entropy, [(math.log(4 / 3) + LOG2) / 2])
    np.testing.assert_allclose(minimax, [-(math.log(4) + LOG2) / 2])
    np.testing.assert_allclose(
        squares, [((math.log(3) - 1) ** 2 + 1) / 2], rtol=1e-6
    )


@pytest.mark.parametrize("form", ("cross_entropy", "minimax", "squares"))
def test_every_form_wants_to_be_taken_for_real(form):
    fake = tf.constant([[-0.5]])

    with tf.GradientTape() as tape:
        tape.watch(fake)
        loss = losses.adversarial_loss(fake, form)
    slope = tape.gradient(loss, fake)

    assert slope[0, 0] < 0


def test_only_the_printed_form_loses_its_gradient_to_a_sure_discriminator():
    slopes = {}
    for form in ("cross_entropy", "minimax"):
        fake = tf.constant([[-200.0]])
        with tf.GradientTape() as tape:
            tape.watch(fake)
            loss = losses.adversarial_loss(fake, form)
        slopes[form] = float(tape.gradient(loss, fake)[0, 0])

    # d/dx softplus(-x) = -sigmoid(200); d/dx -softplus(x) = -sigmoid(-200).
    assert slopes["cross_entropy"] == pytest.approx(-1.0)
    assert slopes["minimax"] == pytest.approx(0.0, abs=1e-30)


def test_logits_of_200_stay_finite():
    logits = tf.constant([[200.0, -200.0]])

    loss = losses.discriminator_loss(logits, logits)

    # One output is sure and wrong of the fake, the other of the real.
    np.testing.assert_allclose(loss, [200.0])


def test_reconstruction_sums_squares_over_units():
    real = tf.constant([[1.0, 2.0], [0.0, 0.0]])
    cycled = tf.constant([[0.0, 4.0], [0.5, 0.0]])

    loss = losses.reconstruction_loss(real, cycled)

    # 1 + 4 and 1/4.
    np.testing.assert_allclose(loss, [5.0, 0.25])


@pytest.mark.parametrize(
    "loss", (losses.reconstruction_loss, losses.translation_loss)
)
def test_a_fixed_target_does_not_move_towards_what_was_made(loss):
    real, made = tf.constant([[3.0]]), tf.constant([[1.0]])
    slopes = {}

    for fixed in (True, False):
        with tf.GradientTape() as tape:
            tape.watch([real, made])
            value = loss(real, made, fixed)
        slopes[fixed] = tape.gradient(value, [real, made])

    # d (3 - 1)^2: 4 for the target, -4 for what was made.
    assert slopes[True][0] is None
    np.testing.assert_allclose(slopes[True][1], [[-4.0]])
    np.testing.assert_allclose(slopes[False][0], [[4.0]])
    np.testing.assert_allclose(slopes[False][1], [[-4.0]])


def test_similarity_is_a_squared_distance_that_moves_both():
    image, text = tf.constant([[1.0, -1.0]]), tf.constant([[0.0, 1.0]])

    with tf.GradientTape() as tape:
        tape.watch([image, text])
        loss = losses.similarity_loss(image, text)
    slopes = tape.gradient(loss, [image, text])

    np.testing.assert_allclose(loss, [1.0 + 4.0])
    np.testing.assert_allclose(slopes[0], [[2.0, -4.0]])
    np.testing.assert_allclose(slopes[1], [[-2.0, 4.0]])


def test_translation_compares_with_the_pairs_own():
    real, fake = tf.constant([[1.0, 2.0, 0.0]]), tf.constant([[1.0, 0.0, 3.0]])

    np.testing.assert_allclose(losses.translation_loss(real, fake), [4.0 + 9.0])


def test_correlated_units_are_told_from_independent_ones():
    independent = tf.constant([[1.0, 5.0], [1.0, -5.0], [-1.0, 5.0], [-1, -5]])
    # The third unit repeats the first, at another scale and with its sign
    # changed: of three pairs one has a squared correlation of 1.
    copied = tf.concat([independent, -7 * independent[:, :1] + 3], axis=1)

    np.testing.assert_allclose(
        losses.decorrelation_loss(independent), 0.0, atol=1e-6
    )
    np.testing.assert_allclose(
        losses.decorrelation_loss(copied), 1 / 3, rtol=1e-4
    )


def test_a_constant_or_single_unit_has_no_correlation():
    constant = tf.constant([[1.0, 2.0], [3.0, 2.0]])

    np.testing.assert_allclose(losses.decorrelation_loss(constant), 0.0)
    np.testing.assert_allclose(losses.decorrelation_loss(constant[:, :1]), 0.0)


def test_quantisation_is_a_squared_distance_from_the_nearer_sign():
    codes = tf.constant([[0.5, -1.0], [-0.25, 0.0]])

    loss = losses.quantization_loss(codes)

    np.testing.assert_allclose(loss, [0.25, 0.5625 + 1.0])


def test_softplus_is_what_the_paper_prints():
    # log D + log(1 - D') of logits x and y is -softplus(-x) - softplus(y).
    real, fake = 0.7, -1.3
    printed = math.log(1 / (1 + math.exp(-real))) + math.log(
        1 - 1 / (1 + math.exp(-fake))
    )

    loss = losses.discriminator_loss(
        tf.constant([[real]]), tf.constant([[fake]])
    )

    np.testing.assert_allclose(loss, [-printed], rtol=1e-6)
    assert -printed == pytest.approx(_softplus(-real) + _softplus(fake))
