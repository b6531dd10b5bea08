import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from ssah import config as ssah_config
from ssah import model as ssah_model
from ssah import multiscale
from ssah import networks
from ssah import training
from ssah import word_order

ROWS = np.arange(0, 120, 2)


def test_a_round_trains_labnet_then_networks_then_adversaries():
    schedule = training.Schedule(
        rounds=3,
        first_labnet_epochs=3,
        labnet_epochs=1,
        imgnet_epochs=2,
        txtnet_epochs=1,
        discriminator_epochs=1,
    )

    networks = ["imgnet", "imgnet", "txtnet"]
    later = ["discriminators", "labnet", *networks]
    # The last round has nobody to train discriminators for.
    expected = ["labnet"] * 3 + networks + later * 2
    assert schedule.phases == expected


def test_algorithm_1_trains_all_players_in_every_epoch(data, tiny):
    config = dataclasses.replace(
        tiny,
        alternation="iteration",
        rounds=3,
        imgnet_epochs=2,
        learning_rate_decay=0.5,
    )
    schedule = training.schedule(config)

    assert schedule.phases == ["algorithm_1"] * 6
    assert schedule.phase(17) == "algorithm_1"
    # Two epochs of ten steps are a round, for each player.
    for optimizer in training.optimizers(config, 10).values():
        assert _rates(optimizer, (0, 19, 20, 40)) == pytest.approx(
            [0.01, 0.01, 0.005, 0.0025]
        )


def test_algorithm_1_needs_a_labnet(tiny):
    with pytest.raises(ValueError, match="labnet False and alternation"):
        dataclasses.replace(tiny, alternation="iteration", labnet=False)


@pytest.mark.parametrize(
    ("changed", "left_out"),
    (({"labnet": False}, "labnet"), ({"adversarial": False}, "discriminators")),
)
def test_an_ablation_leaves_its_stage_out(changed, left_out, tiny):
    whole = training.schedule(tiny).phases

    reduced = training.schedule(dataclasses.replace(tiny, **changed)).phases

    assert reduced == [phase for phase in whole if phase != left_out]
    assert len(reduced) < len(whole)


def _rates(optimizer, steps):
    rates = []
    for step in steps:
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    return rates


@pytest.mark.parametrize("optimizer", ("sgd", "adam"))
def test_rates_fall_with_the_rounds(data, optimizer, tiny):
    # Ten steps an epoch. LabNet has 5 epochs in the first round, then 2 a
    # round; ImgNet 3, TxtNet 1, the discriminators 2.
    config = dataclasses.replace(
        tiny,
        optimizer=optimizer,
        labnet_learning_rate=1e-1,
        imgnet_learning_rate=1e-2,
        txtnet_learning_rate=1e-3,
        discriminator_learning_rate=1e-4,
        learning_rate_decay=0.5,
        first_labnet_epochs=5,
        labnet_epochs=2,
        imgnet_epochs=3,
        txtnet_epochs=1,
        discriminator_epochs=2,
    )

    model = _built(config, data)

    kind = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    for name, steps, factors, first in (
        ("labnet", (0, 49, 50, 69, 70), (1, 1, 0.5, 0.5, 0.25), 1e-1),
        ("imgnet", (0, 29, 30, 60), (1, 1, 0.5, 0.25), 1e-2),
        ("txtnet", (0, 9, 10, 20), (1, 1, 0.5, 0.25), 1e-3),
        ("discriminator", (0, 19, 20, 40), (1, 1, 0.5, 0.25), 1e-4),
    ):
        found = model.optimizers[name]
        assert type(found) is kind[optimizer]
        np.testing.assert_allclose(
            _rates(found, steps), first * np.array(factors), rtol=1e-5
        )


def test_without_a_labnet_nobody_has_its_optimizer(data, tiny):
    config = dataclasses.replace(tiny, labnet=False)

    model = _built(config, data)

    assert model.labnet is None
    assert set(model.optimizers) == {
        "imgnet",
        "txtnet",
        "discriminator",
    }


def test_the_settings_reach_the_model(data, tiny):
    config = dataclasses.replace(
        tiny,
        pair_loss="squared",
        similarity_smoothing=0.75,
        normalization="sum",
        feature_pair_weight=0.1,
        hash_pair_weight=0.2,
        quantization_weight=0.3,
        classification_weight=0.4,
        adversarial_weight=0.5,
        quantization_target="own",
        discriminator_loss="squares",
        multi_scale_levels="released",
        word_order="vocabulary",
        sum_levels=True,
        resize_levels=True,
        image_hidden_units=11,
        initializer="normal",
        response_normalization=True,
        feature_scaling="none",
    )

    model = _built(config, data)

    for name, value in vars(model.objective).items():
        assert value == getattr(config, name)
    assert not model.joint_targets
    block = model.txtnet.features.get_layer("multi_scale")
    # The toy bag of words has 15 columns.
    assert block.windows == multiscale.WINDOWS["released"][:3]
    assert block.resized
    np.testing.assert_allclose(
        np.log1p(np.exp(block.scales)), block.windows, rtol=1e-5
    )
    assert model.imgnet.features.layers[0].units == 11
    assert np.std(model.imgnet.features.layers[0].kernel) < 0.02


