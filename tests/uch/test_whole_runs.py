import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from common.metrics import evaluation
from common.runs import encoding
from tests import whole_runs
from uch import collapse
from uch import config as uch_config
from uch import model as uch_model
from uch import training

ABLATIONS = (
    {"outer_adversarial": False, "inner_adversarial": False},
    {"outer_adversarial": False},
    {"inner_adversarial": False},
    {"outer_cycle": False},
    {"inner_cycle": False},
    {"couple": False},
    {"standardize": False, "gan_loss": "squares"},
    {
        "outer_adversarial": False,
        "outer_cycle": False,
        "couple": False,
        "gan_loss": "minimax",
    },
    {
        "outer_translation_weight": 1.0,
        "outer_decorrelation_weight": 1.0,
        "inner_translation_weight": 1.0,
        "inner_decorrelation_weight": 1.0,
        "quantization_weight": 0.1,
    },
)


class OnePhase(training.Turns):
    """Runs another phase than the method's."""

    def __init__(self, model, train, phase):
        super().__init__(model, train)
        self.phase = phase

    def begin(self, epoch):
        return self.phase


# One step of all pairs: an eager one takes a second.
SHORT = {"batch_size": 120, "epochs": 1}


def _run(
    config,
    data,
    seed=0,
    jit_compile=False,
    eager=False,
    phase="algorithm_1",
    stop=None,
    checkpoint_dir=None,
):
    """Trains as a runner does, from the newest checkpoint where one is."""
    model = uch_model.UCH(config, seed)
    # Tracing takes longer than a few steps of a tiny model.
    model.compile(jit_compile=jit_compile, run_eagerly=eager)
    if phase != "algorithm_1":
        model.turns = lambda train: OnePhase(model, train, phase)
    record = whole_runs.train(model, data, stop, checkpoint_dir)
    return model, record.losses


def _small(config, tiny, **changed):
    """A preset with the toy settings' sizes."""
    sizes = {
        name: getattr(tiny, name)
        for name in (
            "bits",
            "text_feature_units",
            "outer_hidden_units",
            "representation_units",
            "inner_hidden_units",
            "outer_discriminator_units",
            "inner_discriminator_units",
            "discriminator_outputs",
        )
    }
    return dataclasses.replace(config, **(sizes | changed))


def _assert_sound(model, logs, config):
    assert len(logs) == config.epochs
    for epoch in logs:
        assert "outer_similarity_loss" in epoch
        assert "inner_similarity_loss" in epoch
        assert "image_one_sided_bits" in epoch
        assert all(np.isfinite(value) for value in epoch.values())
    for variable in model.variables:
        assert np.isfinite(variable.numpy()).all()


@pytest.mark.parametrize("preset", uch_config.PRESETS)
def test_every_preset_trains(data, preset, tiny):
    config = _small(uch_config.PRESETS[preset], tiny, **SHORT)

    _assert_sound(*_run(config, data, eager=True), config)


@pytest.mark.parametrize("changed", ABLATIONS, ids=str)
def test_every_ablation_trains(data, changed, tiny):
    config = dataclasses.replace(tiny, **SHORT, **changed)

    _assert_sound(*_run(config, data, eager=True), config)


