import dataclasses
import logging

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util import tensor_util

from common.data import splits
from common.metrics import diagnostics
from common.models import schedules
from common.runs import encoding
from common.training import callbacks


@pytest.fixture(scope="module")
def split(data):
    return splits.make(np.arange(len(data)), 20, seed=3, num_validation=30)


class Epochs(keras.callbacks.Callback):
    """Keeps the logs and the validation codes of every epoch."""

    def __init__(self, data, split):
        super().__init__()
        self.data = data
        self.parts = split.validation, split.validation_database
        self.logs = []
        self.codes = []

    def on_epoch_end(self, epoch, logs=None):
        encoders = encoding.Encoders(
            self.model.bits, self.model.encode_image, self.model.encode_text
        )
        self.codes.append(
            encoding.encode_split(encoders, self.data, *self.parts)
        )
        self.logs.append(dict(logs))


def _fit(model, batches, *watching, epochs=1):
    model.compile()
    model.fit(
        batches,
        epochs=epochs,
        callbacks=list(watching),
        verbose=0,
        shuffle=False,
    )


def test_logs_hold_the_scores_of_the_epochs_own_codes(
    linear, data, batches, split, tmp_path
):
    validation = callbacks.RetrievalValidation(data, split, tmp_path)
    epochs = Epochs(data, split)

    _fit(linear(), batches, validation, epochs, epochs=2)

    query = data.labels[split.validation]
    database = data.labels[split.validation_database]
    assert len(query) == 30 and len(database) == 70
    for logs, found in zip(epochs.logs, epochs.codes, strict=True):
        metrics = found.evaluation(query, database).metrics()
        assert logs["val_map_i2t"] == metrics["i2t"]["map_all"]
        assert logs["val_map_t2i"] == metrics["t2i"]["map_all"]
        for name in ("image", "text"):
            share = getattr(found, f"retrieval_{name}").to_bits().mean(axis=0)
            expected = np.abs(share - 0.5).mean()
            assert logs[f"val_bit_balance_{name}"] == pytest.approx(expected)
    # The image kernel moved, so did its codes.
    assert epochs.logs[0]["val_map_i2t"] != epochs.logs[1]["val_map_i2t"]


def test_histograms_of_the_bits_are_written_each_epoch(
    linear, data, batches, split, tmp_path
):
    validation = callbacks.RetrievalValidation(data, split, tmp_path)
    epochs = Epochs(data, split)

    _fit(linear(), batches, validation, epochs, epochs=2)

    events = event_accumulator.EventAccumulator(str(tmp_path))
    events.Reload()
    for name in ("image", "text"):
        found = events.Tensors(f"bit_balance_{name}")
        assert [event.step for event in found] == [0, 1]
        for event, packed in zip(found, epochs.codes, strict=True):
            # Rows of a histogram are left edge, right edge, count.
            rows = tensor_util.make_ndarray(event.tensor_proto)
            balance = diagnostics.bit_balance(
                getattr(packed, f"retrieval_{name}")
            )
            assert rows[:, 2].sum() == 12
            assert rows[0, 0] == pytest.approx(balance.min())
            assert rows[-1, 1] == pytest.approx(balance.max())


def test_validation_of_every_third_epoch_and_of_the_last(
    linear, data, batches, split, tmp_path
):
    validation = callbacks.RetrievalValidation(data, split, tmp_path, every=3)
    epochs = Epochs(data, split)

    _fit(linear(), batches, validation, epochs, epochs=5)

    scored = ["val_map_i2t" in logs for logs in epochs.logs]
    assert scored == [False, False, True, False, True]


def test_a_skipped_phase_adds_nothing(linear, data, batches, split, tmp_path):
    validation = callbacks.RetrievalValidation(
        data, split, tmp_path / "logs", skipped_phases=("image",)
    )
    epochs = Epochs(data, split)

    _fit(linear(), batches, validation, epochs)

    assert list(epochs.logs[0]) == ["image_loss"]
    assert not (tmp_path / "logs").exists()


