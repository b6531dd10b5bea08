"""A hashing model with Keras' `fit`, which owns phases and turns."""

import contextlib
from collections.abc import Callable
from collections.abc import Collection
from typing import Any
from typing import ClassVar

import keras
import tensorflow as tf

from common.data import draws as data_draws
from common.data import pipeline
from common.data import subset
from common.models import arguments
from common.models import distribution
from common.training import inputs
from common.training import loop
from common.training import retrieval_model
from common.training import scores


class Trainer(retrieval_model.RetrievalModel):
    """A hashing model that owns its training.

    A method supplies `turns` and `schedule_epochs`, and where batches are not
    plain pairs `make_draws`.
    """

    # Phases that leave the codes as they are.
    unscored_phases: ClassVar[tuple[str, ...]] = ()
    supervised: ClassVar[bool] = False

    @property
    def schedule_epochs(self) -> int:
        """Epochs of the run that the settings describe, all players'."""
        raise NotImplementedError

    def turns(self, train: subset.Subset) -> loop.Turns:
        """Who trains in which epoch of a run over these rows."""
        raise NotImplementedError

    def make_draws(
        self, train: subset.Subset, batch_size: int, silent: bool = False
    ) -> pipeline.Draws:
        """Which rows form each batch; `silent` shows no progress."""
        return data_draws.PairDraws.at_most(len(train), batch_size, self.seed)

    def settings_for(self, rows: int) -> Any:
        """The settings, with what depends on the number of training rows."""
        return self.config

    def measure(self, train: subset.Subset) -> dict:
        """What the networks need to know of the training rows, for JSON."""
        return {}

    def check(self, train: subset.Subset) -> None:
        """Refuses training rows that the settings do not fit.

        Raises:
            ValueError: Says what to change.
        """

    @property
    def rate_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Optimizers whose learning rates a log tells, by its names."""
        return self.optimizers

    @property
    def run_config(self) -> Any:
        """The settings, with what depends on the number of training rows."""
        rows = self.measured.get("rows")
        return self.config if rows is None else self.settings_for(rows)

    @property
    def finished_epochs(self) -> int:
        """Epochs that the model has been trained, where `fit` goes on."""
        return self._state.finished_epochs

    @finished_epochs.setter
    def finished_epochs(self, epochs: int) -> None:
        self._state.finished_epochs = epochs

    @property
    def step_functions(self) -> dict[str, Callable]:
        """The traced step of each phase."""
        return self._state.functions

    def prepare(
        self,
        x: Any,
        steps_per_epoch: int | None = None,
        batch_size: int | None = None,
    ) -> subset.Subset:
        """Builds networks and optimizers for training items; `fit` does too.

        Args:
            x: As `fit` takes it.
            steps_per_epoch: As `fit` takes it.
            batch_size: As `fit` takes it.

        Raises:
            ValueError: The items do not fit the settings.
        """
        train = inputs.rows_of(x)
        if self.supervised and train.labels is None:
            raise ValueError(
                "A supervised method needs `labels` [n, c] of 0 and 1; the "
                "data set has none."
            )
        self.check(train)
        if not self.measured:
            self._state.measured = {
                "rows": len(train),
                "text_kind": train.data.text_kind,
                **self.measure(train),
            }
        steps = steps_per_epoch or self._epoch_steps(train, batch_size)
        self.measured.setdefault("steps_per_epoch", steps)
        with self.distribute_strategy.scope():
            if not self.built:
                shapes = {
                    "image": (None, *train.image_shape),
                    "text": (None, train.text_dim),
                }
                if self.supervised:
                    shapes["labels"] = (None, train.label_dim)
                self.build(shapes)
            self.complete_optimizers(steps)
        return train

    def fit(
        self,
        x: Any = None,
        y: None = None,
        batch_size: int | None = None,
        epochs: int | None = None,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_data: tuple[Any, Any] | None = None,
        initial_epoch: int | None = None,
        steps_per_epoch: int | None = None,
        validation_freq: int | Collection[int] = 1,
        **others: Any,
    ) -> keras.callbacks.History:
        """Trains the players in their turns.

        Arguments are Keras' own, but for these.

        Args:
            x: Training items, with labels for a supervised method.
            y: Not used; labels come with the items.
            batch_size: Items in a batch; the settings' without.
            epochs: Epochs of the whole run, counted from its beginning, all
                players' counted; those of the settings' schedule without.
                Fewer stop it early, more repeat its last turns.
            verbose: 0, 1 or 2; `auto` draws a bar on a terminal and prints
                lines elsewhere.
            callbacks: As Keras takes them.
            validation_data: Queries and a database, whose scores join the
                logs as those of `evaluate`, behind `val_`.
            initial_epoch: Epoch to begin with; where the model stopped,
                without.
            steps_per_epoch: Batches in an epoch; all that the items fill,
                without.
            validation_freq: Epochs from one validation to the next, or the
                epochs, counted from 1, that have one.
            **others: Keras' other arguments, which are refused.

        Raises:
            TypeError: Keras has such an argument, which means nothing here.
            ValueError: The items do not fit the settings.
            cluster.WorkerLostError: Another worker is gone.
        """
        self._assert_compile_called("fit")
        arguments.refuse("fit", others)
        arguments.check_counts(
            1, batch_size=batch_size, steps_per_epoch=steps_per_epoch
        )
        arguments.check_counts(0, epochs=epochs, initial_epoch=initial_epoch)
        if y is not None:
            raise ValueError("Labels come with the items, not as `y`.")
        train = self.prepare(x, steps_per_epoch, batch_size)
        for name, weights in self.players.items():
            if not weights:
                raise ValueError(
                    f"The player {name} has no trainable weights; set "
                    "`trainable` of the model and of its layers to True."
                )
        steps = steps_per_epoch or self._epoch_steps(train, batch_size)
        epochs = self.schedule_epochs if epochs is None else epochs
        if initial_epoch is None:
            initial_epoch = self.finished_epochs
        verbose = retrieval_model.lines_or_bar(verbose)
        validate = _validation(self, validation_data, validation_freq)
        with self.distribute_strategy.scope(), _workers(self):
            drawn = self.make_draws(
                train, self._batch_size(batch_size), silent=not verbose
            )

            def batches(first, last):
                return pipeline.batches(
                    train.data, train.rows, drawn, first, last, self.supervised
                )

            trainings = loop.Loop(
                self, self.turns(train), batches, steps, validate
            )
            return trainings.run(initial_epoch, epochs, callbacks, verbose)

    def train_on_batch(self, *args: Any, **kwargs: Any) -> None:
        """There is none: `fit` draws what a step compares."""
        raise NotImplementedError(
            "`train_on_batch` would lack what `fit` draws for a step, such as "
            "neighbours and whose turn it is; call `fit` with "
            "`steps_per_epoch=1` and one epoch more than `finished_epochs`."
        )

    def _batch_size(self, batch_size) -> int:
        return batch_size or self.run_config.batch_size

    def _epoch_steps(self, train, batch_size) -> int:
        return max(1, len(train) // self._batch_size(batch_size))


def _validation(model, validation_data, frequency) -> Callable:
    """Scores of the epochs that have a validation, behind `val_`."""
    if validation_data is None:
        return lambda epoch: {}
    if not isinstance(validation_data, tuple | list) or (
        len(validation_data) != 2
    ):
        raise ValueError(
            "`validation_data` is (queries, database), two sets of items; "
            f"received {type(validation_data).__name__}."
        )
    query, database = (inputs.rows_of(part) for part in validation_data)

    def validate(epoch):
        if isinstance(frequency, int):
            due = (epoch + 1) % frequency == 0
        else:
            due = epoch + 1 in frequency
        if not due:
            return {}
        found = scores.evaluate(model, query, database)
        return {f"val_{name}": value for name, value in found.items()}

    return validate


def _workers(model) -> contextlib.AbstractContextManager:
    """Says in one sentence that another worker is gone."""
    kind = tf.distribute.MultiWorkerMirroredStrategy
    if isinstance(model.distribute_strategy, kind):
        return distribution.workers_are_there()
    return contextlib.nullcontext()
