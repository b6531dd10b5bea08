import numpy as np
import pytest
import tensorflow as tf

from uch import cycles
from uch import networks

PAPER = networks.Architecture(
    text_feature_units=300,
    outer_hidden_units=512,
    representation_units=256,
    inner_hidden_units=128,
    outer_discriminator_units=256,
    inner_discriminator_units=128,
    discriminator_outputs=32,
    standardize=False,
)
SMALL = networks.Architecture(5, 6, 4, 3, 7, 8, 2)


def _widths(network):
    """Input and output widths along the dense layers of a network."""
    kernels = [v.shape for v in network.trainable_variables if len(v.shape) > 1]
    return [kernels[0][0], *(kernel[1] for kernel in kernels)]


def _noise(*shape, seed=0):
    values = np.random.default_rng(seed).normal(size=shape)
    return tf.constant(values, tf.float32)


def test_layers_have_the_papers_widths():
    fitted = PAPER.fitted(4096, 1386)
    outer = cycles.outer_cycle(fitted, 4096, 0)
    inner = cycles.inner_cycle(fitted, 64, 0)

    assert _widths(outer.image_to_text) == [4096, 512, 256, 512, 300]
    assert _widths(outer.text_to_image) == [300, 512, 256, 512, 4096]
    assert _widths(outer.image_discriminator) == [4096, 256, 32]
    assert _widths(outer.text_discriminator) == [300, 256, 32]
    for generator in (inner.image_to_text, inner.text_to_image):
        assert _widths(generator) == [256, 128, 64, 128, 256]
    for judge in (inner.image_discriminator, inner.text_discriminator):
        assert _widths(judge) == [256, 128, 32]
    assert _widths(networks.text_encoder(fitted, 1386, 0)) == [1386, 300]
    assert not networks.image_encoder(fitted, (4096,)).variables


@pytest.mark.parametrize("image_dim", (4096, 1280, 512))
def test_features_wide_enough_keep_the_papers_widths(image_dim):
    assert PAPER.fitted(image_dim, 300) == PAPER


def test_narrow_features_narrow_the_layers():
    fitted = PAPER.fitted(image_dim=100, text_dim=40)

    assert fitted.text_feature_units == 40
    assert fitted.outer_hidden_units == 100
    assert fitted.representation_units == 100
    assert fitted.inner_hidden_units == 100
    assert fitted.outer_discriminator_units == 100
    assert fitted.inner_discriminator_units == 100
    # How many opinions there are is no matter of width.
    assert fitted.discriminator_outputs == 32


def test_scaling_makes_lengths_comparable():
    scaled = networks.image_encoder(SMALL, (9,))
    images = 1e-3 * _noise(4, 9)

    features = scaled(images).numpy()

    np.testing.assert_allclose(np.mean(features**2, axis=1), 1.0, rtol=1e-5)
    cosine = np.sum(features * images, axis=1)
    assert (cosine > 0).all()


def test_without_scaling_features_are_the_inputs():
    raw = networks.Architecture(5, 6, 4, 3, 7, 8, 2, feature_scaling="none")
    images = _noise(4, 9)

    np.testing.assert_array_equal(
        networks.image_encoder(raw, (9,))(images), images
    )


def test_text_features_are_bounded_and_an_empty_text_has_some():
    encoder = networks.text_encoder(SMALL, 9, 0)
    texts = np.eye(4, 9, dtype=np.float32)
    texts[3] = 0

    features = encoder(texts).numpy()

    assert features.shape == (4, 5)
    assert np.abs(features).max() < 1
    assert np.isfinite(features).all()


def _by_hand(layers, inputs):
    """ReLU between two dense layers."""
    (first, first_bias), (second, second_bias) = layers
    return np.maximum(inputs @ first + first_bias, 0) @ second + second_bias


def _weights(network):
    values = [variable.numpy() for variable in network.trainable_variables]
    return list(zip(values[::2], values[1::2], strict=True))


def test_a_generator_is_two_dense_layers_to_the_middle_and_two_on():
    generator = networks.Generator((6, 5, 3, 4), "tanh", False, 0, "one")
    inputs = _noise(7, 6)

    middle = generator.encoder(inputs)
    generated = generator(inputs)

    wanted = np.tanh(_by_hand(_weights(generator.encoder), inputs.numpy()))
    np.testing.assert_allclose(middle, wanted, atol=1e-5)
    made = _by_hand(_weights(generator.decoder), wanted)
    np.testing.assert_allclose(generated, made, atol=1e-5)