def test_a_phase_that_is_not_skipped_is_scored(
    linear, data, batches, split, tmp_path
):
    validation = callbacks.RetrievalValidation(
        data, split, tmp_path, skipped_phases=("text",)
    )
    epochs = Epochs(data, split)

    _fit(linear(), batches, validation, epochs)

    assert "val_map_i2t" in epochs.logs[0]


def test_collapsed_codes_are_warned_about(
    linear, data, batches, split, tmp_path, caplog
):
    class Collapsed(linear):
        def text_codes(self, texts):
            return super().text_codes(0 * texts)

    validation = callbacks.RetrievalValidation(data, split, tmp_path)
    epochs = Epochs(data, split)

    with caplog.at_level(logging.WARNING):
        _fit(Collapsed(), batches, validation, epochs)

    warnings = [record.getMessage() for record in caplog.records]
    assert any(w.startswith("Epoch 1: i2t: MAP 0.") for w in warnings)
    assert any(
        w.startswith("Epoch 1: text: 12 of 12 bits are the same")
        for w in warnings
    )
    assert epochs.logs[0]["val_bit_balance_text"] == 0.5


def test_codes_that_tell_the_classes_apart_are_not_warned_about(
    linear, data, batches, split, tmp_path, caplog
):
    class Telling(linear):
        def _one_hot(self, features):
            # Repeats the words that name an item's class four times.
            return tf.tile(features[:, :3], [1, 4]) - 0.5

        def image_codes(self, images):
            return self._one_hot(_labels_of(images, data.image, data))

        def text_codes(self, texts):
            return self._one_hot(_labels_of(texts, data.text, data))

    validation = callbacks.RetrievalValidation(data, split, tmp_path)
    model = Telling()
    model.compile()
    validation.set_model(model)
    logs = {}

    with caplog.at_level(logging.WARNING):
        validation.on_epoch_end(0, logs)

    assert logs["val_map_i2t"] == logs["val_map_t2i"] == 1.0
    assert not caplog.records


def test_a_map_that_is_undefined_is_left_out_of_the_logs(
    linear, data, split, tmp_path
):
    apart = dataclasses.replace(
        data, labels=np.eye(len(data), dtype=np.uint8), label_names=None
    )
    validation = callbacks.RetrievalValidation(apart, split, tmp_path)
    validation.set_model(linear())
    logs = {}

    validation.on_epoch_end(0, logs)

    assert logs.keys() == {
        *("val_bit_balance_image", "val_bit_balance_text"),
        *("val_recall_at_10_i2t", "val_recall_at_10_t2i"),
        *("val_median_rank_i2t", "val_median_rank_t2i"),
    }


def _labels_of(features, known, data):
    """Labels of the items whose features these are, found by comparison."""
    same = tf.reduce_all(features[:, None] == known.astype(np.float32), axis=2)
    place = tf.argmax(tf.cast(same, tf.int32), axis=1)
    return tf.gather(data.labels.astype(np.float32), place)


def test_learning_rates_are_those_of_the_next_step(
    linear, data, batches, split
):
    model = linear()
    # Three steps an epoch; a period of six steps is two epochs.
    decay = schedules.StepDecay(0.1, decay_steps=6, factor=0.5)
    epochs = Epochs(data, split)
    model.compile(decay)
    rates = callbacks.LearningRates(
        {"image": model.image_optimizer, "text": model.text_optimizer}
    )

    model.fit(
        batches,
        epochs=4,
        callbacks=[rates, epochs],
        verbose=0,
        shuffle=False,
    )

    image = [logs["image_learning_rate"] for logs in epochs.logs]
    text = [logs["text_learning_rate"] for logs in epochs.logs]
    # After 3, 6, 9 and 12 steps; the text optimizer took none.
    np.testing.assert_allclose(image, [0.1, 0.05, 0.05, 0.025], rtol=1e-6)
    np.testing.assert_allclose(text, [0.1] * 4, rtol=1e-6)


def test_a_models_encoders_are_its_own(linear, data):
    model = linear(bits=9)

    encoders = encoding.model_encoders(model)

    assert encoders.bits == 9
    rows = np.arange(5)
    np.testing.assert_array_equal(
        encoders.text_codes(data, rows).rows,
        model.encode_text(data.text_features(rows)),
    )
