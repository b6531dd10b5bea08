"""What every training run watches: retrieval, bits and learning rates."""

import dataclasses
import logging
import os

import keras
import numpy as np
import tensorflow as tf

from common.data import arrays
from common.data import splits
from common.metrics import diagnostics
from common.metrics import evaluation
from common.metrics import pairs
from common.runs import encoding


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
        encoders = dataclasses.replace(
            encoding.model_encoders(self.model), label=None
        )
        found = encoding.encode_split(
            encoders, self._data, self._query, self._database
        )
        scores = self._scores(found)
        for direction in ("i2t", "t2i"):
            reached = scores.get(direction, {}).get("map_all")
            if reached is not None:
                logs[f"val_map_{direction}"] = reached
            own = scores["pairs"][direction]
            logs[f"val_recall_at_10_{direction}"] = own["recall_at_10"]
            logs[f"val_median_rank_{direction}"] = own["median_rank"]
        for name, packed in (
            ("image", found.retrieval_image),
            ("text", found.retrieval_text),
        ):
            balance = diagnostics.bit_balance(packed)
            logs[f"val_bit_balance_{name}"] = float(
                np.abs(balance - 0.5).mean()
            )
            self._histogram(f"bit_balance_{name}", balance, epoch)
        for warning in evaluation.collapse_warnings(scores):
            logging.warning("Epoch %d: %s", epoch + 1, warning)

    def _scores(self, found: encoding.SplitCodes) -> dict:
        scores = {
            "bits": found.query_image.bits,
            "codes": evaluation.code_statistics(
                found.retrieval_image, found.retrieval_text
            ),
        }
        if self._data.labels is not None:
            scores = found.evaluation(
                self._data.labels[self._query],
                self._data.labels[self._database],
            ).metrics()
        groups = self._data.groups
        if groups is not None:
            groups = groups[self._query]
        own = pairs.scores(found.query_image, found.query_text, groups)
        return scores | {"pairs": own}

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
