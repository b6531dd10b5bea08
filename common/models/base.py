"""The one base class of the three methods."""

import functools
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from common.hamming import packing


class Signature(NamedTuple):
    """An encoder as an exported model offers it."""

    encode: Callable  # [n, *shape] float32 to [n, ceil(K / 8)] uint8
    argument: str
    shape: tuple[int, ...]


class HashingModel(keras.Model):
    """A Keras model that hashes images and texts into one Hamming space.

    A method supplies `image_codes` and `text_codes` (relaxed codes) and the
    threshold between a 0 and a 1. Packing, evaluation, export and checkpoints
    are written once, against this class; `common.training.Trainer` adds the
    training.

    A call takes a dictionary of `image` [n, *image_shape], `text` [n, d_text]
    or both, and returns their relaxed codes, [n, K] float32 each, by the same
    names.

    Args:
        bits: K, the code length.
        image_shape: Shape of an image; None until it is known.
        text_dim: Width of the bag of words; None until it is known.
        **kwargs: Those of `keras.Model`: `name`, `dtype`, `trainable`.

    Attributes:
        bits: K, the code length.
        image_shape: Shape of an image: (d_image,) of features, or (H, W, 3)
            of pixels in 0..255.
        text_dim: Width of the bag of words.
    """

    # A relaxed code at or above this value is a 1.
    threshold = 0.0

    def __init__(
        self,
        bits: int,
        image_shape: tuple[int, ...] | None = None,
        text_dim: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        _check_size("bits", bits)
        self.bits = bits
        self.image_shape = None
        self.text_dim = None
        if image_shape is not None:
            self.set_shapes(image_shape, text_dim)

    def set_shapes(self, image_shape: tuple[int, ...], text_dim: int) -> None:
        """Fixes the shapes of the inputs.

        Raises:
            ValueError: A length is below 1.
        """
        _check_size("image_shape", image_shape)
        _check_size("text_dim", text_dim)
        self.image_shape = tuple(image_shape)
        self.text_dim = text_dim

    def call(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Relaxed codes of each modality that is given, [n, K] float32."""
        if not isinstance(inputs, Mapping):
            raise TypeError(
                "A call takes a dictionary with `image`, `text` or both; "
                f"received {type(inputs).__name__}."
            )
        coders = {"image": self.image_codes, "text": self.text_codes}
        codes = {
            name: coders[name](tf.cast(values, self.compute_dtype))
            for name, values in inputs.items()
            if name in coders
        }
        if not codes:
            raise ValueError(
                "A call takes a dictionary with `image`, `text` or both; "
                f"received {', '.join(inputs) or 'nothing'}."
            )
        # Under mixed precision networks answer in half of it.
        return {
            name: tf.cast(found, "float32") for name, found in codes.items()
        }

    def compute_output_shape(
        self, input_shape: dict[str, tuple]
    ) -> dict[str, tuple]:
        """Shapes of the codes, (n, K) for each modality that is given."""
        return {
            name: (shape[0], self.bits)
            for name, shape in input_shape.items()
            if name in ("image", "text")
        }

    def image_codes(self, images: tf.Tensor) -> tf.Tensor:
        """Relaxed codes of images [n, *image_shape], [n, K] float32."""
        raise NotImplementedError

    def text_codes(self, texts: tf.Tensor) -> tf.Tensor:
        """Relaxed codes of bags of words [n, d_text], [n, K] float32."""
        raise NotImplementedError

    def image_bits(self, images: tf.Tensor) -> tf.Tensor:
        """Hashes images [n, *image_shape] to booleans [n, K]."""
        return self.image_codes(images) >= self.threshold

    def text_bits(self, texts: tf.Tensor) -> tf.Tensor:
        """Hashes bags of words [n, d_text] to booleans [n, K]."""
        return self.text_codes(texts) >= self.threshold

    @functools.cached_property
    def encode_image(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """Hashes images to packed codes, [n, ceil(K / 8)] uint8."""
        return self._encoder(self.image_bits, self.image_shape)

    @functools.cached_property
    def encode_text(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """Hashes bags of words to packed codes, [n, ceil(K / 8)] uint8."""
        return self._encoder(self.text_bits, (self.text_dim,))

    def _encoder(
        self, to_bits, shape: tuple[int, ...]
    ) -> Callable[[tf.Tensor], tf.Tensor]:
        # A function of this model alone: a shared one would be traced again
        # for every model in the process.
        return tf.function(
            lambda inputs: packing.pack_bits(to_bits(inputs)),
            input_signature=[tf.TensorSpec([None, *shape], tf.float32)],
            autograph=False,
        )

    def signatures(self) -> dict[str, Signature]:
        """What an exported model offers, by name; a method may add more."""
        return {
            "encode_image": Signature(
                self.encode_image, "image", self.image_shape
            ),
            "encode_text": Signature(
                self.encode_text, "text", (self.text_dim,)
            ),
        }


def _check_size(name: str, size: int | tuple[int, ...]) -> None:
    if np.min(size) < 1:
        raise ValueError(f"{name} must be at least 1; received {size}.")
