"""The training loop around `fit`: batches, watching, checkpoints, resuming."""

import sys
from collections.abc import Callable
from collections.abc import Sequence

import keras

from common import callbacks
from common import checkpoints as common_checkpoints
from common import model as common_model
from common import run as common_run
from common import runner
from common.data import pipeline


def fit(
    prepared: common_run.Prepared,
    model: common_model.HashingModel,
    draws: pipeline.Draws,
    epochs: int,
    method_callbacks: Sequence[keras.callbacks.Callback],
    optimizers: dict[str, keras.optimizers.Optimizer],
    unscored_phases: tuple[str, ...] = (),
    with_labels: bool = False,
) -> None:
    """Trains a compiled model, from its newest checkpoint on a resumed run.

    Writes `checkpoints/` after every epoch and TensorBoard events to `logs/`.
    Validation rows are scored where the data has labels.

    Args:
        prepared: The run.
        model: A compiled model whose optimizers are built.
        draws: Which rows form each batch.
        epochs: Epochs of the whole run, those before a resume counted.
        method_callbacks: Called before the shared ones.
        optimizers: Optimizer of each player, by the player's name.
        unscored_phases: Phases that leave the codes as they are.
        with_labels: Whether the batches of training hold `labels`.

    Raises:
        SystemExit: The checkpoint does not fit the model or is damaged.
    """
    checkpoints = common_checkpoints.Checkpoints(
        model, prepared.directory / "checkpoints"
    )
    with runner.one_sentence_errors():
        finished = checkpoints.restore() if prepared.run.resume else 0
    if finished:
        print(f"Resuming after {finished} of {epochs} epochs.")
    if finished >= epochs:
        return
    logs = prepared.directory / "logs"
    watching = [
        callbacks.LearningRates(optimizers),
        keras.callbacks.TensorBoard(logs, write_graph=False),
        common_checkpoints.SaveEpochs(checkpoints),
    ]
    if len(prepared.split.validation) and prepared.data.labels is not None:
        validation = callbacks.RetrievalValidation(
            prepared.data,
            prepared.split,
            logs / "validation",
            skipped_phases=unscored_phases,
            every=prepared.run.validation_epochs,
        )
        watching.insert(0, validation)
    steps = draws.steps_per_epoch
    model.fit(
        pipeline.batches(
            prepared.data,
            prepared.split.train,
            draws,
            finished * steps,
            epochs * steps,
            with_labels,
        ),
        epochs=epochs,
        initial_epoch=finished,
        steps_per_epoch=steps,
        callbacks=[*method_callbacks, *watching],
        # A bar that moves needs a terminal; a log file wants lines.
        verbose=1 if sys.stdout.isatty() else 2,
        shuffle=False,
    )


def show_progress(name: str, total: int) -> Callable[[str, int], None]:
    """A function that draws a bar for each part of a long computation."""
    bars = {}

    def show(part: str, done: int) -> None:
        if part not in bars:
            print(f"{name}: {part}")
            bars[part] = keras.utils.Progbar(
                total, verbose=1 if sys.stdout.isatty() else 0
            )
        bars[part].update(done)

    return show
