import keras
import numpy as np
import pytest
import tensorflow as tf

from common.models import base


class Passing(base.HashingModel):
    """Its relaxed codes are its features; its phases report the batch."""

    def __init__(self, bits=3, image_shape=(3,), text_dim=3):
        super().__init__(bits, image_shape, text_dim)
        self.traces = []
        self.add_loss_trackers("first_loss", "second_loss")
        self.built = True

    def image_codes(self, images):
        return images

    def text_codes(self, texts):
        return -texts

    def phase_steps(self):
        return {"first": self._first_step, "second": self._second_step}

    def _first_step(self, batch):
        self.traces.append("first")
        return {"first_loss": tf.reduce_mean(batch["value"])}

    def _second_step(self, batch):
        self.traces.append("second")
        return {"second_loss": 10 * tf.reduce_mean(batch["value"])}


class Phases(keras.callbacks.Callback):
    """Sets the phase of each epoch in turn."""

    def __init__(self, *phases):
        super().__init__()
        self.phases = phases

    def on_epoch_begin(self, epoch, logs=None):
        self.model.set_phase(self.phases[epoch])


def _compiled():
    model = Passing()
    model.compile(optimizer=None, jit_compile=False)
    return model


def _fit(model, *phases):
    # Two batches of equal size, with means 2 and 5.
    values = np.array([1, 3, 4, 6], np.float32)
    pairs = tf.data.Dataset.from_tensor_slices({"value": values}).batch(2)
    return model.fit(
        pairs,
        epochs=len(phases),
        callbacks=[Phases(*phases)],
        verbose=0,
        shuffle=False,
    ).history


def test_a_code_at_the_threshold_is_a_one():
    below = -np.finfo(np.float32).tiny
    values = tf.constant([[0.0, -0.0, below], [1.0, -1.0, 0.0]])

    bits = Passing().image_bits(values)

    assert bits.numpy().tolist() == [[True, True, False], [True, False, True]]


def test_a_method_may_have_another_threshold():
    model = Passing()
    model.threshold = 0.5

    bits = model.image_bits(tf.constant([[0.5, 0.49, 0.51]]))

    assert bits.numpy().tolist() == [[True, False, True]]


def test_encoding_packs_the_bits():
    model = Passing()
    features = tf.constant([[1.0, -1.0, 0.0], [-1.0, 2.0, -3.0]])

    # Bits 101 and 010 for images; texts have the other sign, and 0 ties.
    assert model.encode_image(features).numpy().tolist() == [[160], [64]]
    assert model.encode_text(features).numpy().tolist() == [[96], [160]]


@pytest.mark.parametrize(
    ("name", "value"),
    [("bits", 0), ("image_shape", (0,)), ("text_dim", 0)],
)
def test_a_dimension_below_one_is_named(name, value):
    with pytest.raises(ValueError) as error:
        Passing(**{name: value})

    assert str(error.value) == f"{name} must be at least 1; received {value}."


def test_the_first_phase_is_the_first_of_the_steps():
    assert Passing().phase == "first"


def test_an_unknown_phase_is_refused_and_changes_nothing():
    model = _compiled()

    with pytest.raises(ValueError) as error:
        model.set_phase("third")

    assert str(error.value) == (
        "Unknown phase 'third'; this model has first, second."
    )
    assert model.phase == "first"


def test_metrics_are_means_over_the_epoch_of_its_phase():
    history = _fit(_compiled(), "first", "second")

    # (2 + 5) / 2 and ten times that; a phase reports its own losses only.
    assert history["first_loss"] == [pytest.approx(3.5)]
    assert history["second_loss"] == [pytest.approx(35)]


def test_an_epoch_does_not_remember_the_one_before():
    history = _fit(_compiled(), "first", "first")

    assert history["first_loss"] == pytest.approx([3.5, 3.5])


def test_each_phase_is_traced_once_however_often_it_comes_back():
    model = _compiled()
    _fit(model, "first", "second")
    traced = list(model.traces)

    history = _fit(model, "second", "first", "second", "first")

    assert set(traced) == {"first", "second"}
    assert model.traces == traced
    assert history["second_loss"] == pytest.approx([35, 35])


def test_a_phase_keeps_its_train_function():
    model = _compiled()
    _fit(model, "first")
    first = model.train_function

    model.set_phase("second")
    second = model.train_function
    model.set_phase("first")

    assert second is not first
    assert model.train_function is first


def test_a_phase_can_be_set_before_training_starts():
    model = _compiled()
    model.set_phase("second")

    assert list(_fit(model, "second")) == ["second_loss"]
