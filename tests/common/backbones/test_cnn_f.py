import keras
import numpy as np
import pytest
import tensorflow as tf

from common.backbones import cnn_f
from common.backbones import matconvnet


def _convolved(maps, kernel, bias, stride, padding):
    """Convolution as MatConvNet has it, on [height, width, channels]."""
    padded = np.pad(maps, ((padding, padding), (padding, padding), (0, 0)))
    side = kernel.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, (side, side), axis=(0, 1)
    )[::stride, ::stride]
    sums = np.einsum("hwcij,ijcd->hwd", windows, kernel, optimize=True)
    return np.maximum(sums + bias, 0)


def _normalized(maps):
    squares = np.pad(maps**2, ((0, 0), (0, 0), (2, 2)))
    channels = maps.shape[2]
    windows = sum(squares[..., i : i + channels] for i in range(5))
    return maps / (2 + 1e-4 * windows) ** 0.75


def _pooled(maps, after=0):
    padded = np.pad(
        maps, ((0, after), (0, after), (0, 0)), constant_values=-np.inf
    )
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, (3, 3), axis=(0, 1)
    )
    return windows[::2, ::2].max(axis=(3, 4))


def _expected(picture, weights):
    """CNN-F in NumPy; the sides of its maps are checked on the way."""
    layers = weights.layers
    maps = picture - weights.average_image
    maps = _convolved(maps, *layers["conv1"], 4, 0)
    assert len(maps) == 54
    maps = _pooled(_normalized(maps), after=1)
    assert len(maps) == 27
    maps = _convolved(maps, *layers["conv2"], 1, 2)
    maps = _pooled(_normalized(maps))
    assert len(maps) == 13
    for name in ("conv3", "conv4", "conv5"):
        maps = _convolved(maps, *layers[name], 1, 1)
    maps = _pooled(maps)
    assert len(maps) == 6
    maps = _convolved(maps, *layers["fc6"], 1, 0)
    return _convolved(maps, *layers["fc7"], 1, 0)[0, 0]


@pytest.fixture(scope="module")
def pictures():
    pictures = np.random.default_rng(1).integers(0, 256, (2, 224, 224, 3))
    pictures[1, 100:] //= 4
    return pictures


@pytest.mark.parametrize("layout", ("filters", "meta"))
def test_weights_of_a_file_give_what_numpy_computes(
    weights, narrow, save_mat, pictures, layout
):
    stored = matconvnet.read(save_mat(weights, layout), **narrow)

    network = cnn_f.network((224, 224, 3), stored, **narrow)

    expected = [_expected(picture, weights) for picture in pictures]
    found = network(tf.constant(pictures, tf.float32))
    assert np.mean(np.array(expected) > 0) > 0.5
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_pictures_of_another_size_are_resized_first(weights, narrow):
    network = cnn_f.network((2, 2, 3), weights, **narrow)
    square = np.zeros((1, 2, 2, 3), np.float32)
    square[:, :, 1] = 200

    found = network(square)

    # Bilinear between pixel centres, which lie at 55.5 and at 167.5.
    share = np.clip((np.arange(224) - 55.5) / 112, 0, 1)
    stretched = np.broadcast_to(200 * share[None, :, None], (224, 224, 3))
    np.testing.assert_allclose(
        found[0], _expected(stretched, weights), rtol=1e-4, atol=1e-3
    )


def test_the_real_channels_have_the_papers_maps():
    network = cnn_f.network((64, 64, 3), units=(8, 6))

    maps = [
        layer.output.shape[1:]
        for layer in network.layers
        if layer.name.startswith(("conv", "max"))
    ]
    sides = [54, 27, 27, 13, 13, 13, 13, 6]
    channels = [64, 64, *[256] * 6]
    assert maps == [
        (side, side, width) for side, width in zip(sides, channels, strict=True)
    ]
    assert network.get_layer("fc6").input.shape == (None, 9216)
    assert network.output_shape == (None, 6)


def test_the_seed_decides_random_weights_and_no_two_layers_share_them(narrow):
    first, same, other = (
        cnn_f.network((224, 224, 3), seed=seed, **narrow) for seed in (3, 3, 4)
    )

    for one, again, differing in zip(
        *(n.trainable_variables for n in (first, same, other)), strict=True
    ):
        np.testing.assert_array_equal(one, again)
        if one.name == "kernel":
            assert (one.numpy() != differing.numpy()).any()
    kernels = [first.get_layer(name).kernel for name in ("conv4", "conv5")]
    heads = [kernel.numpy().ravel()[:9] for kernel in kernels]
    assert (heads[0] / heads[0].std() != heads[1] / heads[1].std()).all()


def test_gradients_reach_every_layer(weights, narrow, pictures):
    network = cnn_f.network((224, 224, 3), weights, **narrow)

    with tf.GradientTape() as tape:
        total = tf.reduce_sum(network(tf.constant(pictures, tf.float32)))
    gradients = tape.gradient(total, network.trainable_variables)

    assert len(gradients) == 14
    for gradient in gradients:
        assert keras.ops.any(gradient != 0)
