"""CNN-F up to fc7.

Chatfield, Simonyan, Vedaldi, Zisserman: "Return of the Devil in the Details",
BMVC 2014, Table 1, as its authors released it for MatConvNet.
"""

import keras
import numpy as np

from common.backbones import matconvnet
from common.backbones import response_normalization

# Mean colour of ImageNet, where no file tells the average image.
_AVERAGE_COLOUR = (123.68, 116.779, 103.939)
# Stride and padding of conv1 to conv5.
_CONVOLUTIONS = ((4, "valid"), *[(1, "same")] * 4)


def network(
    image_shape: tuple[int, int, int],
    weights: matconvnet.Weights | None = None,
    seed: int = 0,
    channels: tuple[int, ...] = matconvnet.CHANNELS,
    units: tuple[int, ...] = matconvnet.UNITS,
) -> keras.Sequential:
    """Pixels [n, *image_shape] to the responses of fc7, [n, 4096].

    Sides of the feature maps: 224 - 54 - 27 - 13 - 6.

    Args:
        image_shape: Height, width and 3; resized to 224 x 224, bilinear.
        weights: What `matconvnet.read` returned; random without.
        seed: Seed of random weights.
        channels: Channels of conv1 to conv5.
        units: Units of fc6 and fc7.
    """
    size = matconvnet.IMAGE_SIZE
    kernels = keras.initializers.HeNormal(keras.random.SeedGenerator(seed))
    shapes = matconvnet.kernel_shapes(channels, units)
    layers = [
        keras.Input(image_shape),
        keras.layers.Resizing(size, size),
        _centring(weights),
    ]
    for place, (stride, padding) in enumerate(_CONVOLUTIONS, start=1):
        side, _, _, filters = shapes[f"conv{place}"]
        layers += [
            keras.layers.Conv2D(
                filters,
                side,
                strides=stride,
                padding=padding,
                activation="relu",
                kernel_initializer=kernels,
                name=f"conv{place}",
            ),
            *_after(place),
        ]
    layers.append(keras.layers.Flatten())
    layers += [
        keras.layers.Dense(
            shapes[name][-1],
            activation="relu",
            kernel_initializer=kernels,
            name=name,
        )
        for name in ("fc6", "fc7")
    ]
    built = keras.Sequential(layers, name="cnn_f")
    if weights is not None:
        for name, (kernel, bias) in weights.layers.items():
            layer = built.get_layer(name)
            # A dense layer is a convolution over a whole map.
            layer.set_weights([kernel.reshape(layer.kernel.shape), bias])
    return built


def _centring(weights) -> keras.layers.Layer:
    if weights is None:
        return keras.layers.Normalization(
            axis=-1, mean=_AVERAGE_COLOUR, variance=np.ones(3)
        )
    average = weights.average_image
    return keras.layers.Normalization(
        axis=(1, 2, 3), mean=average, variance=np.ones_like(average)
    )


def _after(place: int) -> list[keras.layers.Layer]:
    """Normalisation and pooling after a convolution, counted from 1."""
    if place in (3, 4):
        return []
    # On an even side, 54, "same" pads one row below and one column right.
    pooling = keras.layers.MaxPooling2D(
        3, strides=2, padding="same" if place == 1 else "valid"
    )
    if place == 5:
        return [pooling]
    return [response_normalization.ResponseNormalization(), pooling]
