import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from common import checkpoints
from common.data import pipeline
from ugach import config as ugach_config
from ugach import training


class Record(keras.callbacks.Callback):
    """Keeps the phase and the losses of every epoch."""

    def __init__(self):
        super().__init__()
        self.phases = []
        self.losses = []

    def on_epoch_end(self, epoch, logs=None):
        self.phases.append(self.model.phase)
        self.losses.append(logs)


def _run(
    config,
    data,
    folder,
    seed=0,
    jit_compile=False,
    stop=None,
    checkpoint_dir=None,
):
    """Trains as a runner does, from the newest checkpoint where one is."""
    rows = np.arange(len(data))
    drawn = training.make_draws(config, data, rows, folder, seed)
    steps = drawn.steps_per_epoch
    model = training.build_model(
        config, data.image_dim, data.text_dim, drawn, seed, jit_compile
    )
    schedule = training.schedule(config)
    stop = stop or schedule.epochs
    record = Record()
    callbacks = [
        training.AlternatePlayers(schedule, data, rows, config),
        record,
    ]
    finished = 0
    if checkpoint_dir:
        saved = checkpoints.Checkpoints(model, checkpoint_dir)
        finished = saved.restore()
        callbacks.append(checkpoints.SaveEpochs(saved))
    model.fit(
        pipeline.batches(data, rows, drawn, finished * steps, stop * steps),
        initial_epoch=finished,
        epochs=stop,
        steps_per_epoch=steps,
        callbacks=callbacks,
        verbose=0,
        shuffle=False,
    )
    return model, record


def _weights(model):
    players = (model.discriminator, model.generator)
    return [v.numpy() for player in players for v in player.variables]


@pytest.fixture(scope="module")
def finished_run(data, tmp_path_factory, tiny):
    folder = tmp_path_factory.mktemp("whole")
    return _run(tiny, data, folder, checkpoint_dir=folder / "checkpoints")


@pytest.mark.parametrize(
    ("preset", "mode"),
    (
        *((preset, "ugach") for preset in ugach_config.PRESETS),
        ("default", "baseline"),
        ("default", "baseline_gan"),
    ),
)
def test_every_preset_and_every_mode_trains(data, tmp_path, preset, mode):
    config = dataclasses.replace(
        ugach_config.PRESETS[preset],
        mode=mode,
        bits=8,
        hidden_units=12,
        batch_size=32,
        pool_size=20,
        graph_size=3,
        pretrain_epochs=1,
        epochs=1,
        generator_epochs=1,
    )

    _, record = _run(config, data, tmp_path)

    expected = ["pretrain", "discriminator", "generator"]
    if mode == "baseline":
        expected = ["pretrain", "pretrain"]
    assert record.phases == expected
    for phase, losses in zip(record.phases, record.losses, strict=True):
        player = "generator" if phase == "generator" else "discriminator"
        assert np.isfinite(losses[f"{player}_loss"])


def test_xla_trains_to_the_same_weights(data, tmp_path, tiny):
    # Without draws, which XLA makes by other numbers; operations it fuses
    # round otherwise.
    config = dataclasses.replace(
        tiny,
        negatives="expected",
        generator_gradient="expected",
        optimizer="sgd",
        pretrain_epochs=0,
        epochs=1,
    )

    plain, _ = _run(config, data, tmp_path)
    compiled, record = _run(config, data, tmp_path, jit_compile=True)

    assert compiled.jit_compile
    assert record.phases == ["discriminator", "generator"]
    for one, other in zip(_weights(plain), _weights(compiled), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_training_lowers_the_discriminators_loss(data, tmp_path, tiny):
    config = dataclasses.replace(
        tiny,
        mode="baseline",
        negatives="expected",
        pretrain_learning_rate=0.05,
        pretrain_epochs=12,
    )

    _, record = _run(config, data, tmp_path, stop=12)

    losses = [logs["discriminator_loss"] for logs in record.losses]
    assert losses[-1] < 0.8 * losses[0]


def test_the_seed_decides_where_training_ends(data, tmp_path, tiny):
    config = dataclasses.replace(tiny, mode="baseline", optimizer="sgd")

    first, again, other = (
        _weights(_run(config, data, tmp_path, seed=seed)[0])
        for seed in (0, 0, 1)
    )

    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    for one, differing in zip(first, other, strict=True):
        assert (one != differing).any() or not one.any()


def test_a_run_stopped_after_every_epoch_ends_where_a_whole_one_does(
    data, tmp_path, finished_run, tiny
):
    whole, record = finished_run
    phases = []

    for stop in range(1, 6):
        model, part = _run(
            tiny, data, tmp_path, stop=stop, checkpoint_dir=tmp_path / "saved"
        )
        phases += part.phases

    one_round = ["discriminator", "generator"]
    assert phases == record.phases == ["pretrain"] + one_round * 2
    for one, resumed in zip(_weights(whole), _weights(model), strict=True):
        np.testing.assert_array_equal(one, resumed)
    for player in ("discriminator", "generator"):
        optimizers = [getattr(m, f"{player}_optimizer") for m in (whole, model)]
        for one, resumed in zip(
            *(optimizer.variables for optimizer in optimizers), strict=True
        ):
            np.testing.assert_array_equal(one, resumed)


def test_checkpoints_leave_the_table_out(data, tmp_path, finished_run, tiny):
    model, _ = finished_run
    table = [len(data), tiny.bits]
    assert list(model.table.image.shape) == table
    checkpoints.Checkpoints(model, tmp_path).save(5)

    stored = tf.train.list_variables(tf.train.latest_checkpoint(tmp_path))

    assert len(stored) > 16
    assert table not in [shape for _, shape in stored]
