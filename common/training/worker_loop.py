"""The loop of `fit` for several workers, where Keras' own does not run.

`keras.Model.fit` (3.15) fails under MultiWorkerMirroredStrategy on batches
that are dictionaries and on the reduction of what a step returns.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from common.models import base
from common.models import distribution


class Loop:
    """Trains a compiled model in step with all other workers.

    Args:
        model: A model built in the scope of the strategy.
        callbacks: As `fit` takes them.
        verbose: As `fit` takes it; 0 prints nothing.
    """

    def __init__(
        self,
        model: base.HashingModel,
        callbacks: Sequence[keras.callbacks.Callback],
        verbose: int,
    ):
        self._model = model
        self._callbacks = callbacks
        self._verbose = verbose
        self._functions = {}

    def fit(
        self,
        batches: tf.distribute.DistributedDataset,
        initial_epoch: int,
        epochs: int,
        steps_per_epoch: int,
    ) -> None:
        """Trains epochs `initial_epoch` to `epochs - 1`.

        Raises:
            cluster.WorkerLostError: Another worker is gone. All have to start
                again with --resume.
        """
        watching = keras.callbacks.CallbackList(
            list(self._callbacks),
            add_progbar=self._verbose != 0,
            model=self._model,
            epochs=epochs,
            steps=steps_per_epoch,
            verbose=self._verbose,
        )
        with distribution.workers_are_there():
            self._fit(batches, range(initial_epoch, epochs), watching)

    def _fit(self, batches, epochs, watching) -> None:
        iterator = iter(batches)
        steps = watching.params["steps"]
        watching.on_train_begin()
        logs = {}
        for epoch in epochs:
            self._model.reset_metrics()
            watching.on_epoch_begin(epoch)
            step = self._step()
            for number in range(steps):
                watching.on_train_batch_begin(number)
                found = step(next(iterator))
                logs = {name: float(value) for name, value in found.items()}
                watching.on_train_batch_end(number, logs)
            watching.on_epoch_end(epoch, logs)
        watching.on_train_end(logs)

    def _step(self):
        """A step of the model's phase, traced once for each."""
        model = self._model
        if model.phase not in self._functions:
            strategy = tf.distribute.get_strategy()

            def step(batch):
                found = strategy.run(model.train_step, args=(batch,))
                # All replicas have the losses of the whole batch.
                return {
                    name: strategy.experimental_local_results(value)[0]
                    for name, value in found.items()
                }

            self._functions[model.phase] = tf.function(step)
        return self._functions[model.phase]
