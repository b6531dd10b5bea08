import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from ssah import networks

BITS, LABELS, IMAGES, TEXTS = 5, 3, 8, 20
SMALL = networks.Architecture(
    feature_units=6,
    label_hidden_units=7,
    image_hidden_units=0,
    text_hidden_units=9,
    discriminator_units=(4, 3),
    text_windows=(2, 5),
)


def _inputs(width, count=4):
    rng = np.random.default_rng(width)
    return tf.constant(rng.random((count, width)), tf.float32)


def _networks(architecture, seed=0):
    shape = (architecture, BITS, LABELS)
    return {
        LABELS: networks.lab_net(*shape, seed),
        IMAGES: networks.img_net(*shape, (IMAGES,), None, seed),
        TEXTS: networks.txt_net(*shape, TEXTS, None, seed),
    }


def _shapes(network):
    return [tuple(variable.shape) for variable in network.variables]


@pytest.mark.parametrize("normalized", (False, True))
@pytest.mark.parametrize("width", (LABELS, IMAGES, TEXTS))
def test_a_network_gives_features_codes_and_labels(width, normalized):
    architecture = dataclasses.replace(SMALL, response_normalization=normalized)
    network = _networks(architecture)[width]

    features, codes, labels = network(_inputs(width))

    assert features.shape == (4, 6) and (features.numpy() >= 0).all()
    assert codes.shape == (4, BITS) and (np.abs(codes) < 1).all()
    assert (codes.numpy() < 0).any()
    assert labels.shape == (4, LABELS)
    assert ((labels.numpy() > 0) & (labels.numpy() < 1)).all()


def test_layers_have_the_papers_order_and_these_widths():
    found = _networks(SMALL)

    heads = [(6, BITS), (BITS,), (6, LABELS), (LABELS,)]
    assert _shapes(found[LABELS]) == [(3, 7), (7,), (7, 6), (6,), *heads]
    assert _shapes(found[IMAGES]) == [(8, 6), (6,), *heads]
    # 20 words, 10 windows of 2 and 4 of 5; a weight for each level.
    text = [(2,), (34, 9), (9,), (9, 6), (6,), *heads]
    assert _shapes(found[TEXTS]) == text


def _normalized(values):
    """Responses over (2 + 1e-4 * squares of five channels) to the .75."""
    padded = np.pad(values**2, ((0, 0), (2, 2)))
    width = values.shape[1]
    near = sum(padded[:, shift : shift + width] for shift in range(5))
    return values / (2 + 1e-4 * near) ** 0.75


@pytest.mark.parametrize("normalized", (False, True))
@pytest.mark.parametrize("width", (LABELS, IMAGES, TEXTS))
def test_networks_compute_what_the_release_does(width, normalized):
    # LabNet and TxtNet normalise the hidden layer, and TxtNet what its heads
    # see; F itself stays as it is.
    architecture = dataclasses.replace(
        SMALL,
        response_normalization=normalized,
        feature_scaling="none",
        text_windows=(),
    )
    network = _networks(architecture)[width]
    # Large enough for the sum of squares to matter.
    inputs = 50.0 * _inputs(width)
    values = [variable.numpy() for variable in network.features.variables]
    normalize = _normalized if normalized else lambda found: found

    found = network(inputs)

    hidden = inputs.numpy()
    for layer, (kernel, bias) in enumerate(
        zip(values[::2], values[1::2], strict=True)
    ):
        if layer:
            hidden = normalize(hidden)
        hidden = np.maximum(hidden @ kernel + bias, 0)
    seen = normalize(hidden) if width == TEXTS else hidden
    np.testing.assert_allclose(found.features, hidden, rtol=1e-4, atol=1e-5)
    for head, output, activation in (
        (network.code_head, found.codes, np.tanh),
        (network.label_head, found.labels, lambda x: 1 / (1 + np.exp(-x))),
    ):
        kernel, bias = (variable.numpy() for variable in head.variables)
        expected = activation(seen @ kernel + bias)
        np.testing.assert_allclose(output, expected, rtol=1e-3, atol=1e-5)


