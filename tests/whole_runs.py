"""Whole trainings in a test, as a runner makes them."""

import keras

from common import checkpoints


class Record(keras.callbacks.Callback):
    """Keeps the phase and the losses of every epoch."""

    def __init__(self):
        super().__init__()
        self.phases = []
        self.losses = []

    def on_epoch_end(self, epoch, logs=None):
        self.phases.append(self.model.phase)
        self.losses.append(dict(logs))


def train(model, batches, steps, epochs, callbacks, checkpoint_dir=None):
    """Trains up to an epoch, from the newest checkpoint where one is.

    `batches` makes the data set of the steps from one up to another.
    """
    record = Record()
    callbacks = [*callbacks, record]
    finished = 0
    if checkpoint_dir:
        saved = checkpoints.Checkpoints(model, checkpoint_dir)
        finished = saved.restore()
        callbacks.append(checkpoints.SaveEpochs(saved))
    model.fit(
        batches(finished * steps, epochs * steps),
        initial_epoch=finished,
        epochs=epochs,
        steps_per_epoch=steps,
        callbacks=callbacks,
        verbose=0,
        shuffle=False,
    )
    return record
