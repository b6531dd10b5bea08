"""From a backbone's name to its network."""

import keras

from common.backbones import cnn_f
from common.backbones import matconvnet
from common.backbones import small
from common.backbones import vgg19


def build(
    name: str, weights: str, image_shape: tuple[int, ...], seed: int
) -> keras.Sequential | None:
    """The network from pixels to features, or None for `none`.

    Args:
        name: One of `choice.NAMES`.
        weights: Its weights file, or empty for random weights.
        image_shape: Height, width and 3.
        seed: Seed of random weights.
    """
    if name == "small":
        return small.network(image_shape, seed)
    if name == "cnn_f":
        stored = matconvnet.read(weights) if weights else None
        return cnn_f.network(image_shape, stored, seed)
    if name == "vgg19":
        return vgg19.network(image_shape, weights, seed)
    return None
