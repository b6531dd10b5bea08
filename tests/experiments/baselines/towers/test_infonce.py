import numpy as np
import pytest

from experiments.baselines.towers import infonce


@pytest.fixture(scope="module")
def infonce_model():
    """The module, which imports TensorFlow."""
    from experiments.baselines.towers import infonce_model

    return infonce_model


@pytest.fixture
def small():
    return infonce.InfoNCE(
        hidden_units=8, epochs=6, batch_size=30, learning_rate=0.01
    )


def test_the_loss_by_hand(infonce_model):
    logits = np.array([[2.0, 1.2], [0.0, 1.6]], np.float32)

    loss = infonce_model.told(logits)

    expected = np.log(1 + np.exp(1.2 - 2)) + np.log(1 + np.exp(0 - 1.6))
    assert float(loss) == pytest.approx(expected / 2, rel=1e-5)


def test_losses_are_of_cosines_over_the_temperature(
    infonce_model, small, pairs
):
    model = infonce_model.InfoNCEModel(
        small, bits=4, dropout=0.0, temperature=0.25
    )
    model.compile()
    model.prepare({"image": pairs.image, "text": pairs.text})
    batch = {"image": pairs.image[:9], "text": pairs.text[:9]}
    image, text = (output.numpy() for output in model.outputs(batch, 0))

    found = model.phase_steps()["both"](batch)

    image, text = (
        v / np.linalg.norm(v, axis=1)[:, None] for v in (image, text)
    )
    logits = 4 * image @ text.T
    own = np.diag(logits)
    for name, one in (("image_loss", logits), ("text_loss", logits.T)):
        expected = np.mean(np.log(np.exp(one).sum(axis=1)) - own)
        assert float(found[name]) == pytest.approx(expected, rel=1e-4)


def test_a_step_drops_other_units_than_the_last(infonce_model, small, pairs):
    model = infonce_model.InfoNCEModel(small, bits=4)
    model.compile()
    model.prepare({"image": pairs.image, "text": pairs.text})
    batch = {"image": pairs.image[:30], "text": pairs.text[:30]}

    first, again, other = (
        model.outputs(batch, step, 0.5)[0].numpy() for step in (3, 3, 4)
    )

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    # Nothing is dropped once the towers are trained.
    np.testing.assert_allclose(
        model.outputs(batch, 3)[0], model.image_network(batch["image"])
    )


def test_training_lowers_the_loss(small, pairs, reported):
    small.fit(pairs.unlabelled(), 4, report=reported)

    losses = [loss for loss in reported if loss is not None]
    assert len(losses) == 6
    assert losses[-1] < losses[0]
