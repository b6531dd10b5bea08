import keras
import numpy as np
import pytest

from common.training import checkpoints
from common.training import divergence
from common.training import finiteness


class Change(keras.callbacks.Callback):
    """Calls a function with the model at the end of an epoch, from 0."""

    def __init__(self, epoch, change):
        super().__init__()
        self._epoch = epoch
        self._change = change

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self._epoch:
            self._change(self.model, logs)


def _last(variable):
    """Makes one value of many infinite."""
    values = np.array(variable)
    values.flat[-1] = np.inf
    variable.assign(values)


CHANGES = {
    "loss": lambda model, logs: logs.update(image_loss=float("nan")),
    "weights": lambda model, logs: _last(model.text_kernel),
    "moments": lambda model, logs: _last(model.image_optimizer.variables[-1]),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_checkpoint_before_a_divergence_stays_the_newest(
    what, linear, batches, tmp_path
):
    model = linear()
    model.compile()
    saved = checkpoints.Checkpoints(model, tmp_path)
    weights = []
    watching = [
        Change(1, lambda model, logs: weights.extend(model.get_weights())),
        Change(2, CHANGES[what]),
        finiteness.StopAtDivergence(),
        checkpoints.SaveEpochs(saved),
    ]

    with pytest.raises(divergence.DivergedError) as caught:
        model.fit(batches, epochs=4, callbacks=watching, verbose=0)

    sentence = str(caught.value)
    assert sentence.startswith("Training diverged in epoch 3: ")
    assert "the checkpoint of epoch 2 is kept" in sentence
    assert "\n" not in sentence
    again = linear(seed=5)
    again.compile()
    assert checkpoints.Checkpoints(again, tmp_path).restore() == 2
    for found, expected in zip(again.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_scores_that_there_are_not_stop_nothing(linear, batches):
    model = linear()
    model.compile()
    watching = [
        Change(0, lambda model, logs: logs.update(val_map_i2t=float("nan"))),
        finiteness.StopAtDivergence(),
    ]

    history = model.fit(batches, callbacks=watching, verbose=0)

    assert np.isfinite(history.history["image_loss"]).all()