def test_a_standardised_middle_is_centred_over_the_batch():
    generator = networks.Generator((6, 5, 3, 4), "linear", True, 0, "one")
    inputs = 5 + 2 * _noise(40, 6)

    middle = generator.encoder(inputs, training=True).numpy()

    np.testing.assert_allclose(middle.mean(axis=0), 0.0, atol=1e-5)
    # The layer adds .001 to the variance.
    np.testing.assert_allclose(middle.std(axis=0), 1.0, atol=0.01)


def test_codes_do_not_depend_on_the_batch_they_are_in():
    generator = networks.Generator((6, 5, 3, 4), "tanh", True, 0, "one")
    inputs = _noise(40, 6)
    for _ in range(60):
        generator.encoder(inputs, training=True)

    alone = generator.encoder(inputs[:1])
    together = generator.encoder(inputs)
    trained = generator.encoder(inputs, training=True)

    np.testing.assert_allclose(alone, together[:1], atol=1e-6)
    # By then the running means are those of this batch: .9^60 is .002.
    np.testing.assert_allclose(together, trained, atol=0.02)


def test_a_cycle_goes_to_the_other_modality_and_back():
    cycle = cycles.outer_cycle(SMALL, 9, 0)
    real = networks.Pair(_noise(4, 9), _noise(4, 5, seed=1))

    fake = cycle.generate(cycle.middle(real))
    back = cycle.back(fake)

    # Eq. (2): an image becomes a text's features; and back an image's.
    np.testing.assert_allclose(
        fake.text, cycle.image_to_text(real.image), atol=1e-6
    )
    np.testing.assert_allclose(
        fake.image, cycle.text_to_image(real.text), atol=1e-6
    )
    np.testing.assert_allclose(
        back.image,
        cycle.text_to_image(cycle.image_to_text(real.image)),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        back.text,
        cycle.image_to_text(cycle.text_to_image(real.text)),
        atol=1e-6,
    )
    assert [values.shape for values in (*fake, *back)] == [
        (4, 9),
        (4, 5),
        (4, 9),
        (4, 5),
    ]


def test_each_modality_has_its_own_judge():
    cycle = cycles.outer_cycle(SMALL, 9, 0)
    items = networks.Pair(_noise(4, 9), _noise(4, 5, seed=1))

    logits = cycle.judge(items)

    np.testing.assert_array_equal(
        logits.image, cycle.image_discriminator(items.image)
    )
    np.testing.assert_array_equal(
        logits.text, cycle.text_discriminator(items.text)
    )
    assert logits.image.shape == (4, 2)


def test_a_judge_has_a_leaky_hidden_layer():
    judge = networks.discriminator(6, (5, 2), 0, "judge")
    inputs = _noise(7, 6)

    (first, first_bias), (second, second_bias) = _weights(judge)
    hidden = inputs.numpy() @ first + first_bias
    hidden = np.where(hidden >= 0, hidden, 0.2 * hidden)
    np.testing.assert_allclose(
        judge(inputs), hidden @ second + second_bias, atol=1e-5
    )


def test_every_network_starts_with_its_own_weights():
    outer = cycles.outer_cycle(SMALL, 9, 0)
    inner = cycles.inner_cycle(SMALL, 6, 12)
    text = networks.text_encoder(SMALL, 9, 24)

    kernels = [
        variable.numpy()
        for network in (outer, inner, text)
        for variable in network.trainable_variables
        if len(variable.shape) == 2
    ]

    # Kernels of one seed and size would be equal.
    for position, one in enumerate(kernels):
        for other in kernels[:position]:
            assert one.shape != other.shape or (one != other).any()
    assert len(kernels) == 2 * (4 + 4 + 2 + 2) + 1


def test_the_sign_of_a_code_is_its_bit_and_a_tie_is_1():
    codes = tf.constant([[0.5, -0.5, 0.0, -1e-9]])

    bits = networks.binary_codes(codes)

    np.testing.assert_array_equal(bits, [[True, False, True, False]])
