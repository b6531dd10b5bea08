"""Compared methods that are networks, on the shared training loop."""

import pathlib
import tempfile
from collections.abc import Sequence

import keras
import numpy as np

from common.data import arrays
from common.data import draws as data_draws
from common.data import splits
from common.models import base
from common.runs import run as common_run
from common.training import fitting
from experiments.baselines import method
from experiments.baselines.deep import layers


def two_layers(
    features: np.ndarray, hidden: int, bits: int, bounded: bool, seed: int
) -> keras.Sequential:
    """A network of two layers whose first step is to scale its input.

    Args:
        features: Training features, [n, d].
        hidden: Units of the hidden layer.
        bits: K.
        bounded: Whether both layers end in tanh; else the first in ReLU.
        seed: Seed of the weights.
    """
    mean, scale = layers.scaling(features)
    return keras.Sequential(
        [
            keras.Input([features.shape[1]]),
            keras.layers.Normalization(
                mean=mean, variance=np.full(mean.shape, scale**-2)
            ),
            _dense(hidden, "tanh" if bounded else "relu", seed),
            _dense(bits, "tanh" if bounded else None, seed + 1),
        ]
    )


def as_arrays(network: keras.Sequential, features: np.ndarray):
    """A trained network of `two_layers` for these training features."""
    mean, scale = layers.scaling(features)
    first, second = network.layers[1:]
    bounded = first.activation is keras.activations.tanh
    weights = [
        np.asarray(value, np.float64)
        for layer in (first, second)
        for value in layer.get_weights()
    ]
    return layers.TwoLayers(mean, np.array(scale), *weights, np.array(bounded))


def train(
    model: base.HashingModel,
    pairs: method.Pairs,
    batch_size: int,
    epochs: int,
    callbacks: Sequence[keras.callbacks.Callback],
    optimizers: dict[str, keras.optimizers.Optimizer],
    seed: int,
) -> None:
    """Trains a compiled model on all pairs with their labels.

    Checkpoints and logs go to a folder that is removed: a fit that was cut
    off starts again.
    """
    rows = np.arange(len(pairs))
    nothing = rows[:0]
    with tempfile.TemporaryDirectory() as folder:
        prepared = common_run.Prepared(
            common_run.Run(seed=seed),
            arrays.CrossModalData(pairs.image, pairs.text, pairs.labels),
            splits.Split(nothing, rows, rows, nothing),
            pathlib.Path(folder),
        )
        fitting.fit(
            prepared,
            model,
            data_draws.PairDraws.at_most(len(rows), batch_size, seed),
            epochs,
            callbacks,
            optimizers,
            with_labels=True,
        )


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
