import math

import numpy as np
import pytest
import tensorflow as tf

from ssah import losses
from ssah import networks
from ssah import objective

# Two items of a batch, three of a bank; 2 features, 4 bits, 2 labels.
OUTPUTS = networks.Outputs(
    tf.constant([[1.0, 2.0], [0.0, 1.0]]),
    tf.constant([[0.5, -0.5, 0.1, 0.9], [-0.8, 0.2, 0.3, -0.4]]),
    tf.constant([[0.2, 0.9], [0.6, 0.5]]),
)
BANK_FEATURES = tf.constant([[1.0, 0.0], [2.0, 1.0], [0.0, 3.0]])
BANK_CODES = tf.constant(
    [[0.9, -0.9, 0.8, 0.7], [-0.5, 0.5, 0.5, -0.6], [0.1, 0.2, -0.3, 0.4]]
)
BANK_LABELS = tf.constant([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
LABELS = tf.constant([[0.0, 1.0], [1.0, 0.0]])
TARGETS = tf.constant([[1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, -1.0]])
SIMILAR = tf.constant([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])


def _loss(items=None, **settings):
    nothing = dict.fromkeys(
        (
            "feature_pair_weight",
            "hash_pair_weight",
            "quantization_weight",
            "classification_weight",
        ),
        0.0,
    )
    return objective.Objective(**(nothing | settings)).network(
        OUTPUTS, BANK_FEATURES, BANK_CODES, BANK_LABELS, LABELS, TARGETS, items
    )


TERMS = {
    "feature_pair_weight": (
        losses.feature_pair_loss(OUTPUTS.features, BANK_FEATURES, SIMILAR),
        3,
    ),
    "hash_pair_weight": (
        losses.hash_pair_loss(OUTPUTS.codes, BANK_CODES, SIMILAR),
        3,
    ),
    "quantization_weight": (
        losses.quantization_loss(OUTPUTS.codes, TARGETS),
        4,
    ),
    "classification_weight": (
        losses.classification_loss(OUTPUTS.labels, LABELS),
        2,
    ),
}


@pytest.mark.parametrize("role", TERMS)
def test_each_weight_has_its_own_term(role):
    term, entries = TERMS[role]

    as_sum = _loss(**{role: 3.0}, normalization="sum")
    as_mean = _loss(**{role: 3.0}, normalization="mean")

    np.testing.assert_allclose(as_sum, 3.0 * term, rtol=1e-5)
    np.testing.assert_allclose(as_mean, 3.0 / entries * term, rtol=1e-5)


def test_theta_can_be_that_of_a_number_of_bits():
    found = _loss(hash_pair_weight=1.0, normalization="sum", theta_bits=8.0)

    # Of 4 bits, so that theta is doubled.
    expected = losses.hash_pair_loss(
        OUTPUTS.codes, BANK_CODES, SIMILAR, scale=2.0
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_terms_add_up():
    weights = dict(zip(TERMS, (1.0, 2.0, 0.5, 4.0), strict=True))

    found = _loss(**weights, normalization="sum")

    expected = sum(weight * TERMS[role][0] for role, weight in weights.items())
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_smoothing_reaches_the_pairs():
    found = _loss(
        hash_pair_weight=1.0, similarity_smoothing=0.9, normalization="sum"
    )

    np.testing.assert_allclose(
        found,
        losses.hash_pair_loss(OUTPUTS.codes, BANK_CODES, 0.9 * SIMILAR),
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    ("role", "own", "bank"),
    (
        ("feature_pair_weight", OUTPUTS.features, BANK_FEATURES),
        ("hash_pair_weight", OUTPUTS.codes, BANK_CODES),
    ),
)
def test_pairs_take_the_released_form(role, own, bank):
    # Half the square of each pair's negative log-likelihood.
    theta = own.numpy() @ bank.numpy().T / 2
    pairs = np.log1p(np.exp(theta)) - SIMILAR.numpy() * theta

    found = _loss(**{role: 1.0}, pair_loss="squared", normalization="sum")

    np.testing.assert_allclose(found, (pairs**2).sum(axis=1) / 2, rtol=1e-5)


@pytest.mark.parametrize(("normalization", "factor"), (("sum", 4), ("mean", 1)))
def test_a_bank_of_some_stands_for_all_items(normalization, factor):
    weights = {"feature_pair_weight": 1.0, "hash_pair_weight": 2.0}

    own, all_items = (
        _loss(items, **weights, normalization=normalization)
        for items in (None, 12)
    )

    np.testing.assert_allclose(all_items, factor * own, rtol=1e-5)


def test_the_adversary_has_a_weight_and_a_form():
    logits = tf.constant([[0.0], [1.0]])
    entropy = objective.Objective(adversarial_weight=2.0)
    squares = objective.Objective(
        adversarial_weight=2.0, discriminator_loss="squares"
    )

    np.testing.assert_allclose(
        entropy.adversarial(logits)[0], [2.0 * math.log(2.0)], rtol=1e-6
    )
    np.testing.assert_allclose(squares.adversarial(logits), [[2.0], [0.0]])
    np.testing.assert_allclose(
        squares.discriminator(logits, logits), [[1.0], [1.0]]
    )
