import numpy as np
import pytest

from experiments.baselines.towers import ucch


@pytest.fixture(scope="module")
def losses():
    """The module, which imports TensorFlow."""
    from experiments.baselines.towers import ucch_losses

    return ucch_losses


@pytest.fixture(scope="module")
def ucch_model():
    """The module, which imports TensorFlow."""
    from experiments.baselines.towers import ucch_model

    return ucch_model


@pytest.fixture
def small():
    return ucch.UCCH(
        hidden_units=8,
        epochs=6,
        negatives=40,
        batch_size=30,
        learning_rate=0.01,
    )


def test_keys_are_signs_of_length_1(losses):
    values = np.array([[0.0, -0.1, 3.0, -2.0]], np.float32)

    np.testing.assert_allclose(losses.keys(values), [[0.5, -0.5, 0.5, -0.5]])


def test_the_contrast_by_hand(losses):
    outputs = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    own = np.array([[0.6, 0.8], [0.6, 0.8]], np.float32)
    others = np.array([[0.6, -0.8], [0.6, 0.8]], np.float32)
    known = np.array([[False, False], [False, True]])

    loss = losses.contrast(outputs, own, others, known, 0.5)

    # Over .5 item 0 has 1.2 with its own key and 1.2 with both others; item 1
    # has 1.6 with its own and -1.6 with the one that is a stranger.
    expected = np.log(3) + np.log(1 + np.exp(-3.2))
    assert float(loss) == pytest.approx(expected / 2, rel=1e-5)


def test_the_bank_moves_to_the_mean_of_both_outputs(losses):
    values = np.array([[1.0, 0.0]], np.float32)
    image = np.array([[0.0, 1.0]], np.float32)

    moved = losses.updated(values, image, image, 0.4)

    # .4 (1, 0) + .6 (0, 1), over its length.
    np.testing.assert_allclose(
        moved, [[0.4 / np.sqrt(0.52), 0.6 / np.sqrt(0.52)]], rtol=1e-6
    )
    np.testing.assert_allclose(
        losses.updated(values, image, image, 0.0), image, atol=1e-7
    )


def test_products_beyond_the_margin_are_shifted(losses):
    products = np.array([[0.5, 0.4, 0.1], [0, 0.3, 0.9], [0, 0, 0.25]], "f4")

    found = losses.shifted(products, 0.3, 0.1)

    # From .5 are .4 within .3 and .1 not; from .3 all but nothing; from .25 0.
    expected = [[0.5, 0.4, 0.0], [0, 0.3, 0.9], [0, 0, 0.25]]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_ranking_by_hand(losses):
    image = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    text = np.array([[1.0, 0.0], [0.6, 0.8]], np.float32)

    loss = losses.ranking(image, text, 0.2, 0.1)

    # Products 1, .6; 0, .8. Gaps above .2 count .1 more: from image 0 to text
    # 1 .6 is .5, from image 1 to text 0 0 is -.1; from text 0 to image 1 0 is
    # -.1, from text 1 to image 0 .6 stays.
    to_text = np.log(1 + np.exp(0.5 - 1)) + np.log(1 + np.exp(-0.1 - 0.8))
    to_image = np.log(1 + np.exp(-0.1 - 1)) + np.log(1 + np.exp(0.6 - 0.8))
    expected = 0.4 + (to_text + to_image) / 2
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_strangers_are_distinct_and_a_function_of_the_step(ucch_model):
    drawn = ucch_model.Draws(50, 10, seed=3, negatives=20)

    first, again, other = (drawn(step)["strangers"] for step in (4, 4, 5))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(set(first)) == 20
    assert first.max() < 50


def test_more_strangers_than_items_are_all_items(ucch_model, small, pairs):
    model = ucch_model.UCCHModel(small, bits=4, negatives=10**6)
    model.compile()
    train = model.prepare({"image": pairs.image, "text": pairs.text})

    strangers = model.make_draws(train, 30)(0)["strangers"]

    assert sorted(strangers) == list(range(len(pairs)))


def test_a_step_changes_towers_and_the_batch_s_rows(ucch_model, small, pairs):
    model = ucch_model.UCCHModel(small, bits=4)
    model.compile()
    train = model.prepare({"image": pairs.image, "text": pairs.text})
    rows = np.arange(30, dtype=np.int32)
    batch = {
        "index": rows,
        "strangers": np.arange(20, 60, dtype=np.int32),
        "image": pairs.image[rows],
        "text": pairs.text[rows],
    }
    assert [model.turns(train).begin(e) for e in (0, 1)] == ["warmup", "bank"]

    everything = np.arange(len(pairs))
    for phase in ("warmup", "bank"):
        before = model.bank.rows(everything).numpy()
        weights = [w.numpy() for w in model.tower_weights]
        model.phase_steps()[phase](batch)
        after = model.bank.rows(everything).numpy()

        for old, new in zip(weights, model.tower_weights, strict=True):
            assert not np.array_equal(old, new)
        np.testing.assert_array_equal(before[30:], after[30:])
        assert (before[:30] != after[:30]).any(axis=1).all()
        np.testing.assert_allclose(
            np.linalg.norm(after[:30], axis=1), 1, rtol=1e-5
        )


def test_training_lowers_the_loss(small, pairs, reported):
    small.fit(pairs.unlabelled(), 4, report=reported)

    # The first epoch has other strangers.
    losses = [loss for loss in reported if loss is not None]
    assert len(losses) == 6
    assert losses[-1] < losses[1]
