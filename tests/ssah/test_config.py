import pytest

from ssah import config as ssah_config


@pytest.mark.parametrize(
    ("rows", "batch_size", "rounds"),
    (
        # 500 / 100 is below 32; 15 steps an epoch, four epochs a round.
        (500, 32, 40),
        (5_000, 50, 20),
        (100_000, 128, 20),
    ),
)
def test_a_length_left_open_follows_the_rows(rows, batch_size, rounds):
    fitted = ssah_config.Config().for_rows(rows)

    assert fitted.batch_size == batch_size
    assert fitted.rounds == rounds
    assert fitted.learning_rate_decay**rounds == pytest.approx(0.1)
    assert fitted.for_rows(rows) == fitted


@pytest.mark.parametrize("preset", ("paper", "released"))
def test_a_length_that_is_stated_stays(preset):
    config = ssah_config.PRESETS[preset]

    assert config.for_rows(500) == config


def test_rounds_without_labnet_and_adversary_have_half_the_steps():
    whole = ssah_config.Config()
    halved = ssah_config.Config(labnet=False, adversarial=False)

    assert halved.for_rows(500).rounds == 2 * whole.for_rows(500).rounds
