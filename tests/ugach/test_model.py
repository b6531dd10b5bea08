import keras
import numpy as np
import pytest
import tensorflow as tf

from common.data import draws
from common.data import pipeline
from ugach import model as ugach_model
from ugach import objective

BITS = 6
QUERIES = 16
CANDIDATES = 30
MARGIN = 2.0
# Of candidates that no generator selects.
UNIFORM_MARGIN = 0.5
ALL = ("index", "positive", "pool")
PHASES = ("pretrain", "discriminator", "generator", "adversarial")
# The players that a phase trains.
MOVING = {
    "pretrain": ["discriminator"],
    "discriminator": ["discriminator"],
    "generator": ["generator"],
    "adversarial": ["discriminator", "generator"],
}
# The player that stands still, and so fills the table.
STANDING = {"discriminator": "generator", "generator": "discriminator"}


def _model(
    data,
    rate=1.0,
    weight_decay=0.0,
    seed=0,
    parts=ALL,
    code_metric="euclidean",
    **settings,
):
    model = ugach_model.UGACH(
        bits=BITS,
        mode="ugach" if "positive" in parts else "baseline_gan",
        hidden_units=10,
        feature_scaling="unit",
        code_metric=code_metric,
        weight_decay=weight_decay,
        pool_size=CANDIDATES if "pool" in parts else 0,
        seed=seed,
    )
    model.objective = objective.Objective(
        margin=MARGIN, uniform_margin=UNIFORM_MARGIN, **settings
    )
    model.compile(keras.optimizers.SGD(rate), jit_compile=False)
    model.build(
        {"image": (None, data.image_dim), "text": (None, data.text_dim)}
    )
    assert model.parts == tuple(parts)
    return model


def _batch(data):
    """A batch whose pool holds a quarter of all rows, known ones among them."""
    rng = np.random.default_rng(0)
    own = np.arange(len(data))[:, None]
    others = rng.integers(len(data), size=(len(data), 3))
    neighbours = np.concatenate([own, others], axis=1).astype(np.int32)
    drawn = draws.GraphDraws(neighbours, QUERIES, CANDIDATES, 0)
    rows = np.arange(len(data))
    return next(iter(pipeline.batches(data, rows, drawn, 0, 1)))


def _fill_table(model, player, data):
    model.set_table(
        player.image_pathway(data.image_features(slice(None))).numpy(),
        player.text_pathway(data.text_features(slice(None))).numpy(),
    )


def _step(model, phase, batch, data):
    if phase in STANDING:
        _fill_table(model, getattr(model, STANDING[phase]), data)
    return model.phase_steps()[phase](batch)


def _weights(player):
    return [variable.numpy() for variable in player.variables]


def _same(first, second):
    return all(
        np.array_equal(one, two) for one, two in zip(first, second, strict=True)
    )


def _directions(player, batch, metric="euclidean"):
    """(query, positive, pool) codes from image to text and back.

    By cosine these are the codes less 1/2 as vectors of length sqrt(K) / 2,
    whose squared distance is K / 2 (1 - cos).
    """
    parts = []
    for name in ("image", "text"):
        codes = getattr(player, f"{name}_pathway")(batch[name])
        if metric == "cosine":
            centred = codes - 0.5
            length = tf.sqrt(tf.reduce_sum(centred**2, axis=1, keepdims=True))
            codes = centred / length * BITS**0.5 / 2
        parts.append(tf.split(codes, [QUERIES, QUERIES, CANDIDATES]))
    image, text = parts
    return [(image[0], *text[1:]), (text[0], *image[1:])]


def _distances(queries, candidates):
    return tf.reduce_sum((queries[:, None] - candidates[None]) ** 2, axis=2)


def _scores(query, positive, pool, margin=MARGIN):
    to_positive = tf.reduce_sum((query - positive) ** 2, axis=1)
    return tf.maximum(
        margin + to_positive[:, None] - _distances(query, pool), 0.0
    )


def _selection(phase, known_candidates, model, batch, metric):
    """p(x | q) of either direction as plain numbers; 0 where x is known."""
    unknown = ~batch["known"].numpy()
    for query, _, pool in _directions(model.generator, batch, metric):
        weights = np.exp(-_distances(query, pool).numpy())
        if phase == "pretrain":
            weights = unknown.astype(np.float32)
        elif known_candidates == "excluded":
            weights = weights * unknown
        yield unknown * weights / weights.sum(axis=1, keepdims=True)


def _expected_discriminator_step(phase, known_candidates, model, batch, metric):
    """Loss and gradient with p held fixed, by the definition."""
    selection = list(_selection(phase, known_candidates, model, batch, metric))
    margin = UNIFORM_MARGIN if phase == "pretrain" else MARGIN
    with tf.GradientTape() as tape:
        loss = sum(
            tf.reduce_sum(p * _scores(*parts, margin)) / QUERIES
            for p, parts in zip(
                selection,
                _directions(model.discriminator, batch, metric),
                strict=True,
            )
        )
    return loss, tape.gradient(loss, model.discriminator.trainable_variables)


