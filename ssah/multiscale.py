"""The multi-scale block: a bag of words seen through windows of many sizes.

The released code is the only concrete definition of the block; the paper names
five average poolings and a 1 x 1 convolution, without strides. Axes: n items,
d words, L windows.
"""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# Windows in words, equal to the stride. The release multiplies its levels 1,
# 2, 3, 6 and 10 by 5; the paper prints 1 x 1 to 10 x 10.
WINDOWS = {"released": (5, 10, 15, 30, 50), "paper": (1, 2, 3, 5, 10)}


@keras.saving.register_keras_serializable("ssah")
class MultiScale(keras.layers.Layer):
    """Appends averages over windows of the bag of words, one scale a level.

    With windows of one word a level is the words themselves, which then do not
    come first as well.

    A level is relu(w * average) with one learned w; the release then
    stretches it back to the width of the bag of words.

    Deviation: w is a softplus, so that no level can die. In the release a
    level whose w starts negative is 0 for every input and stays 0, which
    happens to half of them.

    Args:
        words: d, the width of the bag of words.
        windows: Words in the windows of each level; levels with a window
            wider than d are left out.
        resized: Whether levels are stretched back to d by linear
            interpolation. The dense layer that follows can express the same
            functions without, with less than a third of the weights.
        summed: Whether a level starts as sums over its windows, w being their
            size, in place of averages.
        order: Text columns as the windows see them, [d] integers; as they are
            without.
    """

    def __init__(
        self,
        words: int,
        windows: tuple[int, ...],
        resized: bool,
        summed: bool = False,
        order: np.ndarray | None = None,
        name: str = "multi_scale",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self._settings = {
            "words": words,
            "windows": tuple(windows),
            "resized": resized,
            "summed": summed,
            "order": None if order is None else np.asarray(order).tolist(),
        }
        self.windows = tuple(w for w in windows if w <= words)
        self.resized = resized
        self._order = None if order is None else np.asarray(order, np.int32)
        self.scales = self.add_weight(
            shape=(len(self.windows),),
            initializer=keras.initializers.Constant(
                [
                    _before_softplus(window if summed else 1)
                    for window in self.windows
                ]
            ),
            name="scales",
        )
        self._neighbours = [
            interpolation(words // window, words) for window in self.windows
        ]
        lengths = [words // window for window in self.windows]
        wide = [words] * len(lengths) if resized else lengths
        self.has_words = 1 not in self.windows
        self.output_dim = (words if self.has_words else 0) + sum(wide)
        self.built = True

    def call(self, texts: tf.Tensor) -> tf.Tensor:
        """Maps bags of words [n, d] to what the class says, [n, m]."""
        scales = tf.unstack(tf.nn.softplus(self.scales))
        levels = [texts] if self.has_words else []
        if self._order is not None:
            texts = tf.gather(texts, self._order, axis=1)
        for window, scale, neighbours in zip(
            self.windows, scales, self._neighbours, strict=True
        ):
            level = average(texts, window)
            if self.resized:
                level = stretch(level, *neighbours)
            levels.append(scale * level)
        return tf.concat(levels, axis=1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """[n, d] to [n, m]."""
        return (*input_shape[:-1], self.output_dim)

    def get_config(self) -> dict:
        """Arguments that make an equal block."""
        return super().get_config() | self._settings


def _before_softplus(scale: float) -> float:
    """The number whose softplus is a positive scale."""
    return scale + math.log(-math.expm1(-scale))


def average(texts: tf.Tensor, window: int) -> tf.Tensor:
    """Means of consecutive windows, the words after the last one dropped.

    Args:
        texts: [n, d].
        window: Words in a window, at most d.

    Returns:
        [n, d // window].
    """
    count = texts.shape[1] // window
    whole = tf.reshape(texts[:, : count * window], [-1, count, window])
    return tf.reduce_mean(whole, axis=2)


def interpolation(
    length: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which two of `length` values make each of `width` stretched ones.

    As TensorFlow 1 resized: value j lies at j * length / width, without the
    half-pixel shift of today's `tf.image.resize`.

    Returns:
        Left and right neighbour, [width] int32 each, and the share of the
        right one, [width] float32 in [0, 1).
    """
    place = np.arange(width) * (length / width)
    left = np.minimum(place.astype(np.int32), length - 1)
    right = np.minimum(left + 1, length - 1)
    return left, right, (place - left).astype(np.float32)


def stretch(
    values: tf.Tensor, left: np.ndarray, right: np.ndarray, share: np.ndarray
) -> tf.Tensor:
    """Linear interpolation of [n, L] to [n, d], see `interpolation`."""
    before = tf.gather(values, left, axis=1)
    after = tf.gather(values, right, axis=1)
    return before + share * (after - before)
