import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from common.training import checkpoints
from ssah import config as ssah_config
from ssah import model as ssah_model
from ssah import training
from tests import whole_runs

ABLATIONS = (
    {"labnet": False},
    {"text_network": "mlp3"},
    {"adversarial": False},
    {"quantization_target": "own", "response_normalization": True},
    {"labnet": False, "quantization_target": "own"},
)


def _run(
    config, data, seed=0, jit_compile=False, stop=None, checkpoint_dir=None
):
    """Trains as a runner does, from the newest checkpoint where one is."""
    model = ssah_model.SSAH(config, seed)
    model.compile(jit_compile=jit_compile and "auto")
    record = whole_runs.train(model, data, stop, checkpoint_dir)
    return model, record


def _small(config, tiny):
    """A preset with the toy settings' sizes and lengths."""
    sizes = {
        name: getattr(tiny, name)
        for name in (
            "bits",
            "feature_units",
            "label_hidden_units",
            "text_hidden_units",
            "discriminator_first_units",
            "discriminator_second_units",
            "batch_size",
            "rounds",
            "first_labnet_epochs",
            "labnet_epochs",
            "imgnet_epochs",
            "txtnet_epochs",
            "discriminator_epochs",
        )
    }
    return dataclasses.replace(config, **sizes)


def _assert_sound(model, record, config):
    assert record.phases == training.schedule(config).phases
    for logs in record.losses:
        assert all(np.isfinite(value) for value in logs.values())
    for variable in model.variables:
        assert np.isfinite(variable.numpy()).all()


@pytest.mark.parametrize("preset", ssah_config.PRESETS)
def test_every_preset_trains(data, preset, tiny):
    config = _small(ssah_config.PRESETS[preset], tiny)

    _assert_sound(*_run(config, data), config)


@pytest.mark.parametrize("changed", ABLATIONS, ids=str)
def test_every_ablation_trains(data, changed, tiny):
    config = dataclasses.replace(tiny, **changed)

    _assert_sound(*_run(config, data), config)


def test_xla_trains_to_the_same_weights(data, tiny):
    config = dataclasses.replace(tiny, optimizer="sgd")

    plain, _ = _run(config, data)
    compiled, _ = _run(config, data, jit_compile=True)

    assert compiled.jit_compile
    for one, other in zip(plain.variables, compiled.variables, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_the_seed_decides_where_training_ends(data, tiny):
    first, again, other = (_run(tiny, data, seed)[0] for seed in (0, 0, 1))

    for one, same in zip(first.variables, again.variables, strict=True):
        np.testing.assert_array_equal(one, same)
    assert any(
        (one.numpy() != differing.numpy()).any()
        for one, differing in zip(
            first.imgnet.variables, other.imgnet.variables, strict=True
        )
    )


@pytest.fixture(scope="module")
def finished_run(data, tmp_path_factory, tiny):
    folder = tmp_path_factory.mktemp("whole")
    return _run(tiny, data, checkpoint_dir=folder)


def test_a_run_stopped_after_every_epoch_ends_where_a_whole_one_does(
    data, tmp_path, finished_run, tiny
):
    whole, record = finished_run
    phases = []

    for stop in range(1, len(record.phases) + 1):
        model, part = _run(tiny, data, stop=stop, checkpoint_dir=tmp_path)
        phases += part.phases

    assert phases == record.phases
    assert set(phases) == {"labnet", "imgnet", "txtnet", "discriminators"}
    for one, resumed in zip(whole.variables, model.variables, strict=True):
        np.testing.assert_array_equal(one, resumed)
    for name, optimizer in whole.optimizers.items():
        others = model.optimizers[name].variables
        for one, resumed in zip(optimizer.variables, others, strict=True):
            np.testing.assert_array_equal(one, resumed)


def test_checkpoints_leave_the_bank_out(data, tmp_path, finished_run):
    model, _ = finished_run
    checkpoints.Checkpoints(model, tmp_path).save(1)

    stored = tf.train.list_variables(tf.train.latest_checkpoint(tmp_path))

    assert len(stored) > 40
    assert not [shape for _, shape in stored if len(data) in shape]


def _assert_learned(model, bits, labels):
    """Codes agree with LabNet's for items of one class, not of another."""
    same = labels @ labels.T > 0
    guide = model.label_bits(labels).numpy() * 2.0 - 1.0
    agreement = (bits.numpy() * 2.0 - 1.0) @ guide.T / model.bits
    # Codes that know nothing agree with either as much.
    assert agreement[same].mean() > agreement[~same].mean() + 0.5


def test_all_three_networks_learn_the_classes(data, tiny):
    # Three steps make an epoch here, so a network needs some epochs to move.
    config = dataclasses.replace(
        tiny, rounds=3, first_labnet_epochs=20, imgnet_epochs=8, txtnet_epochs=8
    )
    labels = data.labels.astype(np.float32)

    model, _ = _run(config, data)

    for bits in (
        model.label_bits(labels),
        model.image_bits(data.image_features(slice(None))),
        model.text_bits(data.text_features(slice(None))),
    ):
        _assert_learned(model, bits, labels)


@pytest.fixture(scope="module")
def pictures(data):
    return whole_runs.with_pictures(data)


@pytest.fixture(scope="module")
def pixel_config(tiny):
    return dataclasses.replace(
        tiny,
        backbone="small",
        feature_units=64,
        classification_weight=10.0,
        imgnet_learning_rate=1e-3,
        first_labnet_epochs=10,
        imgnet_epochs=4,
    )


@pytest.fixture(scope="module")
def pixel_run(pictures, pixel_config):
    return _run(pixel_config, pictures, jit_compile=True)


def test_pixels_train_the_backbone(pictures, pixel_config, pixel_run):
    model, record = pixel_run
    fresh = ssah_model.SSAH(pixel_config)
    fresh.compile()
    fresh.prepare(pictures)

    _assert_sound(model, record, pixel_config)
    losses = [
        log["imgnet_loss"] for log in record.losses if "imgnet_loss" in log
    ]
    assert losses[-1] < 0.5 * losses[0]
    backbone, before = (
        one.imgnet.features.layers[0].trainable_variables
        for one in (model, fresh)
    )
    assert len(backbone) == 8
    for one, other in zip(backbone, before, strict=True):
        assert (one.numpy() != other.numpy()).any()
    bits = model.image_bits(pictures.image_features(slice(None)))
    _assert_learned(model, bits, pictures.labels.astype(np.float32))


def test_a_run_on_pixels_resumes_exactly(
    pictures, pixel_config, pixel_run, tmp_path
):
    whole, _ = pixel_run
    # The second of ImgNet's four first epochs is the run's twelfth.
    _run(pixel_config, pictures, stop=12, checkpoint_dir=tmp_path)

    resumed, record = _run(pixel_config, pictures, checkpoint_dir=tmp_path)

    assert record.phases[:2] == ["imgnet", "imgnet"]
    for one, other in zip(whole.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(one, other)
