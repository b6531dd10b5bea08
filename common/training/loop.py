"""The one training loop: epochs, phases, steps, callbacks, replicas.

`keras.Model.fit` (3.15) runs one step for all epochs, restores before it knows
where batches begin, and fails with several workers on batches that are
dictionaries.
"""

import functools
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import Protocol

import keras
import tensorflow as tf

from common.models import distribution
from common.models import players


class Turns(Protocol):
    """Who trains in which epoch, and what that needs."""

    def begin(self, epoch: int) -> str:
        """Makes an epoch, counted from 0, ready; returns its phase."""

    def end(self, epoch: int, logs: dict[str, float]) -> None:
        """Follows an epoch; may add to its logs."""


class Alike:
    """Turns of which each is like the others.

    Args:
        phase: The phase of every epoch.
    """

    def __init__(self, phase: str):
        self._phase = phase

    def begin(self, epoch: int) -> str:
        """The phase of every epoch."""
        return self._phase

    def end(self, epoch: int, logs: dict[str, float]) -> None:
        """Nothing follows an epoch."""


class Loop:
    """Epochs of a compiled and built model.

    Args:
        model: The model.
        turns: Who trains in which epoch.
        batches: Makes the batches from one step of the run up to another.
        steps: Batches in an epoch.
        validate: Scores of an epoch, counted from 0, that join its logs.
    """

    def __init__(
        self,
        model: players.PlayersModel,
        turns: Turns,
        batches: Callable[[int, int], Iterable],
        steps: int,
        validate: Callable[[int], dict[str, float]],
    ):
        self._model = model
        self._turns = turns
        self._batches = batches
        self._steps = steps
        self._validate = validate

    def run(
        self,
        initial_epoch: int,
        epochs: int,
        callbacks: Any,
        verbose: int,
    ) -> keras.callbacks.History:
        """Trains epochs `initial_epoch` to `epochs - 1`.

        Raises:
            cluster.WorkerLostError: Another worker is gone.
        """
        model = self._model
        watching = callbacks
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            watching = keras.callbacks.CallbackList(
                callbacks,
                add_history=True,
                add_progbar=verbose != 0,
                model=model,
                epochs=epochs,
                steps=self._steps,
                verbose=verbose,
            )
        model.stop_training = False
        watching.on_train_begin()
        # A callback that restores says where training goes on.
        first = model._initial_epoch or initial_epoch
        model._initial_epoch = None
        iterator = None
        logs = {}
        for epoch in range(first, epochs):
            model.phase = self._turns.begin(epoch)
            model.reset_metrics()
            watching.on_epoch_begin(epoch)
            if iterator is None:
                steps = first * self._steps, epochs * self._steps
                iterator = iter(self._batches(*steps))
            logs = self._epoch(iterator, watching)
            model.finished_epochs = epoch + 1
            self._turns.end(epoch, logs)
            logs |= self._validate(epoch)
            watching.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        watching.on_train_end(logs)
        return model.history

    def _epoch(self, iterator, watching) -> dict[str, float]:
        found = {}
        size = min(self._model.steps_per_execution, self._steps)
        for number in range(0, self._steps, size):
            last = min(number + size, self._steps) - 1
            watching.on_train_batch_begin(number)
            found = execution(self._model, last + 1 - number)(iterator)
            watching.on_train_batch_end(last, found)
            if self._model.stop_training:
                break
        return {name: float(value) for name, value in found.items()}


def step_function(model: players.PlayersModel) -> Callable:
    """A step of the model's phase on a batch, traced once for each phase."""
    if model.phase not in model.step_functions:
        step = model.train_step
        if distribution.replicas() > 1:
            step = _on_replicas(model.train_step)
        elif not model.run_eagerly:
            # Without a code object of its own TensorFlow does not take the
            # steps of several phases for one that is traced too often. To
            # rewrite Python takes half of the time of a trace; Keras does not
            # do it to a `train_step` either.
            step = tf.function(
                functools.partial(step),
                jit_compile=model.jit_compile,
                autograph=False,
            )
        model.step_functions[model.phase] = step
    return model.step_functions[model.phase]


def execution(
    model: players.PlayersModel, count: int
) -> Callable[[Iterator], dict]:
    """Some steps of the model's phase on an iterator's next batches, in one."""
    step = step_function(model)

    def steps(iterator):
        for _ in range(count):
            found = step(next(iterator))
        return found

    if count == 1 or model.run_eagerly:
        return steps
    key = model.phase, count
    if key not in model.step_functions:
        model.step_functions[key] = tf.function(steps, autograph=False)
    return model.step_functions[key]


def _on_replicas(train_step) -> Callable:
    strategy = tf.distribute.get_strategy()

    @tf.function(autograph=False)
    def step(batch):
        found = strategy.run(train_step, args=(batch,))
        # All replicas have the losses of the whole batch.
        return {
            name: strategy.experimental_local_results(value)[0]
            for name, value in found.items()
        }

    return step
