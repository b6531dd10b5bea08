import keras
import numpy as np
import pytest
import tensorflow as tf

from ugach import networks


def _pathway(image_dim=2, hidden_units=2, bits=1, scaling="none", seed=0):
    return networks.TwoPathway(
        image_dim, 3, hidden_units, bits, "glorot_uniform", scaling, seed, "net"
    )


def test_eqs_1_and_2_are_a_tanh_and_a_sigmoid_layer():
    # W_c x + b_c = (ln 2, ln 3); tanh(ln y) = (y - 1/y) / (y + 1/y), so
    # phi = (0.6, 0.8). W_h phi + b_h = 5 * 0.6 - 2.5 * 0.8 + ln 3 - 1 = ln 3,
    # and sigmoid(ln 3) = 3/4.
    pathway = _pathway().image_pathway
    pathway.set_weights(
        [
            np.array([[1.0, 0.0], [0.0, 2.0]]),
            np.array([np.log(2) - 1, np.log(3) - 4]),
            np.array([[5.0], [-2.5]]),
            np.array([np.log(3) - 1]),
        ]
    )

    codes = pathway(tf.constant([[1.0, 2.0]]))

    np.testing.assert_allclose(codes, [[0.75]], rtol=1e-6)


def test_the_two_pathways_share_the_code_length_but_no_weights():
    network = _pathway(image_dim=4, hidden_units=5, bits=6)

    image = network.image_pathway(np.ones((2, 4), np.float32))
    text = network.text_pathway(np.ones((2, 3), np.float32))

    assert image.shape == text.shape == (2, 6)
    shapes = [tuple(v.shape) for v in network.trainable_variables]
    pathway_shapes = [(5,), (5, 6), (6,)]
    assert shapes == [(4, 5), *pathway_shapes, (3, 5), *pathway_shapes]


def test_eq_3_thresholds_at_one_half_and_gives_a_tie_to_1():
    half = np.float32(0.5)
    codes = tf.constant(
        [[0.0, np.nextafter(half, np.float32(0)), half, 0.51, 1.0]]
    )

    bits = networks.binary_codes(codes)

    np.testing.assert_array_equal(bits, [[False, False, True, True, True]])


def test_unit_scaling_gives_inputs_a_constant_length():
    # (3, 4) has length 5; the gain of 2 image columns is
    # IMAGE_GAIN * sqrt(2), so (0.6, 0.8) times that reaches Eq. (1).
    scaled = _pathway(scaling="unit").image_pathway
    plain = _pathway(scaling="none").image_pathway
    gain = networks.IMAGE_GAIN * np.sqrt(2)

    found = scaled(tf.constant([[3.0, 4.0]]))

    expected = plain(tf.constant([[0.6 * gain, 0.8 * gain]]))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_unit_scaling_ignores_the_length_of_a_text():
    pathway = _pathway(scaling="unit").text_pathway

    found = pathway(tf.constant([[1.0, 0.0, 2.0], [3.0, 0.0, 6.0]]))

    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


def test_unit_scaling_survives_a_text_without_words():
    # Only biases reach the code, and new ones are 0: sigmoid(0) = 1/2.
    pathway = _pathway(scaling="unit").text_pathway

    found = pathway(tf.zeros([1, 3]))

    np.testing.assert_allclose(found, [[0.5]])


def test_kernels_are_the_four_weight_matrices():
    kernels = _pathway(image_dim=4, hidden_units=5, bits=6).kernels()

    assert [tuple(k.shape) for k in kernels] == [(4, 5), (5, 6), (3, 5), (5, 6)]


@pytest.mark.parametrize(
    ("initializer", "bound"),
    # Glorot: sqrt(6 / (40 + 60)). The other is cut at two of its standard
    # deviations of 0.1.
    (("glorot_uniform", 6**0.5 / 10), ("truncated_normal", 0.2)),
)
def test_initial_kernels_keep_to_their_distribution(initializer, bound):
    pathway = networks.pathway(40, 60, 8, initializer, [], 0, "net")

    kernel = np.abs(pathway.get_weights()[0])

    assert 0.8 * bound < kernel.max() <= bound


def test_the_seed_alone_decides_the_weights():
    first, again, other = (_pathway(seed=s).get_weights() for s in (3, 3, 4))

    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    assert any((one != o).any() for one, o in zip(first, other, strict=True))


def test_layers_of_one_shape_start_with_different_kernels():
    # Image and text pathway, both 3 to 3 to 3.
    network = networks.TwoPathway(
        3, 3, 3, 3, "glorot_uniform", "none", 0, "net"
    )

    kernels = [k.numpy() for k in network.kernels()]

    for i in range(4):
        for j in range(i):
            assert (kernels[i] != kernels[j]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        (("zeros", "none"), "initializer must be one of"),
        (("glorot_uniform", "log"), "scaling must be one of"),
    ),
)
def test_unknown_forms_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        networks.TwoPathway(2, 3, 4, 5, *arguments, 0, "net")


def test_the_threshold_of_the_constant_and_of_eq_3_agree():
    codes = keras.ops.convert_to_tensor([[networks.THRESHOLD]])

    assert networks.binary_codes(codes).numpy().all()
