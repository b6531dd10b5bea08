"""What every training run watches: retrieval, bits and learning rates."""

import logging
import os

import keras
import numpy as np
import tensorflow as tf

from common.data import arrays
from common.data import splits
from common.metrics import evaluation
from common.runs import encoding
from common.training import scores


class RetrievalValidation(keras.callbacks.Callback):
    """Adds validation scores and bit balance to the logs of an epoch.

    Must stand before the TensorBoard callback, which writes the logs.
    `val_map_i2t` and `val_map_t2i` are tie-aware MAP over the whole
    validation database; `val_bit_balance_*` is the mean distance of a bit's
    share of ones from one half, 0 at best and 0.5 for constant codes. A MAP
    is left out where no query has a relevant item, or there are no labels.
    `val_recall_at_10_*` and `val_median_rank_*` tell how validation rows find
    their own pair among one another.

    Args:
        data: The data set.
        split: Its validation rows are the queries.
        directory: Where histograms of the bits' balance are written.
        skipped_phases: Phases that leave the codes as they are.
        every: Epochs from one validation to the next; the last has one.
    """

    def __init__(
        self,
        data: arrays.CrossModalData,
        split: splits.Split,
        directory: str | os.PathLike,
        skipped_phases: tuple[str, ...] = (),
        every: int = 1,
    ):
        super().__init__()
        self._data = data
        self._query = split.validation
        self._database = split.validation_database
        self._directory = os.fspath(directory)
        self._skipped = skipped_phases
        self._every = every
        self._writer = None

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Encodes the validation rows and scores them."""
        if logs is None or self.model.phase in self._skipped:
            return
        if (epoch + 1) % self._every and epoch + 1 < self.params["epochs"]:
            return
        query = self._data[self._query]
        found = scores.encode(self.model, query, self._data[self._database])
        metrics = self._metrics(found)
        reached = scores.of_codes(
            found,
            None if self._data.labels is None else metrics,
            query.groups,
        )
        logs.update({f"val_{name}": value for name, value in reached.items()})
        for name, balance in scores.bit_balance(found).items():
            self._histogram(f"bit_balance_{name}", balance, epoch)
        for warning in evaluation.collapse_warnings(metrics):
            logging.warning("Epoch %d: %s", epoch + 1, warning)

    def _metrics(self, found: encoding.SplitCodes) -> dict:
        if self._data.labels is not None:
            return found.evaluation(
                self._data.labels[self._query],
                self._data.labels[self._database],
            ).metrics()
        return found.statistics()

    def on_train_end(self, logs: dict | None = None) -> None:
        """Flushes the histograms."""
        if self._writer is not None:
            self._writer.close()

    def _histogram(self, name: str, values: np.ndarray, epoch: int) -> None:
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(self._directory)
        with self._writer.as_default():
            tf.summary.histogram(name, values, step=epoch)


class LearningRates(keras.callbacks.Callback):
    """Adds each player's learning rate to the logs of an epoch.

    Must stand before the TensorBoard callback.

    Args:
        optimizers: Optimizer of each player, by the player's name.
    """

    def __init__(self, optimizers: dict[str, keras.optimizers.Optimizer]):
        super().__init__()
        self._optimizers = optimizers

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Reads the rate that the next step would use."""
        for player, optimizer in self._optimizers.items():
            rate = float(optimizer.learning_rate)
            logs[f"{player}_learning_rate"] = rate
