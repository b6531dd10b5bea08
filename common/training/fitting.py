"""The training loop around `fit`: batches, watching, checkpoints, resuming."""

import sys
from collections.abc import Callable
from collections.abc import Sequence

import keras

from common.data import pipeline
from common.models import base
from common.runs import provenance
from common.runs import records
from common.runs import run as common_run
from common.runs import runner
from common.training import callbacks
from common.training import checkpoints as common_checkpoints
from common.training import finiteness
from common.training import worker_loop


def fit(
    prepared: common_run.Prepared,
    model: base.HashingModel,
    draws: pipeline.Draws,
    epochs: int,
    method_callbacks: Sequence[keras.callbacks.Callback],
    optimizers: dict[str, keras.optimizers.Optimizer],
    unscored_phases: tuple[str, ...] = (),
    with_labels: bool = False,
) -> None:
    """Trains a compiled model, from its newest checkpoint on a resumed run.

    Notes the session in `run.json`, and writes `checkpoints/` after every epoch
    and TensorBoard events to `logs/`.
    Validation rows are scored where the data has labels. Of several workers
    the first does this; the others keep checkpoints, and all resume from those
    of the first.

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
        cluster.WorkerLostError: Another worker is gone.
        divergence.DivergedError: Losses or weights are not finite.
    """
    checkpoints = common_checkpoints.Checkpoints(
        model, prepared.directory / "checkpoints", prepared.watch
    )
    with runner.one_sentence_errors():
        finished = 0
        if prepared.run.resume:
            finished = checkpoints.restore(
                prepared.chief_directory / "checkpoints"
            )
        if finished < epochs:
            made_by = provenance.record(model.jit_compile)
            records.add_session(prepared.directory, made_by)
    if finished:
        print(f"Resuming after {finished} of {epochs} epochs.")
    if finished >= epochs:
        return
    steps = draws.steps_per_epoch
    print(
        f"{epochs} epochs of {steps} steps with batches of "
        f"{draws.batch_size}: {epochs * steps} steps."
    )
    watching = [common_checkpoints.SaveEpochs(checkpoints)]
    if prepared.worker.is_chief:
        watching = [*_logging(prepared, optimizers, unscored_phases), *watching]
    batches = pipeline.batches(
        prepared.data,
        prepared.split.train,
        draws,
        finished * steps,
        epochs * steps,
        with_labels,
    )
    watching = [
        *method_callbacks,
        finiteness.StopAtDivergence(),
        *watching,
    ]
    # A bar that moves needs a terminal; a log file wants lines.
    verbose = 1 if sys.stdout.isatty() else 2
    if prepared.worker.count > 1:
        loop = worker_loop.Loop(model, watching, verbose)
        loop.fit(batches, finished, epochs, steps)
        return
    model.fit(
        batches,
        epochs=epochs,
        initial_epoch=finished,
        steps_per_epoch=steps,
        callbacks=watching,
        verbose=verbose,
        shuffle=False,
    )


def _logging(prepared, optimizers, unscored_phases) -> list:
    """What writes TensorBoard events."""
    logs = prepared.directory / "logs"
    watching = [
        callbacks.LearningRates(optimizers),
        keras.callbacks.TensorBoard(logs, write_graph=False),
    ]
    if len(prepared.split.validation):
        validation = callbacks.RetrievalValidation(
            prepared.data,
            prepared.split,
            logs / "validation",
            skipped_phases=unscored_phases,
            every=prepared.run.validation_epochs,
        )
        watching.insert(0, validation)
    return watching


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
