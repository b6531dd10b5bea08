import numpy as np
import pytest

from experiments.baselines.deep import dcmh


@pytest.fixture(scope="module")
def dcmh_model():
    """The module, which imports TensorFlow."""
    from experiments.baselines.deep import dcmh_model

    return dcmh_model


@pytest.fixture
def small():
    return dcmh.DCMH(
        image_hidden_units=8,
        text_hidden_units=8,
        epochs=6,
        batch_size=30,
        learning_rate=0.01,
    )


def _batch():
    rng = np.random.default_rng(0)
    whole, other = rng.normal(size=(2, 5, 3)).astype(np.float32)
    codes = np.where(rng.normal(size=(2, 3)) >= 0, 1, -1).astype(np.float32)
    similar = rng.random((2, 5)) < 0.5
    return whole, other, codes, similar


def test_the_loss_is_the_objective_written_out(dcmh_model):
    whole, other, codes, similar = _batch()

    loss = dcmh_model.batch_loss(
        whole[:2], whole, other, codes, similar, 0.5, 0.25
    )

    total = 0.0
    for i in range(2):
        for j in range(5):
            theta = 0.5 * whole[i] @ other[j]
            total -= similar[i, j] * theta - np.log1p(np.exp(theta))
    total += 0.5 * np.sum((codes - whole[:2]) ** 2)
    total += 0.25 / 5 * np.sum(whole.sum(axis=0) ** 2)
    # Two items of a batch, five in all.
    assert float(loss) == pytest.approx(total / 10, rel=1e-5)


def test_theta_can_be_scaled(dcmh_model):
    whole, other, codes, similar = _batch()

    scaled, halved = (
        dcmh_model.batch_loss(
            whole[:2], whole, bank, codes, similar, 0.5, 0.25, scale
        )
        for bank, scale in ((other, 0.5), (0.5 * other, 1.0))
    )

    assert float(scaled) == pytest.approx(float(halved), rel=1e-6)


def test_the_gradient_is_that_of_the_paper(dcmh_model):
    import tensorflow as tf

    whole, other, codes, similar = _batch()
    outputs = tf.Variable(whole[:2])

    with tf.GradientTape() as tape:
        loss = dcmh_model.batch_loss(
            outputs,
            tf.tensor_scatter_nd_update(whole, [[0], [1]], outputs),
            other,
            codes,
            similar,
            0.5,
            0.25,
        )
    gradient = tape.gradient(loss, outputs)

    # 1/2 sum_j (sigma(T) - S) G_j + 2 gamma (F - B) + 2 eta F'1 / n, over n B.
    sigma = 1 / (1 + np.exp(-0.5 * whole[:2] @ other.T))
    expected = 0.5 * (sigma - similar) @ other + (whole[:2] - codes)
    expected = expected + 0.5 * whole.mean(axis=0)
    np.testing.assert_allclose(gradient, expected / 10, rtol=1e-4, atol=1e-6)


def test_one_turn_changes_one_network_and_its_bank(dcmh_model, small, pairs):
    model = dcmh_model.DCMHModel(small, bits=4)
    model.compile()
    items = {"image": pairs.image, "text": pairs.text, "labels": pairs.labels}
    turns = model.turns(model.prepare(items))
    assert turns.begin(0) == "image"
    before = _state(model)
    rows = np.arange(30, dtype=np.int32)
    batch = {
        "index": rows,
        "image": pairs.image[rows],
        "text": pairs.text[rows],
        "labels": pairs.labels[rows].astype(np.float32),
    }

    model.phase_steps()["image"](batch)

    changed = {
        name
        for name, value in _state(model).items()
        if not np.array_equal(value, before[name])
    }
    assert changed <= {"image_bank", "image_kernel"}
    assert "image_kernel" in changed
    np.testing.assert_allclose(
        model.bank.image[:30], before["image_bank"][:30], atol=1e-5
    )


def test_codes_are_the_sign_of_both_banks(dcmh_model):
    bank = dcmh_model.Bank(1, 2)
    bank.fill(
        np.array([[1.0, -3.0]], np.float32),
        np.array([[-1.0, 2.0]], np.float32),
    )

    # 1 - 1 is 0, and counts as a 1.
    np.testing.assert_array_equal(bank.codes, [[1.0, -1.0]])


def test_training_lowers_the_loss(small, pairs, reported):
    small.fit(pairs, 4, report=reported)

    losses = [loss for loss in reported if loss is not None]
    assert losses[-1] < losses[0]


def _state(model):
    return {
        "image_bank": model.bank.image.numpy(),
        "text_bank": model.bank.text.numpy(),
        "codes": model.bank.codes.numpy(),
        "image_kernel": model.image_network.layers[-1].kernel.numpy(),
        "text_kernel": model.text_network.layers[-1].kernel.numpy(),
    }


@pytest.mark.parametrize(
    ("bits", "theta_bits", "scale"),
    ((16, 32.0, 1.0), (64, 32.0, 0.5), (64, 0.0, 1.0)),
)
def test_theta_of_long_codes_counts_as_that_of_short_ones(
    dcmh_model, bits, theta_bits, scale
):
    model = dcmh_model.DCMHModel(dcmh.DCMH(theta_bits=theta_bits), bits=bits)

    assert model._theta_scale() == scale
