import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from ugach import config as ugach_config
from ugach import model as ugach_model
from ugach import training


def _phases(schedule):
    return [schedule.phase(epoch) for epoch in range(schedule.total)]


def test_players_take_turns_after_pretraining(tiny):
    config = dataclasses.replace(
        tiny, pretrain_epochs=2, epochs=2, generator_epochs=2
    )

    phases = _phases(training.schedule(config))

    one_round = ["discriminator", "generator", "generator"]
    assert phases == ["pretrain"] * 2 + one_round * 2


def test_players_train_together_where_they_alternate_by_batch(tiny):
    config = dataclasses.replace(
        tiny,
        alternation="batch",
        pretrain_epochs=1,
        epochs=3,
        generator_epochs=2,
    )

    phases = _phases(training.schedule(config))

    assert phases == ["pretrain"] + ["adversarial"] * 3


@pytest.mark.parametrize("alternation", ("batch", "epoch"))
def test_without_an_adversary_candidates_stay_uniform(alternation, tiny):
    config = dataclasses.replace(
        tiny,
        mode="baseline",
        alternation=alternation,
        pretrain_epochs=1,
        epochs=3,
    )

    assert _phases(training.schedule(config)) == ["pretrain"] * 4


@pytest.mark.parametrize("alternation", ("batch", "epoch"))
def test_all_modes_give_the_discriminator_as_many_epochs(alternation, tiny):
    counts = set()

    for mode in ugach_config.MODES:
        config = dataclasses.replace(
            tiny,
            mode=mode,
            alternation=alternation,
            pretrain_epochs=2,
            epochs=5,
            generator_epochs=3,
        )
        phases = _phases(training.schedule(config))
        counts.add(len(phases) - phases.count("generator"))

    assert counts == {7}


def _drawn(config, data, count, folder, seed=0):
    train = data[np.arange(count)]
    return training.make_draws(config, train, config.batch_size, seed, folder)


@pytest.mark.parametrize("mode", ("baseline", "baseline_gan"))
def test_baselines_know_nothing_but_pairs(data, tmp_path, mode, tiny):
    config = dataclasses.replace(tiny, mode=mode)

    drawn = _drawn(config, data, len(data), tmp_path)

    np.testing.assert_array_equal(drawn.neighbours[:, 0], np.arange(len(data)))
    assert drawn.neighbours.shape == (len(data), 1)
    assert not list(tmp_path.iterdir())


def test_ugach_draws_from_the_cached_graph(data, tmp_path, tiny):
    drawn = _drawn(tiny, data, 90, tmp_path, 3)

    assert drawn.neighbours.shape == (90, 1 + 2 * tiny.graph_size)
    assert (drawn.batch_size, drawn.pool_size, drawn.seed) == (32, 20, 3)
    assert drawn.pair_share == tiny.pair_share
    assert len(list(tmp_path.iterdir())) == 1


def test_a_given_graph_is_drawn_from(data, tmp_path, tiny, monkeypatch):
    given = np.zeros((90, 1 + 2 * tiny.graph_size), np.int32)
    asked = []
    monkeypatch.setattr(
        training.given_graph, "read", lambda *all_: asked.append(all_) or given
    )
    config = dataclasses.replace(tiny, graph="some.npz")

    drawn = _drawn(config, data, 90, tmp_path)

    assert drawn.neighbours is given
    ((path, _, rows, size, metric),) = asked
    assert (path, len(rows)) == ("some.npz", 90)
    assert (size, metric) == (tiny.graph_size, tiny.graph_metric)


@pytest.mark.parametrize("builder", ("exact", "approximate"))
def test_the_builder_of_the_settings_finds_the_graph(
    data, tmp_path, tiny, monkeypatch, builder
):
    asked = []
    found = np.zeros((90, 1 + 2 * tiny.graph_size), np.int32)
    monkeypatch.setattr(
        training.graph,
        "cached_correlation_graph",
        lambda *all_: asked.append(all_[-1]) or found,
    )
    config = dataclasses.replace(tiny, graph_builder=builder)

    _drawn(config, data, 90, tmp_path)

    assert asked == [builder]


def test_a_batch_can_be_its_own_pool(data, tmp_path, tiny):
    config = dataclasses.replace(tiny, pool_size=0)

    drawn = _drawn(config, data, 90, tmp_path)

    assert drawn.gathered == ("index", "positive")
    np.testing.assert_array_equal(drawn(0)["pool"], drawn(0)["index"])


@pytest.mark.parametrize(
    ("changed", "message"),
    (
        ({"batch_size": 91}, "batch_size must lie between 1 and the 90"),
        ({"pool_size": 91}, "pool_size must be 0 or lie between 2 and the 90"),
        ({"graph_size": 90}, "neighbours must lie between 1 and 89"),
    ),
)
def test_settings_that_do_not_fit_the_rows_are_refused(
    data, tmp_path, changed, message, tiny
):
    config = dataclasses.replace(tiny, **changed)

    with pytest.raises(ValueError, match=message):
        _drawn(config, data, 90, tmp_path)


def _alternate(config, data):
    """A compiled model and the turns that a run would take."""
    model = ugach_model.UGACH(config)
    model.compile(jit_compile=False)
    train = model.prepare(data[::2])
    return model, training.Turns(model, train)


def _compiled(config, steps, seed=0):
    """A model with optimizers for so many steps an epoch."""
    model = ugach_model.UGACH(config, seed)
    model.compile()
    model.build({"image": (None, 4), "text": (None, 5)})
    model.complete_optimizers(steps)
    return model


