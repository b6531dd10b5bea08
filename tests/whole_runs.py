"""Whole trainings in a test, as a runner makes them."""

import dataclasses

import keras
import numpy as np

from common.training import checkpoints


def with_pictures(data):
    """The items with pictures of 9 x 9 in place of features.

    A third of each is bright: its class, one of three, tells which.
    """
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 60, (len(data), 9, 9, 3), np.uint8)
    for row, label in enumerate(data.labels.argmax(axis=1)):
        pixels[row, :, 3 * label : 3 * label + 3] += 190
    return dataclasses.replace(data, image=pixels)


class Record(keras.callbacks.Callback):
    """Keeps the phase and the losses of every epoch."""

    def __init__(self):
        super().__init__()
        self.phases = []
        self.losses = []

    def on_epoch_end(self, epoch, logs=None):
        self.phases.append(self.model.phase)
        self.losses.append(dict(logs))


def train(model, train, epochs=None, checkpoint_dir=None, callbacks=()):
    """Trains up to an epoch, from the newest checkpoint where one is."""
    record = Record()
    callbacks = [*callbacks, record]
    finished = 0
    if checkpoint_dir:
        train = model.prepare(train)
        saved = checkpoints.Checkpoints(model, checkpoint_dir)
        finished = saved.restore()
        callbacks.append(checkpoints.SaveEpochs(saved))
    model.fit(
        train,
        initial_epoch=finished,
        epochs=epochs,
        callbacks=callbacks,
        verbose=0,
    )
    return record
