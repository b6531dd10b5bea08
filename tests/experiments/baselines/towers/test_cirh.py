import numpy as np
import pytest

from experiments.baselines.towers import cirh


@pytest.fixture(scope="module")
def losses():
    """The module, which imports TensorFlow."""
    from experiments.baselines.towers import cirh_losses

    return cirh_losses


@pytest.fixture(scope="module")
def cirh_model():
    """The module, which imports TensorFlow."""
    from experiments.baselines.towers import cirh_model

    return cirh_model


@pytest.fixture
def small():
    return cirh.CIRH(
        hidden_units=8,
        graph_units=8,
        epochs=4,
        batch_size=30,
        learning_rate=0.01,
        graph_learning_rate=0.01,
    )


@pytest.mark.parametrize(
    ("rows", "given", "size"),
    ((100, 0, 100), (4252, 0, 151), (20000, 0, 512), (4252, 64, 64)),
)
def test_a_batch_is_a_share_of_the_rows(rows, given, size):
    assert cirh.CIRH(batch_size=given).for_rows(rows).batch_size == size


def test_similarities_are_a_mix_of_both_views(losses):
    image = np.array([[2.0, 0.0], [3.0, 4.0]], np.float32)
    text = np.array([[1.0, 0.0], [0.0, 5.0]], np.float32)

    found = losses.fused(image, text, 0.75)

    np.testing.assert_allclose(found, [[1, 0.45], [0.45, 1]], rtol=1e-6)


def test_the_correlation_by_hand(losses):
    similar = np.array([[1.0, 0.5], [0.5, 1.0]], np.float32)
    # Item 1 is far from item 0 in the eyes of item 1 alone.
    floors = np.array([0.4, 0.6], np.float32)

    found = losses.correlation(similar, floors, 0.25)

    def scaled(s):
        return 2 / (1 + np.exp(-s)) - 1

    across = scaled(0.5) / 2
    own = 0.25 * 1 + 0.75 * (scaled(1.0) + 1)
    np.testing.assert_allclose(
        found,
        [[own, 0.25 * 0.5 + 0.75 * across], [0.75 * across, own]],
        rtol=1e-6,
    )


def test_floors_leave_a_share_below(losses, pairs):
    count = len(pairs)

    floors = losses.far_floors(
        lambda rows: pairs.image[rows],
        lambda rows: pairs.text[rows],
        count,
        0.6,
        0.25,
    )

    similar = losses.fused(pairs.image, pairs.text, 0.6).numpy()
    below = (similar < floors[:, None] - 1e-5).sum(axis=1)
    # Equal ones are not below.
    assert below.max() <= int(0.25 * count)
    assert (similar <= floors[:, None] + 1e-5).sum(axis=1).min() > below.max()


def test_features_are_mixed_with_the_second_and_third_neighbour(losses):
    values = np.eye(4, dtype=np.float32)
    similar = np.array(
        [[1, 0.9, 0.8, 0.7], [0.9, 1, 0.8, 0.7], [0, 1, 2, 3], [0, 1, 2, 3]],
        np.float32,
    )

    found = losses.smoothed(values, similar)

    np.testing.assert_allclose(
        found,
        [
            [0.7, 0, 0.2, 0.1],
            [0, 0.7, 0.2, 0.1],
            [0.1, 0.2, 0.7, 0],
            [0.1, 0.2, 0, 0.7],
        ],
        rtol=1e-6,
    )


def test_losses_are_means_of_squares(losses):
    left = np.array([[1.0, 0.0], [0.0, 2.0]], np.float32)
    similar = np.array([[1.0, 0.5], [0.0, 0.5]], np.float32)

    # Cosines 1, 0; 0, 1.
    correlation = losses.correlation_loss(similar, (left, left), (left, left))
    identity = losses.identity_loss((left, left), (left, 0 * left))

    assert float(correlation) == pytest.approx(2 * (0.25 + 0.25) / 4)
    assert float(identity) == pytest.approx((1 + 4) / 4)


def test_two_epochs_have_one_order(cirh_model):
    drawn = cirh_model.Draws(10, 4, seed=1)

    # Two batches an epoch: steps 0, 1 and 2, 3 are the same, 4 another.
    orders = [drawn(step)["index"].tolist() for step in range(5)]

    assert orders[:2] == orders[2:4]
    assert orders[4] != orders[0]


def test_each_phase_trains_its_own_networks(cirh_model, small, pairs):
    model = cirh_model.CIRHModel(small, bits=4)
    model.compile()
    turns = model.turns(
        model.prepare({"image": pairs.image, "text": pairs.text})
    )
    rows = np.arange(30, dtype=np.int32)
    batch = {
        "index": rows,
        "image": pairs.image[rows],
        "text": pairs.text[rows].astype(np.float32),
    }
    for epoch, phase in enumerate(("graph", "towers")):
        assert turns.begin(epoch) == phase
        before = {
            name: [v.numpy() for v in variables]
            for name, variables in model.players.items()
        }
        codes = model.bank.rows(rows).numpy()

        model.phase_steps()[phase](batch)

        changed = {
            name
            for name, variables in model.players.items()
            if any(
                not np.array_equal(old, new)
                for old, new in zip(before[name], variables, strict=True)
            )
        }
        assert changed == {phase}
        after = model.bank.rows(rows).numpy()
        assert np.array_equal(codes, after) == (phase == "towers")
    np.testing.assert_array_equal(np.abs(after), 1)


def test_training_lowers_the_loss(small, pairs, reported):
    small.fit(pairs.unlabelled(), 4, report=reported)

    losses = [loss for loss in reported if loss is not None]
    assert len(losses) == 4
    assert losses[-1] < losses[0]