def test_xla_trains_to_the_same_weights(data, tiny):
    config = dataclasses.replace(tiny, optimizer="sgd", **SHORT)

    plain, _ = _run(config, data, eager=True)
    compiled, _ = _run(config, data, jit_compile=True)

    assert compiled.jit_compile
    for one, other in zip(plain.variables, compiled.variables, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_the_seed_decides_where_training_ends(data, tiny):
    config = dataclasses.replace(tiny, **SHORT)

    first, again, other = (
        _run(config, data, seed, eager=True)[0] for seed in (0, 0, 1)
    )

    for one, same in zip(first.variables, again.variables, strict=True):
        np.testing.assert_array_equal(one, same)
    for player in uch_model.PLAYERS:
        one, differing = first.players[player][0], other.players[player][0]
        assert (one.numpy() != differing.numpy()).any()


def test_a_run_stopped_after_every_epoch_ends_where_a_whole_one_does(
    data, tmp_path, tiny
):
    config = dataclasses.replace(tiny, batch_size=120, epochs=2)
    whole, logs = _run(config, data, eager=True)
    parts = []

    for stop in (1, 2):
        model, part = _run(
            config, data, eager=True, stop=stop, checkpoint_dir=tmp_path
        )
        parts += part

    assert parts == logs
    for one, resumed in zip(whole.variables, model.variables, strict=True):
        np.testing.assert_array_equal(one, resumed)
    for player in uch_model.PLAYERS:
        optimizers = [getattr(m, f"{player}_optimizer") for m in (whole, model)]
        for one, resumed in zip(
            *(optimizer.variables for optimizer in optimizers), strict=True
        ):
            np.testing.assert_array_equal(one, resumed)


def _map_all(model, data):
    """Tie-aware MAP of all items' codes, both directions."""
    rows = np.arange(len(data))
    found = encoding.encode_split(
        encoding.model_encoders(model), data, rows, rows
    )
    scores = found.evaluation(data.labels, data.labels).metrics()
    assert not evaluation.collapse_warnings(scores)
    return [scores[direction]["map_all"] for direction in ("i2t", "t2i")]


@pytest.fixture(scope="module")
def learned(data, tiny):
    config = dataclasses.replace(tiny, bits=12, epochs=30)
    return _run(config, data)


def test_codes_learn_the_classes_from_pairs_alone(learned, data):
    model, _ = learned

    # A third by chance.
    for score in _map_all(model, data):
        assert score > 0.6


def test_the_losses_fall(learned):
    _, logs = learned

    for name in ("outer", "inner"):
        for term in ("reconstruction", "similarity"):
            values = [epoch[f"{name}_{term}_loss"] for epoch in logs]
            assert values[-1] < 0.8 * values[0]


def test_centred_codes_keep_their_bits_in_use(learned):
    _, logs = learned

    for modality in ("image", "text"):
        assert logs[-1][f"{modality}_one_sided_bits"] == 0
        assert logs[-1][f"{modality}_bit_spread"] > 0.3


def _ends(config, data, phase, name, switch):
    """First and last of what an update logs, with a switch on and off."""
    found = {}
    for on in (True, False):
        switched = dataclasses.replace(
            config, **{switch: on}, collapse_grace_epochs=99
        )
        _, logs = _run(switched, data, phase=phase)
        found[on] = logs[0][name], logs[-1][name]
    return found


def test_only_moving_targets_shrink_the_text_features(data, tiny):
    # Nothing but Eq. (6), whose cheapest answer is F = 0.
    alone = dataclasses.replace(
        tiny,
        adversarial_weight=0.0,
        outer_similarity_weight=0.0,
        couple=False,
        weight_decay=0.0,
        learning_rate_decay=1.0,
        epochs=40,
    )

    found = _ends(
        alone, data, "outer_generators", "text_feature_scale", "fixed_targets"
    )

    first, last = found[False]
    assert last < 0.8 * first
    first, last = found[True]
    assert last > first


def test_only_raw_middles_shrink_to_be_similar(data, tiny):
    # Nothing but Eq. (13), whose cheapest answer is H = 0.
    alone = dataclasses.replace(
        tiny,
        adversarial_weight=0.0,
        inner_cycle=False,
        learning_rate_decay=1.0,
        epochs=40,
    )

    found = _ends(
        alone, data, "inner_generators", "image_bit_spread", "standardize"
    )

    assert found[False][1] < 0.5 * found[False][0]
    assert found[True][1] > 0.5


def test_only_uncentred_bits_take_one_side(data, tiny):
    # Features of ReLU units: none is negative and all look alike.
    offset = dataclasses.replace(data, image=np.abs(data.image) + 20)
    config = dataclasses.replace(
        tiny,
        inner_similarity_weight=0.0,
        image_learning_rate=1e-4,
        batch_size=10,
        epochs=5,
    )

    found = _ends(
        config,
        offset,
        "inner_generators",
        "image_one_sided_bits",
        "standardize",
    )

    assert found[True][1] == 0
    assert found[False][1] > 0.5


def test_a_collapse_ends_the_run_before_its_epoch_is_saved(
    data, tmp_path, tiny
):
    config = dataclasses.replace(
        tiny,
        collapse_grace_epochs=1,
        minimum_spread=1.0,
        batch_size=120,
        epochs=2,
    )

    # No spread is beyond 1, so the second epoch is the last.
    with pytest.raises(collapse.CollapseError, match="by epoch 2"):
        _run(config, data, eager=True, checkpoint_dir=tmp_path)

    newest = tf.train.latest_checkpoint(tmp_path)
    assert newest.endswith("epoch-1")


def test_pixels_train_the_image_network_and_resume_exactly(
    tiny, data, tmp_path
):
    pictures = whole_runs.with_pictures(data)
    config = dataclasses.replace(
        tiny,
        backbone="small",
        image_learning_rate=1e-3,
        batch_size=120,
        epochs=2,
        # Two steps are too few for bits of two signs.
        maximum_one_sided_bits=1.0,
    )
    fresh = uch_model.UCH(config)
    fresh.compile()
    fresh.prepare(pictures)
    whole, _ = _run(config, pictures, eager=True)
    _run(config, pictures, eager=True, stop=1, checkpoint_dir=tmp_path)

    resumed, losses = _run(
        config, pictures, eager=True, checkpoint_dir=tmp_path
    )

    assert len(losses) == 1
    for one, other in zip(whole.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    network, before = (
        model.image_encoder.trainable_variables for model in (whole, fresh)
    )
    assert len(network) == 8
    for one, other in zip(network, before, strict=True):
        assert (one.numpy() != other.numpy()).any()
