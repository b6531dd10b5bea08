import dataclasses

import numpy as np
import pytest

from experiments.baselines.deep import acmr
from experiments.baselines.deep import layers


@pytest.fixture(scope="module")
def acmr_model():
    """The module, which imports TensorFlow."""
    from experiments.baselines.deep import acmr_model

    return acmr_model


@pytest.fixture(scope="module")
def small():
    return acmr.ACMR(
        image_hidden_units=8,
        text_hidden_units=8,
        epochs=6,
        batch_size=30,
        learning_rate=0.01,
    )


@pytest.fixture(scope="module")
def fitted(small, pairs):
    """A model and the losses of its training."""
    losses = []
    model = small.fit(
        pairs, 4, seed=2, report=lambda *reported: losses.append(reported[2])
    )
    return model, losses


def test_distances_are_of_pairs_and_of_the_nearest_stranger(acmr_model):
    image = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 9.0]], np.float32)
    text = np.array([[0.0, 1.0], [3.0, 0.0], [0.0, 8.0]], np.float32)
    labels = np.array([[1, 0], [0, 1], [1, 0]], np.float32)

    similar, dissimilar = acmr_model.distance_losses(image, text, labels, 4.0)

    # Pairs are 1, 0 and 1 apart. Without a common label are items 0 and 1 and
    # items 1 and 2: images to texts 3, 3.162 and 9.487; back 3.162 and 3.
    assert float(similar) == pytest.approx(2 / 3, abs=1e-3)
    to_text = (4 - 3) + (4 - np.sqrt(10)) + 0
    to_image = (4 - np.sqrt(10)) + (4 - 3) + 0
    assert float(dissimilar) == pytest.approx(
        (to_text + to_image) / 6, abs=1e-4
    )


def test_a_step_moves_both_players(acmr_model, small, pairs):
    import keras

    model = acmr_model.ACMRModel(small, bits=8, epochs=1)
    model.compile(keras.optimizers.Adam(0.01))
    items = {"image": pairs.image, "text": pairs.text, "labels": pairs.labels}
    model.prepare(items, steps_per_epoch=10)
    before = [w.numpy() for w in model.trainable_variables]

    assert float(model._adversary_weight()) == 0.0
    model.phase_steps()["both"](
        {
            "image": pairs.image[:30],
            "text": pairs.text[:30],
            "labels": pairs.labels[:30].astype(np.float32),
        }
    )

    for old, new in zip(before, model.trainable_variables, strict=True):
        assert not np.array_equal(old, new)
    # One step of ten: 2 / (1 + e^-1) - 1.
    assert float(model._adversary_weight()) == pytest.approx(0.4621, abs=1e-4)


def test_training_lowers_the_embeddings_loss(fitted):
    _, losses = fitted

    assert len(losses) == 6
    assert losses[-1] < losses[0]


def test_signs_are_codes_and_embeddings_have_scores(
    small, fitted, pairs, tmp_path
):
    model, _ = fitted
    model.save(tmp_path / "model.npz")
    signs = dataclasses.replace(small, real_valued=False)

    scores = small.load(tmp_path / "model.npz").text_scorer(pairs.text)

    image = model.image.outputs(pairs.image[:3])
    text = model.text.outputs(pairs.text)
    np.testing.assert_allclose(
        scores(pairs.image[:3]),
        image @ text.T / np.linalg.norm(text, axis=1),
    )
    assert not hasattr(signs.load(tmp_path / "model.npz"), "text_scorer")


def test_arrays_give_what_the_network_gave(acmr_model, small, pairs):
    from experiments.baselines.deep import keras_training

    scaling = layers.scaling(pairs.image)
    network = keras_training.two_layers(scaling, 8, 4, True, 0)

    view = keras_training.as_arrays(network, *scaling)

    np.testing.assert_allclose(
        view.outputs(pairs.image),
        network.predict(pairs.image, verbose=0),
        atol=1e-5,
    )
