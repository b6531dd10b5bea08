"""The one base class of the three methods."""

import functools
from collections.abc import Callable
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

    A method supplies `image_codes`, `text_codes` (relaxed codes), the
    threshold between a 0 and a 1, and one step per phase of its training.
    Packing, evaluation, export and checkpoints are written once, against
    this class.

    Attributes:
        bits: K, the code length.
        image_shape: Shape of an image: (d_image,) of features, or (H, W, 3)
            of pixels in 0..255.
        text_dim: Width of the bag of words.
        phase: Name of the step that `fit` runs, a key of `phase_steps()`.
    """

    # A relaxed code at or above this value is a 1.
    threshold = 0.0

    def __init__(self, bits: int, image_shape: tuple[int, ...], text_dim: int):
        super().__init__()
        for name, value in (
            ("bits", bits),
            ("image_shape", image_shape),
            ("text_dim", text_dim),
        ):
            if np.min(value) < 1:
                raise ValueError(
                    f"{name} must be at least 1; received {value}."
                )
        self.bits = bits
        self.image_shape = tuple(image_shape)
        self.text_dim = text_dim
        self.phase = next(iter(self.phase_steps()))
        self._compiled_phases = {}
        self._loss_trackers = {}

    def image_codes(self, images: tf.Tensor) -> tf.Tensor:
        """Relaxed codes of images [n, *image_shape], [n, K] float32."""
        raise NotImplementedError

    def text_codes(self, texts: tf.Tensor) -> tf.Tensor:
        """Relaxed codes of bags of words [n, d_text], [n, K] float32."""
        raise NotImplementedError

    def phase_steps(self) -> dict:
        """Maps the name of each phase to its step, batch -> dict of losses."""
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

    def set_phase(self, phase: str) -> None:
        """Chooses the step that `fit` runs from the next batch on.

        `fit` traces a train function once and keeps it; each phase keeps its
        own, so that changing back costs nothing.
        """
        if phase not in self.phase_steps():
            raise ValueError(
                f"Unknown phase {phase!r}; this model has "
                f"{', '.join(self.phase_steps())}."
            )
        if self.train_function is not None:
            self._compiled_phases[self.phase] = self.train_function
        self.phase = phase
        self.train_function = self._compiled_phases.get(phase)
        self.make_train_function()

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Runs the step of the current phase; returns epoch means so far."""
        return self._track(self.phase_steps()[self.phase](batch))

    def add_loss_trackers(self, *names: str) -> None:
        """Creates a mean over the epoch for each named loss."""
        for name in names:
            self._loss_trackers[name] = keras.metrics.Mean(name=name)

    def _track(self, losses: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        for name, value in losses.items():
            self._loss_trackers[name].update_state(value)
        return {name: self._loss_trackers[name].result() for name in losses}
