"""EfficientNet-Lite0: its weights, layer by layer, and what it takes.

Architecture: M. Tan and Q. Le, "EfficientNet: Rethinking Model Scaling for
Convolutional Neural Networks", ICML 2019, in its "Lite" form (no squeeze and
excitation, ReLU6).
"""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

FEATURES = 1280
# The network takes (rgb - MEAN) / SPREAD, RGB in 0..255.
MEAN, SPREAD = 127, 128

# Of the batch normalisations in the released weights.
_EPSILON = 1e-3

# Blocks and first stride of each stage.
_STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))


class Convolution(NamedTuple):
    """A convolution with its batch normalisation folded in.

    Attributes:
        name: Its name in the weight file.
        kernel: [out, in / groups, height, width] float32.
        bias: [out] float32.
        stride: Step in both directions; borders are padded so that a side of
            n becomes ceil(n / stride), the odd row below and right.
        groups: 1, or the number of channels.
        clipped: Whether ReLU6 follows.
    """

    name: str
    kernel: np.ndarray
    bias: np.ndarray
    stride: int
    groups: int
    clipped: bool


class Block(NamedTuple):
    """Convolutions in a row; where `skip`, their input is added at the end."""

    convolutions: list[Convolution]
    skip: bool


def blocks(weights: Mapping[str, np.ndarray]) -> Iterator[Block]:
    """The network up to its last ReLU6; its mean over the image is a feature.

    Args:
        weights: Arrays of `torch_weights.read_weights`.

    Raises:
        ValueError: They are of another network.
    """
    try:
        yield Block([_fold(weights, "_conv_stem", "_bn0", stride=2)], False)
        index = 0
        for repeats, first_stride in _STAGES:
            for repeat in range(repeats):
                stride = 1 if repeat else first_stride
                inner = _inverted_bottleneck(weights, index, stride)
                yield Block(inner, skip=repeat > 0)
                index += 1
        yield Block([_fold(weights, "_conv_head", "_bn1")], False)
    except KeyError as error:
        raise ValueError(
            f"The weights lack {error}, so they are not EfficientNet-Lite0's."
        ) from error


def _inverted_bottleneck(weights, index, stride) -> list[Convolution]:
    """Expand, filter each channel, project."""
    name = f"_blocks.{index}"
    found = []
    if f"{name}._expand_conv.weight" in weights:
        found.append(_fold(weights, f"{name}._expand_conv", f"{name}._bn0"))
    depthwise = f"{name}._depthwise_conv"
    channels = len(weights[f"{depthwise}.weight"])
    found.append(_fold(weights, depthwise, f"{name}._bn1", stride, channels))
    project = f"{name}._project_conv"
    found.append(_fold(weights, project, f"{name}._bn2", clipped=False))
    return found


def _fold(weights, name, norm, stride=1, groups=1, clipped=True) -> Convolution:
    parts = ("weight", "bias", "running_mean", "running_var")
    gamma, beta, mean, var = (weights[f"{norm}.{part}"] for part in parts)
    scale = gamma / np.sqrt(var + _EPSILON)
    kernel = weights[f"{name}.weight"] * scale[:, None, None, None]
    return Convolution(
        name,
        np.ascontiguousarray(kernel, np.float32),
        np.ascontiguousarray(beta - mean * scale, np.float32),
        stride,
        groups,
        clipped,
    )
