import keras
import numpy as np
import pytest

from common.data import draws
from common.data import pipeline
from uch import config as uch_config
from uch import model as uch_model
from uch import objective


@pytest.fixture(scope="session")
def tiny():
    """Settings of a run of seconds, none left to the defaults' numbers."""
    return uch_config.Config(
        bits=8,
        outer_adversarial=True,
        inner_adversarial=True,
        outer_cycle=True,
        inner_cycle=True,
        couple=True,
        standardize=True,
        fixed_targets=True,
        gan_loss="cross_entropy",
        normalization="mean",
        adversarial_weight=0.1,
        outer_reconstruction_weight=1.0,
        outer_similarity_weight=1.0,
        outer_translation_weight=0.0,
        outer_decorrelation_weight=0.0,
        inner_reconstruction_weight=1.0,
        inner_similarity_weight=1.0,
        inner_translation_weight=0.0,
        inner_decorrelation_weight=0.0,
        quantization_weight=0.0,
        text_feature_units=10,
        outer_hidden_units=12,
        representation_units=9,
        inner_hidden_units=11,
        outer_discriminator_units=7,
        inner_discriminator_units=6,
        discriminator_outputs=4,
        feature_scaling="unit",
        optimizer="adam",
        image_learning_rate=0.01,
        text_learning_rate=0.01,
        learning_rate_decay=0.5,
        decay_at=0.6,
        weight_decay=0.01,
        batch_size=32,
        epochs=3,
        collapse_grace_epochs=1,
        minimum_feature_scale=1e-3,
        minimum_spread=0.02,
        maximum_one_sided_bits=0.5,
    )


@pytest.fixture(scope="session")
def build(data):
    """Makes a small model that descends at a rate of 0.5."""

    def build(outer=None, inner=None, couple=True, bits=6, standardize=True):
        model = uch_model.UCH(
            bits=bits,
            text_feature_units=10,
            outer_hidden_units=12,
            representation_units=9,
            inner_hidden_units=11,
            outer_discriminator_units=7,
            inner_discriminator_units=6,
            discriminator_outputs=4,
            couple=couple,
            standardize=standardize,
        )
        model.outer_objective = objective.Objective(**(outer or {}))
        model.inner_objective = objective.Objective(**(inner or {}))
        model.compile(keras.optimizers.SGD(0.5), jit_compile=False)
        model.build(
            {
                "image": (None, *data.image_shape),
                "text": (None, data.text_dim),
            }
        )
        return model

    return build


@pytest.fixture(scope="session")
def batch(data):
    """Sixteen training pairs of the toy data."""
    pairs = draws.PairDraws(len(data), 16, 0)
    rows = np.arange(len(data))
    return next(iter(pipeline.batches(data, rows, pairs, 0, 1)))
