import math

import numpy as np
import pytest
import tensorflow as tf

from uch import cycles
from uch import networks
from uch import objective
from uch.networks import Pair

NOTHING = {
    "adversarial_weight": 0.0,
    "reconstruction_weight": 0.0,
    "similarity_weight": 0.0,
}
WEIGHTS = (
    "adversarial",
    "reconstruction",
    "similarity",
    "translation",
    "decorrelation",
    "quantization",
)


@pytest.fixture(scope="module")
def cycle():
    architecture = networks.Architecture(5, 6, 4, 3, 7, 8, 2)
    return cycles.outer_cycle(architecture, 9, 0)


@pytest.fixture(scope="module")
def real():
    rng = np.random.default_rng(0)
    return Pair(
        tf.constant(rng.normal(size=(8, 9)), tf.float32),
        tf.constant(rng.normal(size=(8, 5)), tf.float32),
    )


def _only(name, weight=1.0, **settings):
    return objective.Objective(
        **(NOTHING | {f"{name}_weight": weight} | settings)
    )


def _found(cycle, real, one):
    return one.terms(cycle, real, cycle.middle(real))


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_term_without_weight_is_not_there(cycle, real, name):
    found = _found(cycle, real, _only(name))

    assert set(found) == {name}


def test_a_cycle_without_discriminators_has_no_adversarial_term(cycle, real):
    one = objective.Objective(adversarial=False, adversarial_weight=0.5)

    assert set(one.weights) == {"reconstruction", "similarity"}
    assert set(_found(cycle, real, one)) == set(one.weights)


def test_reconstruction_is_equation_6_over_units(cycle, real):
    image = cycle.text_to_image(cycle.image_to_text(real.image)).numpy()
    text = cycle.image_to_text(cycle.text_to_image(real.text)).numpy()
    squares = [(real.image - image) ** 2, (real.text - text) ** 2]

    mean, total = (
        _found(cycle, real, _only("reconstruction", normalization=form))
        for form in ("mean", "sum")
    )

    # Eight items; 9 units of images and 5 of texts.
    np.testing.assert_allclose(
        mean["reconstruction"], sum(np.mean(s) for s in squares), rtol=1e-4
    )
    np.testing.assert_allclose(
        total["reconstruction"], sum(np.sum(s) / 8 for s in squares), rtol=1e-4
    )


def test_similarity_is_equation_7_over_units(cycle, real):
    image = cycle.image_to_text.encoder(real.image).numpy()
    text = cycle.text_to_image.encoder(real.text).numpy()
    squares = (image - text) ** 2

    mean, total = (
        _found(cycle, real, _only("similarity", normalization=form))
        for form in ("mean", "sum")
    )

    np.testing.assert_allclose(mean["similarity"], np.mean(squares), rtol=1e-4)
    np.testing.assert_allclose(
        total["similarity"], np.sum(squares) / 8, rtol=1e-4
    )


def test_generators_are_judged_by_what_they_make(cycle, real):
    # -log sigmoid of all logits, averaged for each modality.
    judged = (
        cycle.image_discriminator(cycle.text_to_image(real.text)),
        cycle.text_discriminator(cycle.image_to_text(real.image)),
    )
    wanted = sum(np.mean(np.log1p(np.exp(-x.numpy()))) for x in judged)

    found = _found(cycle, real, _only("adversarial"))

    np.testing.assert_allclose(found["adversarial"], wanted, rtol=1e-4)


def test_translation_compares_with_the_other_half_of_the_pair(cycle, real):
    text = cycle.image_to_text(real.image)
    image = cycle.text_to_image(real.text)
    wanted = np.mean((real.image - image) ** 2) + np.mean(
        (real.text - text) ** 2
    )

    found = _found(cycle, real, _only("translation"))

    np.testing.assert_allclose(found["translation"], wanted, rtol=1e-4)


def test_both_modalities_are_decorrelated_and_quantised(cycle, real):
    # Two units that are copies, and two that are not.
    copies = tf.constant([[1.0, 1.0], [-1.0, -1.0]] * 2)
    independent = tf.constant(
        [[0.5, 0.5], [0.5, -0.5], [-0.5, 0.5], [-0.5] * 2]
    )
    four = Pair(real.image[:4], real.text[:4])
    cycle_of_two = cycles.outer_cycle(
        networks.Architecture(5, 6, 2, 3, 7, 8, 2), 9, 0
    )

    found = objective.Objective(
        **NOTHING, decorrelation_weight=1.0, quantization_weight=1.0
    ).terms(cycle_of_two, four, Pair(copies, independent))

    np.testing.assert_allclose(found["decorrelation"], 1.0, rtol=1e-4)
    # 0 and (1/2)^2 a unit.
    np.testing.assert_allclose(found["quantization"], 0.25)


def test_the_whole_loss_is_the_weighted_sum():
    one = objective.Objective(
        adversarial_weight=0.5, reconstruction_weight=2.0, similarity_weight=3.0
    )
    terms = {"adversarial": 1.0, "reconstruction": 10.0, "similarity": 100.0}

    assert float(one.generators(terms)) == 0.5 + 20.0 + 300.0


def test_with_no_term_there_is_nothing_to_lose(cycle, real):
    one = objective.Objective(**NOTHING)

    assert float(one.generators(_found(cycle, real, one))) == 0.0


def test_both_discriminators_losses_are_added():
    # One item and one output each; sigmoid(ln 3) = 3 / 4.
    real = Pair(tf.constant([[math.log(3.0)]]), tf.constant([[0.0]]))
    fake = Pair(tf.constant([[0.0]]), tf.constant([[math.log(3.0)]]))

    entropy = objective.Objective().discriminators(real, fake)
    squares = objective.Objective(gan_loss="squares").discriminators(real, fake)

    np.testing.assert_allclose(
        entropy,
        math.log(4 / 3) + math.log(2) + math.log(2) + math.log(4),
        rtol=1e-6,
    )
    # (ln 3 - 1)^2 + 0 for images, 1 + (ln 3)^2 for texts.
    np.testing.assert_allclose(
        squares, (math.log(3) - 1) ** 2 + 1 + math.log(3) ** 2, rtol=1e-6
    )


def test_a_term_of_the_wrong_name_would_be_noticed():
    with pytest.raises(KeyError):
        objective.Objective().generators({"similar": 1.0})
