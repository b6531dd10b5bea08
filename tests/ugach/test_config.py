import dataclasses

import pytest

from ugach import config as ugach_config


def test_the_margin_grows_with_the_bits():
    # 2 + 24 / 8.
    config = ugach_config.Config(
        bits=24, margin=2.0, margin_per_bit=0.125, uniform_margin_per_bit=0.25
    )

    assert config.total_margin == 5.0
    # 2 + 24 / 4.
    assert config.total_uniform_margin == 8.0


def test_the_temperature_grows_with_the_bits():
    # 1 + 24 / 8.
    config = ugach_config.Config(
        bits=24, temperature=1.0, temperature_per_bit=0.125
    )

    assert config.total_temperature == 4.0


@pytest.mark.parametrize("bits", (16, 128))
def test_the_papers_margin_is_1_and_the_releases_an_eighth_of_the_bits(bits):
    paper, released = (
        dataclasses.replace(ugach_config.PRESETS[name], bits=bits)
        for name in ("paper", "released")
    )

    assert paper.total_margin == paper.total_uniform_margin == 1.0
    assert released.total_margin == released.total_uniform_margin == bits / 8


def test_the_paper_preset_states_what_the_text_does():
    # Section "Implementation Details", m below Eq. (6), no temperature in
    # Eq. (4), Eq. (8) as printed and the last line of Eq. (10).
    paper = ugach_config.PRESETS["paper"]

    assert paper.hidden_units == 4096
    assert paper.batch_size == 64
    assert paper.discriminator_learning_rate == 0.01
    assert paper.generator_learning_rate == 0.01
    assert (paper.learning_rate_decay, paper.decay_epochs) == (0.1, 2)
    assert paper.minimum_learning_rate == 0
    assert paper.generator_epochs == 1
    assert paper.total_temperature == 1
    assert paper.entropy_weight == paper.weight_decay == paper.pair_share == 0
    assert paper.discriminator_loss == "log"
    assert paper.negatives == paper.generator_gradient == "sampled"
    assert paper.reward == "softplus"


@pytest.mark.parametrize(
    ("changed", "message"),
    (
        ({"bits": 0}, "bits must be at least 1; received 0"),
        ({"mode": "gan"}, "mode must be one of baseline, .*received 'gan'"),
        ({"temperature": -1.0}, "temperature must be at least"),
        (
            {"temperature": 0.0, "temperature_per_bit": 0.0},
            "temperature and temperature_per_bit must not both be 0",
        ),
        ({"margin": float("nan")}, "margin must be .*; received nan"),
        ({"graph_metric": "hamming"}, "graph_metric must be one of"),
        ({"generator_epochs": 0}, "generator_epochs must be at least 1"),
    ),
)
def test_a_setting_out_of_range_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        ugach_config.Config(**changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    (
        ({"batch_size": 31}, "batch_size must be at most 30 .*received 31"),
        ({"pool_size": 31}, "pool_size must be at most 30 .*received 31"),
        ({"graph_size": 30}, "graph_size must be at most 29 .*received 30"),
        ({"pool_size": 1}, "at least 2 candidates; received pool_size 1"),
        (
            {"pool_size": 0, "batch_size": 1},
            "at least 2 candidates; received pool_size 0 and batch_size 1",
        ),
    ),
)
def test_a_setting_that_does_not_fit_the_rows_is_refused(changed, message):
    fitting = {"batch_size": 30, "pool_size": 30, "graph_size": 29}
    ugach_config.Config(**fitting).check_training_rows(30)

    with pytest.raises(ValueError, match=message):
        ugach_config.Config(**(fitting | changed)).check_training_rows(30)


@pytest.mark.parametrize(
    ("rows", "neighbours"), ((2, 1), (24, 2), (199, 19), (200, 20), (9999, 20))
)
def test_neighbours_left_open_are_few_where_rows_are_few(rows, neighbours):
    found = ugach_config.Config().for_rows(rows)

    found.check_training_rows(rows)
    assert found.graph_size == neighbours
    assert ugach_config.Config(graph_size=7).for_rows(rows).graph_size == 7


@pytest.mark.parametrize(
    ("rows", "batch_size", "times"),
    (
        # 500 / 200 is below 32; 15 steps an epoch, 14 epochs are 210 steps.
        (500, 32, 24),
        # 13,925 / 200 = 69; 201 steps an epoch, 2,814 steps.
        (13_925, 69, 2),
        # 256 at most; 390 steps an epoch, 5,460 steps.
        (100_000, 256, 1),
    ),
)
def test_a_length_left_open_follows_the_rows(rows, batch_size, times):
    fitted = ugach_config.Config().for_rows(rows)

    assert fitted.batch_size == batch_size
    assert fitted.epochs == 12 * times
    assert fitted.pretrain_epochs == 2 * times
    assert fitted.decay_epochs == 3 * times
    assert fitted.for_rows(rows) == fitted


@pytest.mark.parametrize("preset", ("paper", "released"))
def test_a_length_that_is_stated_stays(preset):
    config = ugach_config.PRESETS[preset]

    assert config.for_rows(500) == config


@pytest.mark.parametrize(
    ("rows", "builder"), ((50_000, "exact"), (50_001, "approximate"))
)
def test_the_graph_is_approximate_where_rows_are_many(rows, builder):
    assert ugach_config.Config().for_rows(rows).graph_builder == builder


@pytest.mark.parametrize("builder", ("exact", "approximate"))
def test_a_builder_that_is_asked_for_stays(builder):
    config = ugach_config.Config(graph_builder=builder)

    for rows in (100, 100_000):
        assert config.for_rows(rows).graph_builder == builder