def test_words_are_pooled_by_label_as_the_default_says(data, tiny):
    config = dataclasses.replace(tiny, multi_scale_levels="released")
    assert config.word_order == ssah_config.Config().word_order == "labels"

    model = _built(config, data)

    texts = data.text_features(ROWS)
    block = model.txtnet.features.get_layer("multi_scale")
    order = word_order.by_labels(data, ROWS)
    assert (order != np.arange(data.text_dim)).any()
    # The first level, of windows of 5, comes after the words.
    means = texts[:, order].reshape(len(texts), 3, 5).mean(axis=2)
    scale = np.log1p(np.exp(block.scales[0]))
    level = block(texts)[:, data.text_dim : data.text_dim + 3]
    np.testing.assert_allclose(level, scale * means, rtol=1e-4)


@pytest.mark.parametrize(
    ("changed", "weight"), (({}, 0.1), ({"adversarial": False}, 0.0))
)
def test_ssah_3_has_no_adversarial_loss(data, changed, weight, tiny):
    config = dataclasses.replace(tiny, **changed)

    model = _built(config, data)

    assert model.objective.adversarial_weight == weight


def _built(config, data, steps=10):
    model = ssah_model.SSAH(config)
    model.compile(jit_compile=False)
    model.prepare(data[ROWS], steps)
    return model


def _turns(config, data):
    """A compiled model and the turns that a run would take."""
    model = _built(config, data, 3)
    return model, training.Turns(model, data[ROWS])


def _outputs(model, data):
    labels = data.labels[ROWS].astype(np.float32)
    return {
        "labnet": model.labnet and model.labnet(labels),
        "imgnet": model.imgnet(data.image_features(ROWS)),
        "txtnet": model.txtnet(data.text_features(ROWS)),
    }


def _move(model, name):
    """As if an epoch had trained a network."""
    for variable in getattr(model, name).variables:
        variable.assign_add(0.05 * tf.ones_like(variable))
    getattr(model, f"{name}_optimizer").iterations.assign_add(3)


def test_the_bank_follows_the_networks(data, tiny):
    model, turns = _turns(tiny, data)
    voters = {
        # Two first epochs of LabNet, then ImgNet and TxtNet, which have no
        # say in B before it is their turn; then a round of all.
        0: ["labnet"],
        1: ["labnet"],
        2: ["labnet", "imgnet"],
        3: ["labnet", "imgnet", "txtnet"],
        5: ["labnet", "imgnet", "txtnet"],
        6: ["labnet", "imgnet", "txtnet"],
        7: ["labnet", "imgnet", "txtnet"],
    }

    for epoch, phase in enumerate(training.schedule(tiny).phases):
        assert turns.begin(epoch) == phase

        if phase == "discriminators":
            continue
        outputs = _outputs(model, data)
        guide = outputs["labnet"]
        np.testing.assert_allclose(
            model.bank.features, guide.features, atol=1e-5
        )
        np.testing.assert_allclose(model.bank.codes, guide.codes, atol=1e-5)
        votes = sum(outputs[name].codes for name in voters[epoch])
        np.testing.assert_array_equal(model.bank.targets, networks.signs(votes))
        _move(model, phase)
        turns.end(epoch, {})
    np.testing.assert_array_equal(model.bank.labels, data.labels[ROWS])


def test_without_a_labnet_networks_guide_each_other(data, tiny):
    config = dataclasses.replace(tiny, labnet=False, adversarial=False)
    model, turns = _turns(config, data)
    guides = {"imgnet": "txtnet", "txtnet": "imgnet"}

    for epoch, phase in enumerate(training.schedule(config).phases):
        turns.begin(epoch)

        guide = _outputs(model, data)[guides[phase]]
        np.testing.assert_allclose(
            model.bank.features, guide.features, atol=1e-5
        )
        np.testing.assert_allclose(model.bank.codes, guide.codes, atol=1e-5)
        _move(model, phase)
        turns.end(epoch, {})


def test_turns_that_start_late_fills_the_same_bank(data, tiny):
    model, turns = _turns(tiny, data)
    late = training.Turns(model, data[ROWS])
    phases = training.schedule(tiny).phases
    for epoch, phase in enumerate(phases[:-1]):
        turns.begin(epoch)
        if phase != "discriminators":
            _move(model, phase)
        turns.end(epoch, {})
    turns.begin(len(phases) - 1)
    kept = [v.numpy() for v in vars(model.bank).values()]

    late.begin(len(phases) - 1)

    for one, other in zip(kept, vars(model.bank).values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_smoothing_above_1_is_refused():
    with pytest.raises(ValueError, match="at most 1; received 1.5"):
        ssah_config.Config(similarity_smoothing=1.5)
