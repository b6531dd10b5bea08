"""A run's training around a model's `fit`: logs, checkpoints, resuming."""

import dataclasses

import keras

from common.runs import provenance
from common.runs import records
from common.runs import run as common_run
from common.runs import runner
from common.training import callbacks
from common.training import checkpoints as common_checkpoints
from common.training import finiteness
from common.training import trainer

# In a run that does not say after how many epochs.
_VALIDATIONS = 30


def fit(prepared: common_run.Prepared, model: trainer.Trainer) -> None:
    """Trains a compiled model, from its newest checkpoint on a resumed run.

    Notes the session in `run.json`, and writes `checkpoints/` after every epoch
    and TensorBoard events to `logs/`.
    Validation rows are scored where the data has labels. Of several workers
    the first does this; the others keep checkpoints, and all resume from those
    of the first.

    Args:
        prepared: The run.
        model: A compiled model.

    Raises:
        SystemExit: The training rows do not fit the settings, or the
            checkpoint does not fit the model or is damaged.
        cluster.WorkerLostError: Another worker is gone.
        divergence.DivergedError: Losses or weights are not finite.
    """
    with runner.one_sentence_errors():
        train = model.prepare(prepared.data[prepared.split.train])
        checkpoints = common_checkpoints.Checkpoints(
            model, prepared.directory / "checkpoints", prepared.watch
        )
        finished = 0
        if prepared.run.resume:
            finished = checkpoints.restore(
                prepared.chief_directory / "checkpoints"
            )
        epochs = model.schedule_epochs
        if finished > epochs:
            raise ValueError(
                f"{prepared.directory} was trained for {finished} epochs; "
                f"received settings of {epochs}, and a resumed run can only "
                "be made longer."
            )
        if finished < epochs:
            made_by = provenance.record(model.jit_compile)
            settings = dataclasses.asdict(model.config)
            records.add_session(prepared.directory, made_by, settings)
    if finished:
        print(f"Resuming after {finished} of {epochs} epochs.")
    if finished >= epochs:
        return
    steps = model.measured["steps_per_epoch"]
    print(
        f"{epochs} epochs of {steps} steps with batches of "
        f"{min(model.run_config.batch_size, len(train))}: {epochs * steps} "
        "steps."
    )
    watching = [common_checkpoints.SaveEpochs(checkpoints)]
    if prepared.worker.is_chief:
        watching = [*_logging(prepared, model, epochs), *watching]
    watching = [finiteness.StopAtDivergence(), *watching]
    model.fit(train, initial_epoch=finished, callbacks=watching)


def _logging(prepared, model, epochs) -> list:
    """What writes TensorBoard events."""
    logs = prepared.directory / "logs"
    watching = [
        callbacks.LearningRates(model.rate_optimizers),
        keras.callbacks.TensorBoard(logs, write_graph=False),
    ]
    if len(prepared.split.validation):
        validation = callbacks.RetrievalValidation(
            prepared.data,
            prepared.split,
            logs / "validation",
            skipped_phases=model.unscored_phases,
            every=prepared.run.validation_epochs
            or max(1, epochs // _VALIDATIONS),
        )
        watching.insert(0, validation)
    return watching
