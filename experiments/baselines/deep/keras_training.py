"""Compared methods that are networks, on the shared training loop."""

import os
import pathlib
import tempfile

import keras
import numpy as np
import tensorflow as tf

from common.data import arrays
from common.data import subset
from common.hamming import codes
from common.system import files
from common.training import trainer
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.deep import layers


class TwoViews(trainer.Trainer):
    """A compared method with an image network and a text network.

    The first step of either is to scale its input as the training items tell.
    """

    supervised = True

    @property
    def suits_xla(self) -> bool:
        """Never: the steps are small."""
        return False

    def measure(self, train: subset.Subset) -> dict:
        """Means and scales of both views, and the number of items."""
        found = {}
        for name, read in (
            ("image", train.image_features),
            ("text", train.text_features),
        ):
            mean, scale = layers.scaling(read(slice(None)))
            found |= {f"{name}_mean": mean.tolist(), f"{name}_scale": scale}
        return found

    def make_network(
        self, view: str, hidden: int, bounded: bool, seed: int
    ) -> keras.Sequential:
        """A network of two layers after the scaling of its view."""
        return two_layers(self.scaling(view), hidden, self.bits, bounded, seed)

    def as_arrays(self) -> models.Model:
        """What was trained, without TensorFlow."""
        return models.Model(
            as_arrays(self.image_network, *self.scaling("image")),
            as_arrays(self.text_network, *self.scaling("text")),
        )

    def image_codes(self, images: tf.Tensor) -> tf.Tensor:
        """Outputs of the image network, [n, K]."""
        return self.image_network(images)

    def text_codes(self, texts: tf.Tensor) -> tf.Tensor:
        """Outputs of the text network, [n, K]."""
        return self.text_network(texts)

    def scaling(self, view: str) -> tuple[np.ndarray, float]:
        """Mean [d] of a view's training features, and what scales them.

        Raises:
            ValueError: They are not known yet.
        """
        if not self.measured:
            raise ValueError(
                "The networks scale inputs as training items tell; call `fit` "
                "or `prepare` first."
            )
        mean = np.array(self.measured[f"{view}_mean"])
        return mean, self.measured[f"{view}_scale"]


def two_layers(
    scaling: tuple[np.ndarray, float],
    hidden: int,
    bits: int,
    bounded: bool,
    seed: int,
) -> keras.Sequential:
    """A network of two layers whose first step is to scale its input.

    Args:
        scaling: Mean of the features, [d], and what centred ones are
            multiplied by; see `layers.scaling`.
        hidden: Units of the hidden layer.
        bits: K.
        bounded: Whether both layers end in tanh; else the first in ReLU.
        seed: Seed of the weights.
    """
    mean, scale = scaling
    return keras.Sequential(
        [
            keras.Input([len(mean)]),
            keras.layers.Normalization(
                mean=mean, variance=np.full(mean.shape, scale**-2)
            ),
            _dense(hidden, "tanh" if bounded else "relu", seed),
            _dense(bits, "tanh" if bounded else None, seed + 1),
        ]
    )


def as_arrays(
    network: keras.Sequential, mean: np.ndarray, scale: float
) -> layers.TwoLayers:
    """A trained network of `two_layers` with this scaling."""
    first, second = network.layers[1:]
    bounded = first.activation is keras.activations.tanh
    weights = [
        np.asarray(value, np.float64)
        for layer in (first, second)
        for value in layer.get_weights()
    ]
    return layers.TwoLayers(mean, np.array(scale), *weights, np.array(bounded))


def train(
    model: trainer.Trainer, pairs: method.Pairs, report: method.Report
) -> None:
    """Trains a model on all pairs, with their labels where there are any.

    Args:
        model: A new model.
        pairs: Training items.
        report: Called after each epoch, with the model's first loss.
    """
    data = arrays.CrossModalData(pairs.image, pairs.text, pairs.labels)
    model.compile()
    rows = model.prepare(data)
    watching = Reports(report, model.schedule_epochs, model.loss_names[0])
    model.fit(rows, verbose=0, callbacks=[watching])


class KerasModel:
    """Hash functions of both views that are a trained model's.

    Args:
        model: The model.
    """

    def __init__(self, model: trainer.Trainer):
        self._model = model

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self._model.bits

    def image_bits(self, images: np.ndarray) -> np.ndarray:
        """Hashes image features [n, p] to booleans [n, K]."""
        return self._bits("image", images)

    def text_bits(self, texts: np.ndarray) -> np.ndarray:
        """Hashes bags of words [n, q] to booleans [n, K]."""
        return self._bits("text", texts)

    def save(self, path: str | os.PathLike) -> None:
        """Writes the model as Keras does."""
        with (
            tempfile.TemporaryDirectory() as folder,
            files.atomic_write(path) as file,
        ):
            # Keras writes to names that end so, and nowhere else.
            made = pathlib.Path(folder, "model.keras")
            self._model.save(made)
            file.write(made.read_bytes())

    def _bits(self, view, features):
        packed = self._model.predict({view: features})[view]
        return codes.PackedCodes(packed, self.bits).to_bits()


def _dense(units, activation, seed) -> keras.layers.Dense:
    return keras.layers.Dense(
        units,
        activation,
        kernel_initializer=keras.initializers.GlorotUniform(seed),
    )


class Reports(keras.callbacks.Callback):
    """Tells a report the loss of every epoch.

    Args:
        report: The report of a fit.
        total: Epochs in all.
        name: Name of the loss.
    """

    def __init__(self, report: method.Report, total: int, name: str):
        super().__init__()
        self._report = report
        self._total = total
        self._name = name

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Reports an epoch, counted from 1."""
        self._report(epoch + 1, self._total, (logs or {}).get(self._name))
