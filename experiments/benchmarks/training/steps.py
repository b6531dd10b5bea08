"""Times the steps of a model inside `fit`."""

import time
from typing import Any

from common.data import arrays
from experiments.benchmarks.training import pace as pace_lib


def step_timer(pace: pace_lib.Pace | None = None) -> Any:
    """A Keras callback that takes the time of each step, by the phase.

    Args:
        pace: When there are enough steps, so that training stops; without,
            it goes on as long as `fit` was told.

    Returns:
        The callback. Its `times` holds seconds of each step, by phase.
    """
    import keras

    class StepTimer(keras.callbacks.Callback):
        """Wall time between the ends of consecutive steps, by phase."""

        def __init__(self):
            super().__init__()
            self.times = {}

        def on_epoch_begin(self, epoch, logs=None):
            self.kind = self.model.phase
            self.last = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            now = time.perf_counter()
            times = self.times.setdefault(self.kind, [])
            times.append(now - self.last)
            self.last = now
            if pace is not None and pace.is_enough(times):
                self.model.stop_training = True

    return StepTimer()


def time_fit(
    model: Any,
    data: arrays.CrossModalData,
    kind: str,
    epoch: int,
    pace: pace_lib.Pace,
) -> list[float]:
    """Seconds of each step of one kind.

    Args:
        model: A compiled model of one of the methods.
        data: What it trains on, all of it.
        kind: Phase of the epoch.
        epoch: An epoch of that phase, counted from 0.
        pace: How many steps.

    Raises:
        ValueError: The epoch is of another phase.
    """
    timer = step_timer(pace)
    model.fit(
        data,
        initial_epoch=epoch,
        epochs=epoch + 1,
        steps_per_epoch=pace.most,
        callbacks=[timer],
        verbose=0,
    )
    if list(timer.times) != [kind]:
        raise ValueError(
            f"Epoch {epoch} is of the phase {', '.join(timer.times)} and not "
            f"{kind}."
        )
    return timer.times[kind]
