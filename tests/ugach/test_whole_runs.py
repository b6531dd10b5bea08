import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests import whole_runs
from ugach import config as ugach_config
from ugach import model as ugach_model

# Whose losses an epoch logs.
MOVING = {
    "pretrain": ["discriminator"],
    "discriminator": ["discriminator"],
    "generator": ["generator"],
    "adversarial": ["discriminator", "generator"],
}


def _run(
    config,
    data,
    folder,
    seed=0,
    jit_compile=False,
    eager=False,
    stop=None,
    checkpoint_dir=None,
):
    """Trains as a runner does, from the newest checkpoint where one is."""
    model = ugach_model.UGACH(config, seed, folder)
    # Tracing takes longer than a few steps of a tiny model.
    model.compile(jit_compile=jit_compile, run_eagerly=eager)
    record = whole_runs.train(model, data, stop, checkpoint_dir)
    return model, record


def _weights(model):
    players = (model.discriminator, model.generator)
    return [v.numpy() for player in players for v in player.variables]


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

    _, record = _run(config, data, tmp_path, eager=True)

    turns = {
        "epoch": ["discriminator", "generator"],
        "batch": ["adversarial"],
    }[config.alternation]
    if mode == "baseline":
        turns = ["pretrain"]
    assert record.phases == ["pretrain", *turns]
    for phase, losses in zip(record.phases, record.losses, strict=True):
        for player in MOVING[phase]:
            assert np.isfinite(losses[f"{player}_loss"])


@pytest.mark.parametrize(
    ("alternation", "phases"),
    (
        ("epoch", ["discriminator", "generator"]),
        ("batch", ["adversarial"]),
    ),
)
def test_xla_trains_to_the_same_weights(
    data, tmp_path, alternation, phases, tiny
):
    # Without draws, which XLA makes by other numbers; operations it fuses
    # round otherwise.
    config = dataclasses.replace(
        tiny,
        negatives="expected",
        generator_gradient="expected",
        optimizer="sgd",
        alternation=alternation,
        pretrain_epochs=0,
        epochs=1,
    )

    plain, _ = _run(config, data, tmp_path)
    compiled, record = _run(config, data, tmp_path, jit_compile=True)

    assert compiled.jit_compile
    assert record.phases == phases
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
        _weights(_run(config, data, tmp_path, seed=seed, eager=True)[0])
        for seed in (0, 0, 1)
    )

    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    for one, differing in zip(first, other, strict=True):
        assert (one != differing).any() or not one.any()


@pytest.mark.parametrize(
    ("alternation", "pretrain_epochs", "expected"),
    (
        ("epoch", 1, ["pretrain", *["discriminator", "generator"] * 2]),
        ("batch", 0, ["adversarial"] * 2),
    ),
)
def test_a_run_stopped_after_every_epoch_ends_where_a_whole_one_does(
    data, tmp_path, alternation, pretrain_epochs, expected, tiny
):
    config = dataclasses.replace(
        tiny, alternation=alternation, pretrain_epochs=pretrain_epochs
    )
    phases = []

    whole, record = _run(config, data, tmp_path, eager=True)
    for stop in range(1, len(expected) + 1):
        model, part = _run(
            config,
            data,
            tmp_path,
            eager=True,
            stop=stop,
            checkpoint_dir=tmp_path / "saved",
        )
        phases += part.phases

    assert phases == record.phases == expected
    for one, resumed in zip(_weights(whole), _weights(model), strict=True):
        np.testing.assert_array_equal(one, resumed)
    for player in ("discriminator", "generator"):
        optimizers = [getattr(m, f"{player}_optimizer") for m in (whole, model)]
        for one, resumed in zip(
            *(optimizer.variables for optimizer in optimizers), strict=True
        ):
            np.testing.assert_array_equal(one, resumed)


def test_checkpoints_leave_the_table_out(data, tmp_path, tiny):
    saved = tmp_path / "saved"
    config = dataclasses.replace(tiny, pretrain_epochs=0)

    model, _ = _run(
        config, data, tmp_path, stop=1, eager=True, checkpoint_dir=saved
    )

    table = [len(data), tiny.bits]
    assert list(model.table.image.shape) == table
    stored = tf.train.list_variables(tf.train.latest_checkpoint(saved))
    assert len(stored) > 16
    assert table not in [shape for _, shape in stored]