@pytest.mark.parametrize("metric", ("euclidean", "cosine"))
@pytest.mark.parametrize(
    ("phase", "known"),
    (
        ("pretrain", "spared"),
        ("discriminator", "spared"),
        ("discriminator", "excluded"),
    ),
)
def test_the_discriminator_descends_its_expected_score(
    data, phase, known, metric
):
    # p is a number here and known candidates have none of it, so a step that
    # let the generator feel the loss, or let an item be its own negative,
    # would differ.
    batch = _batch(data)
    model = _model(data, code_metric=metric, known_candidates=known)
    assert batch["known"].numpy().any()
    before = _weights(model.discriminator)
    loss, gradient = _expected_discriminator_step(
        phase, known, model, batch, metric
    )

    found = _step(model, phase, batch, data)

    np.testing.assert_allclose(found["discriminator_loss"], loss, rtol=1e-5)
    for old, new, slope in zip(
        before, _weights(model.discriminator), gradient, strict=True
    ):
        np.testing.assert_allclose(new, old - slope, atol=1e-6)


def test_the_discriminator_ascends_the_game_as_printed(data):
    # Eq. (8): ln D(x_M | q) + E[ln(1 - D(x | q))] with D = sigmoid(f); by
    # Eq. (6) f(x_M, q) is the margin. Every candidate counts, known or not.
    batch = _batch(data)
    model = _model(data, discriminator_loss="log", known_candidates="kept")
    before = _weights(model.discriminator)
    selection = [
        tf.nn.softmax(-_distances(query, pool)).numpy()
        for query, _, pool in _directions(model.generator, batch)
    ]
    with tf.GradientTape() as tape:
        value = sum(
            tf.math.log(tf.sigmoid(MARGIN))
            + tf.reduce_sum(p * tf.math.log(1 - tf.sigmoid(_scores(*parts))))
            / QUERIES
            for p, parts in zip(
                selection, _directions(model.discriminator, batch), strict=True
            )
        )
    gradient = tape.gradient(value, model.discriminator.trainable_variables)

    found = _step(model, "discriminator", batch, data)

    np.testing.assert_allclose(found["discriminator_loss"], -value, rtol=1e-5)
    for old, new, slope in zip(
        before, _weights(model.discriminator), gradient, strict=True
    ):
        np.testing.assert_allclose(new, old + slope, atol=1e-6)


@pytest.mark.parametrize("metric", ("euclidean", "cosine"))
def test_the_generator_ascends_its_expected_reward(data, metric):
    # Eq. (10) without the baseline, r held fixed; the pool keeps known
    # candidates, since the generator may well select a positive.
    batch = _batch(data)
    model = _model(data, code_metric=metric)
    before = _weights(model.generator)
    rewards = [
        tf.math.softplus(_scores(*parts)).numpy()
        for parts in _directions(model.discriminator, batch, metric)
    ]
    with tf.GradientTape() as tape:
        value = sum(
            tf.reduce_sum(tf.nn.softmax(-_distances(query, pool)) * reward)
            / QUERIES
            for reward, (query, _, pool) in zip(
                rewards,
                _directions(model.generator, batch, metric),
                strict=True,
            )
        )
    gradient = tape.gradient(value, model.generator.trainable_variables)

    _step(model, "generator", batch, data)

    for old, new, slope in zip(
        before, _weights(model.generator), gradient, strict=True
    ):
        np.testing.assert_allclose(new, old + slope, atol=1e-6)


@pytest.mark.parametrize("phase", PHASES)
def test_a_phase_moves_every_variable_of_its_player_and_no_other(data, phase):
    model = _model(data)
    players = ("discriminator", "generator")
    before = {name: _weights(getattr(model, name)) for name in players}

    _step(model, phase, _batch(data), data)

    for name in players:
        for old, new in zip(
            before[name], _weights(getattr(model, name)), strict=True
        ):
            assert (old != new).any() == (name in MOVING[phase])


@pytest.mark.parametrize("form", ("expected", "sampled"))
def test_an_adversarial_step_is_a_step_of_each_player_from_the_same_start(
    data, form
):
    settings = {"negatives": form, "generator_gradient": form}
    batch = _batch(data)
    alone = {name: _model(data, **settings) for name in STANDING}
    together = _model(data, **settings)

    losses = {}
    for name, model in alone.items():
        losses |= _step(model, name, batch, data)
    found = _step(together, "adversarial", batch, data)

    assert found.keys() == losses.keys()
    for name, loss in losses.items():
        np.testing.assert_allclose(found[name], loss, rtol=1e-5)
    for name, model in alone.items():
        for one, other in zip(
            _weights(getattr(model, name)),
            _weights(getattr(together, name)),
            strict=True,
        ):
            np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("phase", ("pretrain", "discriminator"))
