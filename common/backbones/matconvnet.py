"""CNN-F's weights from a MatConvNet file, `imagenet-vgg-f.mat`.

The file exists in several layouts. Fields are found by name, in any order:

    layers{i}.name, layers{i}.weights = {filters, biases}
    layers{i}.name, layers{i}.filters, layers{i}.biases
    meta.normalization.averageImage   or   normalization.averageImage

all of them at the top or within a struct `net`.
"""

import os
from typing import NamedTuple

import numpy as np

CHANNELS = (64, 256, 256, 256, 256)
UNITS = (4096, 4096)
IMAGE_SIZE = 224

_KERNEL_SIZES = (11, 5, 3, 3, 3)
# Side of the last feature map, on which fc6 is a convolution.
_LAST_SIDE = 6


class Weights(NamedTuple):
    """What a file holds.

    Attributes:
        average_image: Subtracted from pixels, [224, 224, 3] RGB in 0..255.
        layers: Kernel [height, width, in, out] and bias [out] of `conv1` to
            `fc7`, by name.
    """

    average_image: np.ndarray
    layers: dict[str, tuple[np.ndarray, np.ndarray]]


def kernel_shapes(
    channels: tuple[int, ...] = CHANNELS, units: tuple[int, ...] = UNITS
) -> dict[str, tuple[int, int, int, int]]:
    """Shape of each layer's kernel, height, width, in and out, by name."""
    inputs = (3, *channels)
    shapes = {
        f"conv{i}": (size, size, inputs[i - 1], inputs[i])
        for i, size in enumerate(_KERNEL_SIZES, start=1)
    }
    shapes["fc6"] = (_LAST_SIDE, _LAST_SIDE, channels[-1], units[0])
    shapes["fc7"] = (1, 1, *units)
    return shapes


def read(
    path: str | os.PathLike,
    channels: tuple[int, ...] = CHANNELS,
    units: tuple[int, ...] = UNITS,
) -> Weights:
    """Reads the weights of CNN-F up to fc7.

    Args:
        path: A MATLAB file of version 5, any layout.
        channels: Channels of conv1 to conv5.
        units: Units of fc6 and fc7.

    Raises:
        ValueError: The file is none of these, or holds another network.
    """
    root = _load(path)
    root = _field(root, "net") or root
    layers = _field(root, "layers")
    if layers is None:
        raise ValueError(
            f"{path} has no `layers`: it is no MatConvNet network such as "
            "imagenet-vgg-f.mat."
        )
    found = {str(_field(layer, "name")): layer for layer in np.ravel(layers)}
    weights = {}
    for name, shape in kernel_shapes(channels, units).items():
        if name not in found:
            raise ValueError(
                f"{path} has no layer {name}, so it is not CNN-F; it has "
                f"{', '.join(found)}."
            )
        weights[name] = _kernel_and_bias(path, name, found[name], shape)
    return Weights(_average_image(path, root), weights)


def _load(path) -> dict:
    if not os.path.isfile(path):
        raise ValueError(f"There is no weights file {path}.")
    # SciPy's reader takes its time to import; few runs need it.
    from scipy import io

    try:
        return io.loadmat(path, squeeze_me=True, struct_as_record=False)
    except NotImplementedError as error:
        raise ValueError(
            f"{path} is a MATLAB file of version 7.3; save it again with "
            "`save('-v7')`."
        ) from error
    # A damaged file fails wherever the damage is.
    except Exception as error:
        raise ValueError(
            f"{path} is not a readable MATLAB file: {error}"
        ) from error


def _field(node, name: str):
    """A field of a struct or a variable of the file; None without it."""
    if isinstance(node, dict):
        return node.get(name)
    return getattr(node, name, None)


def _kernel_and_bias(path, name, layer, shape):
    if _field(layer, "weights") is not None:
        pair = list(_field(layer, "weights"))
    else:
        pair = [_field(layer, "filters"), _field(layer, "biases")]
    if len(pair) < 2 or any(part is None for part in pair):
        raise ValueError(
            f"Layer {name} of {path} has neither `weights` of filters and "
            "biases nor `filters` and `biases`."
        )
    received = [np.shape(part) for part in pair[:2]]
    expected = [shape, shape[-1:]]
    # MATLAB drops axes of length 1, or adds them.
    if [_long_axes(s) for s in received] != [_long_axes(s) for s in expected]:
        raise ValueError(
            f"Layer {name} of {path} has filters {received[0]} and biases "
            f"{received[1]}; CNN-F's are {expected[0]} and {expected[1]}."
        )
    kernel, bias = (np.asarray(part, np.float32) for part in pair[:2])
    return kernel.reshape(shape), bias.reshape(shape[-1:])


def _average_image(path, root) -> np.ndarray:
    holder = _field(root, "meta") or root
    normalization = _field(holder, "normalization")
    average = _field(normalization, "averageImage")
    shape = (IMAGE_SIZE, IMAGE_SIZE, 3)
    if average is None or np.shape(average) not in (shape, (3,)):
        received = "none" if average is None else f"shape {np.shape(average)}"
        raise ValueError(
            f"{path} must hold `normalization.averageImage` of shape {shape}, "
            f"or one colour; received {received}."
        )
    return np.broadcast_to(np.asarray(average, np.float32), shape)


def _long_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length for length in shape if length > 1)
