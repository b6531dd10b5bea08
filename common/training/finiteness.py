"""Stops a training whose losses or weights are no longer finite."""

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from common.training import divergence


class StopAtDivergence(keras.callbacks.Callback):
    """Stops where the next checkpoint would keep NaN or infinite numbers.

    Must stand before the callback that saves checkpoints: the newest then is
    that of the last epoch that ended well. One step whose loss is not finite
    makes the mean of its epoch so.
    """

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Looks at the epoch's losses, then at weights and optimizers.

        Raises:
            DivergedError: One is not finite. Says which, and what to try.
        """
        for name, value in (logs or {}).items():
            # Scores may be missing where nothing is to be scored.
            if not name.startswith("val_") and not np.isfinite(value):
                raise _error(epoch, f"{name} is {float(value)}")
        for path, value in _kept(self.model):
            if not bool(tf.reduce_all(tf.math.is_finite(value))):
                raise _error(epoch, f"{path} holds NaN or infinite values")


def _kept(model) -> Iterator[tuple[str, tf.Tensor]]:
    """Weights and optimizers' variables of a floating type, by their path."""
    kept = list(model.weights)
    for part in tf.train.TrackableView(model).descendants():
        if isinstance(part, keras.optimizers.Optimizer):
            kept += part.variables
    for variable in kept:
        value = tf.convert_to_tensor(variable)
        if value.dtype.is_floating:
            yield variable.path, value


def _error(epoch, what) -> divergence.DivergedError:
    kept = "no epoch before it is kept"
    if epoch:
        kept = f"the checkpoint of epoch {epoch} is kept"
    return divergence.DivergedError(
        f"Training diverged in epoch {epoch + 1}: {what}; nothing is exported, "
        f"and {kept}. Lower the learning rates, or scale the features."
    )
