import pytest

from common.models import lengths


@pytest.mark.parametrize(
    ("rows", "expected"),
    (
        (5, 5),  # All there are.
        (500, 32),  # 500 / 200 is below the smallest.
        (10_000, 50),
        (1_000_000, 256),
    ),
)
def test_a_batch_is_a_share_of_the_rows_within_bounds(rows, expected):
    assert lengths.batch_size(rows, 200, 32, 256) == expected


@pytest.mark.parametrize(
    ("steps", "expected"), ((1, 20), (40, 3), (50, 2), (100, 1), (101, 1))
)
def test_a_short_training_is_repeated_until_it_has_the_steps(steps, expected):
    assert lengths.repeats(steps, 100, most=20) == expected