def test_a_known_positive_never_serves_as_a_negative(data, phase):
    # One query, so that a candidate is known or it is not; whatever the known
    # ones are, they change nothing.
    neighbours = np.arange(len(data) * 60).reshape(len(data), 60) % len(data)
    rows = np.arange(len(data))
    drawn = draws.GraphDraws(neighbours.astype(np.int32), 1, CANDIDATES, 0)
    batch = next(iter(pipeline.batches(data, rows, drawn, 0, 1)))
    known = batch["known"].numpy()[0]
    assert 0 < known.sum() < CANDIDATES
    changed = np.concatenate([[False, False], known])[:, None]
    other = batch | {
        "image": tf.where(changed, -batch["image"], batch["image"]),
        "text": tf.where(changed, 1 - batch["text"], batch["text"]),
    }
    first, second = _model(data), _model(data)

    one = _step(first, phase, batch, data)["discriminator_loss"]
    two = _step(second, phase, other, data)["discriminator_loss"]

    assert one > 0
    np.testing.assert_allclose(one, two, rtol=1e-6)
    for weight, same in zip(
        _weights(first.discriminator),
        _weights(second.discriminator),
        strict=True,
    ):
        np.testing.assert_allclose(weight, same, atol=1e-6)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize(
    ("relatives", "pool_size", "stacked"),
    (
        (0, 0, ("index",)),
        (3, 0, ("index", "positive")),
        (0, CANDIDATES, ("index", "pool")),
    ),
)
def test_a_batch_stacks_no_row_twice_and_loses_nothing_by_it(
    data, phase, relatives, pool_size, stacked
):
    # Pairs are their own positives; a batch can be its own pool.
    rng = np.random.default_rng(0)
    rows = np.arange(len(data))
    others = rng.integers(len(data), size=(len(data), relatives))
    neighbours = np.concatenate([rows[:, None], others], 1).astype(np.int32)
    drawn = draws.GraphDraws(neighbours, QUERIES, pool_size, 0)
    short = next(iter(pipeline.batches(data, rows, drawn, 0, 1)))
    every = np.concatenate([short[name] for name in ALL])
    full = short | {
        "image": tf.constant(data.image_features(every)),
        "text": tf.constant(data.text_features(every)),
    }
    first, second = _model(data, parts=drawn.gathered), _model(data)

    one = _step(first, phase, short, data)
    two = _step(second, phase, full, data)

    assert drawn.gathered == stacked
    for name, loss in one.items():
        np.testing.assert_allclose(loss, two[name], rtol=1e-5)
    for weight, same in zip(
        first.trainable_variables, second.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(weight, same, atol=1e-6)


@pytest.mark.parametrize("phase", PHASES)
def test_weight_decay_adds_half_the_squared_kernels(data, phase):
    batch = _batch(data)
    plain = _model(data, rate=0.0)
    decayed = _model(data, rate=0.0, weight_decay=0.1)
    for model in (plain, decayed):
        # Biases that would show, were they decayed.
        for variable in model.trainable_variables:
            if len(variable.shape) == 1:
                variable.assign(tf.fill(variable.shape, 0.3))

    without = _step(plain, phase, batch, data)
    with_decay = _step(decayed, phase, batch, data)

    for name in MOVING[phase]:
        squares = sum(
            (weight**2).sum()
            for weight in _weights(getattr(decayed, name))
            if weight.ndim == 2
        )
        added = with_decay[f"{name}_loss"] - without[f"{name}_loss"]
        np.testing.assert_allclose(added, 0.05 * squares, rtol=1e-4)


@pytest.mark.parametrize(
    ("phase", "settings"),
    (
        ("pretrain", {"negatives": "sampled"}),
        ("discriminator", {"negatives": "sampled"}),
        ("generator", {"generator_gradient": "sampled"}),
        ("adversarial", {"generator_gradient": "sampled"}),
    ),
)
def test_draws_follow_the_seed_and_the_step(data, phase, settings):
    # At rate 0 only what is drawn can change the loss.
    batch = _batch(data)
    model = _model(data, rate=0.0, **settings)
    same = _model(data, rate=0.0, **settings)
    other = _model(data, rate=0.0, seed=5, **settings)
    for target, source in zip(other.variables, model.variables, strict=True):
        target.assign(source)

    first, second = (_step(model, phase, batch, data) for _ in range(2))
    again = _step(same, phase, batch, data)
    differing = _step(other, phase, batch, data)

    assert first == again
    assert first != second
    assert first != differing
