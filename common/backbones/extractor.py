"""A network that turns pictures into the features of a data set."""

import keras
import numpy as np
import tensorflow as tf

from common.backbones import building
from common.backbones import choice
from common.backbones import efficientnet_lite0_network
from common.backbones import preprocessing


class Extractor:
    """Squares of pixels to features.

    Args:
        made: What decides the features.
        path: Its weights file.

    Raises:
        ValueError: The file holds other weights.
    """

    def __init__(self, made: preprocessing.Preprocessing, path: str):
        self.made = made
        network = _network(made, path)
        shape = [None, made.size, made.size, 3]
        # One trace for batches of every length.
        self._run = tf.function(
            lambda pixels: network(tf.cast(pixels, tf.float32)),
            input_signature=[tf.TensorSpec(shape, tf.uint8)],
        )

    def features(self, pixels: np.ndarray | tf.Tensor) -> np.ndarray:
        """Features of RGB squares [n, size, size, 3] uint8, [n, d] float32."""
        return self._run(pixels).numpy()


def _network(made, path) -> keras.Model:
    if made.backbone == "efficientnet_lite0":
        return efficientnet_lite0_network.network(path, made.size)
    shape = (made.size, made.size, 3)
    choice.check(made.backbone, path, shape)
    return building.build(made.backbone, path, shape, seed=0)