def _generator_is_a_copy(model):
    return all(
        np.array_equal(one, other)
        for one, other in zip(
            model.generator.variables,
            model.discriminator.variables,
            strict=True,
        )
    )


def test_the_generator_takes_over_after_pretraining(data, tiny):
    config = dataclasses.replace(tiny, pretrain_epochs=2)
    model, turns = _alternate(config, data)
    copied = []

    for epoch in range(5):
        turns.begin(epoch)
        copied.append(_generator_is_a_copy(model))
        # As if the epoch had moved the discriminator.
        for variable in model.discriminator.variables:
            variable.assign_add(tf.ones_like(variable))

    assert copied == [False, False, True, False, False]


def test_a_random_generator_keeps_its_own_weights(data, tiny):
    config = dataclasses.replace(tiny, generator_start="random")
    model, turns = _alternate(config, data)
    before = [variable.numpy() for variable in model.generator.variables]

    for epoch in range(5):
        turns.begin(epoch)

    for one, other in zip(before, model.generator.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not _generator_is_a_copy(model)


def test_the_table_holds_the_codes_of_the_player_that_stands_still(data, tiny):
    model, turns = _alternate(
        dataclasses.replace(tiny, generator_start="random"), data
    )
    image = data.image_features(slice(0, None, 2))
    text = data.text_features(slice(0, None, 2))
    # Epoch 0 pretrains; 1 and 2 are the first round, 3 the next.
    standing = {1: model.generator, 2: model.discriminator, 3: model.generator}

    turns.begin(0)
    assert model.table is None
    for epoch, player in standing.items():
        turns.begin(epoch)

        np.testing.assert_allclose(
            model.table.image, player.image_pathway(image), atol=1e-6
        )
        np.testing.assert_allclose(
            model.table.text, player.text_pathway(text), atol=1e-6
        )
        # What stands still now will have moved when it is encoded again.
        for variable in player.variables:
            variable.assign_add(0.1 * tf.ones_like(variable))


def _rates(optimizer, steps):
    rates = []
    for step in steps:
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    return rates


def test_players_that_train_together_need_no_table(data, tiny):
    config = dataclasses.replace(tiny, alternation="batch", pretrain_epochs=1)
    model, turns = _alternate(config, data)

    assert turns.begin(1) == "adversarial"

    assert model.table is None
    assert _generator_is_a_copy(model)


def test_generators_that_train_at_every_batch_decay_with_the_epochs(tiny):
    # 10 steps an epoch, a tenth every 2 epochs, whatever generator_epochs is.
    config = dataclasses.replace(
        tiny,
        alternation="batch",
        generator_learning_rate=1e-2,
        learning_rate_decay=0.1,
        decay_epochs=2,
        minimum_learning_rate=0.0,
        generator_epochs=3,
    )

    model = _compiled(config, 10)

    np.testing.assert_allclose(
        _rates(model.generator_optimizer, (19, 20, 40)),
        [1e-2, 1e-3, 1e-4],
        rtol=1e-5,
    )


@pytest.mark.parametrize("optimizer", ("sgd", "adam"))
def test_rates_fall_with_the_rounds_of_the_game(data, optimizer, tiny):
    # 10 steps an epoch, a tenth every 2 rounds, not below 1e-5. The
    # discriminator has 3 epochs before the game, at a rate of its own: rounds
    # start at step 30, so it falls at 50, 70, ... The generator has 2 epochs
    # a round and falls at 40, 80, ...
    config = dataclasses.replace(
        tiny,
        optimizer=optimizer,
        pretrain_learning_rate=5e-3,
        discriminator_learning_rate=1e-3,
        generator_learning_rate=1e-2,
        learning_rate_decay=0.1,
        decay_epochs=2,
        minimum_learning_rate=1e-5,
        pretrain_epochs=3,
        generator_epochs=2,
    )

    model = _compiled(config, 10)

    np.testing.assert_allclose(
        _rates(model.discriminator_optimizer, (0, 29, 30, 49, 50, 70, 90)),
        [5e-3, 5e-3, 1e-3, 1e-3, 1e-4, 1e-5, 1e-5],
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        _rates(model.generator_optimizer, (0, 39, 40, 79, 80, 120, 160)),
        [1e-2, 1e-2, 1e-3, 1e-3, 1e-4, 1e-5, 1e-5],
        rtol=1e-5,
    )
    kind = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    assert type(model.discriminator_optimizer) is kind[optimizer]


def test_the_settings_reach_the_model(tiny):
    config = dataclasses.replace(
        tiny,
        margin=1.0,
        margin_per_bit=0.25,
        uniform_margin_per_bit=0.5,
        known_candidates="excluded",
        code_metric="cosine",
        temperature=3.5,
        temperature_per_bit=0.5,
        discriminator_loss="log",
        reward="sigmoid",
        num_samples=5,
        entropy_weight=0.125,
        weight_decay=0.5,
    )

    model = _compiled(config, 10, 7)

    found = dataclasses.asdict(model.objective)
    # m = 1 + 8 bits * 0.25, and 1 + 8 * 0.5.
    assert found.pop("margin") == 3.0
    assert found.pop("uniform_margin") == 5.0
    # 3.5 + 8 bits * 0.5, and an eighth of it.
    assert found.pop("temperature") == 7.5
    assert found.pop("entropy_weight") == 0.9375
    assert found == {name: getattr(config, name) for name in found}
    assert model.seed == 7
    kernels = model.discriminator.kernels()
    shapes = [tuple(kernel.shape) for kernel in kernels]
    assert shapes == [(4, 12), (12, 8), (5, 12), (12, 8)]