def test_ssah_2_has_three_dense_layers_for_texts():
    plain = dataclasses.replace(SMALL, text_windows=())

    network = _networks(plain)[TEXTS]

    kernels = [shape for shape in _shapes(network) if len(shape) == 2]
    assert kernels == [(20, 9), (9, 6), (6, BITS), (6, LABELS)]


def test_an_image_network_can_have_a_hidden_layer():
    deeper = dataclasses.replace(SMALL, image_hidden_units=10)

    network = _networks(deeper)[IMAGES]

    assert _shapes(network)[:4] == [(8, 10), (10,), (10, 6), (6,)]


@pytest.mark.parametrize("width", (IMAGES, TEXTS))
def test_scaled_inputs_forget_their_length(width):
    scaled = _networks(SMALL)[width]
    raw = _networks(dataclasses.replace(SMALL, feature_scaling="none"))[width]
    inputs = _inputs(width)

    for network, same in ((scaled, True), (raw, False)):
        one, other = (network(gain * inputs).codes for gain in (1.0, 3.0))
        assert np.allclose(one, other, atol=1e-5) == same


@pytest.mark.parametrize("width", (LABELS, IMAGES, TEXTS))
def test_items_of_zeros_have_finite_codes(width):
    codes = _networks(SMALL)[width](tf.zeros([2, width])).codes

    assert np.isfinite(codes).all()


def test_a_code_does_not_depend_on_its_batch():
    network = _networks(SMALL)[TEXTS]
    texts = _inputs(TEXTS, 10)

    together = network(texts).codes
    alone = tf.concat([network(row[None]).codes for row in texts], axis=0)

    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_bits_are_signs_and_a_tie_is_a_plus():
    codes = tf.constant([[-0.2, 0.0, 0.7]])

    np.testing.assert_array_equal(networks.signs(codes), [[-1, 1, 1]])


def test_a_discriminator_is_three_layers_to_one_logit():
    judge = networks.discriminator(SMALL, 0, "judge")
    features = _inputs(6)
    values = [variable.numpy() for variable in judge.variables]

    logits = judge(features)

    hidden = features.numpy()
    for kernel, bias in zip(values[:4:2], values[1:4:2], strict=True):
        hidden = np.maximum(hidden @ kernel + bias, 0)
    assert _shapes(judge) == [(6, 4), (4,), (4, 3), (3,), (3, 1), (1,)]
    np.testing.assert_allclose(
        logits, hidden @ values[4] + values[5], rtol=1e-5
    )


def test_the_seed_decides_the_weights():
    first, again, other = (_networks(SMALL, seed)[TEXTS] for seed in (0, 0, 1))

    for one, same, differing in zip(
        first.variables, again.variables, other.variables, strict=True
    ):
        np.testing.assert_array_equal(one, same)
        if len(one.shape) == 2:
            assert (one.numpy() != differing.numpy()).any()


@pytest.mark.parametrize(
    ("name", "least", "most"),
    (("normal", 0.008, 0.012), ("glorot_uniform", 0.08, 0.12)),
)
def test_kernels_have_the_chosen_spread_and_biases_are_zero(name, least, most):
    # Glorot: sqrt(2 / (100 + 100)) = 0.1.
    architecture = dataclasses.replace(SMALL, initializer=name)
    layer = architecture.dense(100, None, 0)
    layer.build((None, 100))

    assert least < np.std(layer.kernel) < most
    assert not np.any(layer.bias)


def test_an_unknown_initializer_is_refused():
    architecture = dataclasses.replace(SMALL, initializer="zeros")

    with pytest.raises(ValueError, match="initializer must be .*'zeros'"):
        architecture.dense(3, None, 0)
