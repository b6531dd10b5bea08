import pytest

from uch import config as uch_config


@pytest.mark.parametrize(
    ("rows", "batch_size"), ((20, 20), (500, 32), (2_000, 62), (14_000, 128))
)
def test_a_batch_left_open_is_a_share_of_the_rows(rows, batch_size):
    assert uch_config.Config().for_rows(rows).batch_size == batch_size


def test_a_batch_that_is_stated_stays():
    config = uch_config.PRESETS["paper"]

    assert config.for_rows(500) == config
