import dataclasses

import keras
import numpy as np
import pytest

from uch import model as uch_model
from uch import training

PAIRS = {
    "adversarial_weight": 0.1,
    "gan_loss": "squares",
    "normalization": "sum",
    "fixed_targets": False,
}


def _build(config, data, steps=10):
    model = uch_model.UCH(config)
    model.compile(jit_compile=False)
    model.prepare(data, steps)
    return model


@pytest.mark.parametrize("optimizer", ("sgd", "adam"))
def test_rates_belong_to_the_modality_and_fall_once(data, optimizer, tiny):
    # Ten steps an epoch; 60% of 5 epochs are 30 steps.
    config = dataclasses.replace(
        tiny,
        optimizer=optimizer,
        image_learning_rate=1e-2,
        text_learning_rate=1e-3,
        learning_rate_decay=0.1,
        decay_at=0.6,
        epochs=5,
    )

    model = _build(config, data)

    kind = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    for player in uch_model.PLAYERS:
        found = getattr(model, f"{player}_optimizer")
        assert type(found) is kind[optimizer]
        first = 1e-2 if player.startswith("image") else 1e-3
        rates = []
        for step in (0, 29, 30, 60, 1000):
            found.iterations.assign(step)
            rates.append(float(found.learning_rate))
        np.testing.assert_allclose(
            rates, first * np.array([1, 1, 0.1, 0.1, 0.1]), rtol=1e-5
        )


def test_the_logged_rates_are_the_two_modalities(data, tiny):
    model = _build(tiny, data)

    assert model.rate_optimizers == {
        "image": model.image_outer_generator_optimizer,
        "text": model.text_outer_generator_optimizer,
    }


@pytest.mark.parametrize("decay", (0.25, 0.0))
def test_weight_decay_is_decoupled_and_spares_biases(data, decay, tiny):
    config = dataclasses.replace(
        tiny,
        optimizer="sgd",
        weight_decay=decay,
        image_learning_rate=0.5,
        text_learning_rate=0.5,
    )
    model = _build(config, data)
    player = "text_outer_generator"
    variables = model.players[player]
    for variable in variables:
        variable.assign(np.full(variable.shape, 2.0))
    nothing = [np.zeros(v.shape, np.float32) for v in variables]

    model.text_outer_generator_optimizer.apply_gradients(
        zip(nothing, variables, strict=True)
    )

    # 2 - rate * decay * 2.
    for variable in variables:
        kept = 2.0 - decay if len(variable.shape) == 2 else 2.0
        np.testing.assert_allclose(variable, kept)


def test_the_settings_reach_the_objectives(tiny):
    config = dataclasses.replace(
        tiny,
        **PAIRS,
        outer_adversarial=False,
        outer_reconstruction_weight=0.2,
        outer_similarity_weight=0.3,
        outer_translation_weight=0.4,
        outer_decorrelation_weight=0.5,
        inner_reconstruction_weight=0.6,
        inner_similarity_weight=0.7,
        inner_translation_weight=0.8,
        inner_decorrelation_weight=0.9,
        quantization_weight=1.1,
    )

    outer, inner = training.objectives(config)

    assert vars(outer) == PAIRS | {
        "adversarial": False,
        "reconstruction_weight": 0.2,
        "similarity_weight": 0.3,
        "translation_weight": 0.4,
        "decorrelation_weight": 0.5,
        "quantization_weight": 0.0,
    }
    assert vars(inner) == PAIRS | {
        "adversarial": True,
        "reconstruction_weight": 0.6,
        "similarity_weight": 0.7,
        "translation_weight": 0.8,
        "decorrelation_weight": 0.9,
        "quantization_weight": 1.1,
    }


@pytest.mark.parametrize("cycle", ("outer", "inner"))
def test_an_ablation_takes_its_cycle_away(tiny, cycle):
    config = dataclasses.replace(tiny, **{f"{cycle}_cycle": False})

    outer, inner = training.objectives(config)

    assert ("reconstruction" in outer.weights) == (cycle == "inner")
    assert ("reconstruction" in inner.weights) == (cycle == "outer")


def test_the_settings_reach_the_networks(data, tiny):
    config = dataclasses.replace(tiny, standardize=False, couple=False)

    model = _build(config, data)
    standardized = _build(tiny, data)

    # The toy data has 12 image features and 15 words.
    shapes = [v.shape for v in model.text_encoder.variables]
    assert shapes == [(15, 10), (10,)]
    widths = [
        v.shape[1]
        for v in model.outer.text_to_image.variables
        if len(v.shape) == 2
    ]
    assert widths == [12, 9, 12, 12]
    widths = [
        v.shape[1]
        for v in model.inner.image_to_text.variables
        if len(v.shape) == 2
    ]
    # No wider than Z, which has 9 units.
    assert widths == [9, 8, 9, 9]
    judge = model.inner.text_discriminator
    assert [v.shape[-1] for v in judge.variables] == [6, 6, 4, 4]
    assert not model.non_trainable_variables
    # A running mean and variance in each of four generators.
    assert len(standardized.outer.non_trainable_variables) == 4
    assert len(standardized.inner.non_trainable_variables) == 4
