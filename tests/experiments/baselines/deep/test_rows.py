import pytest

from experiments.baselines.deep import acmr
from experiments.baselines.deep import dcmh


@pytest.mark.parametrize(
    ("settings", "rows", "batch_size", "epochs"),
    (
        # 500 / 32 is below 32; 15 steps an epoch, 750 in 50 epochs.
        (acmr.ACMR(), 500, 32, 150),
        # 1,000 rows: 31 steps an epoch, 1,550 in 50 epochs.
        (acmr.ACMR(), 1000, 32, 100),
        (acmr.ACMR(), 5000, 64, 50),
        (acmr.ACMR(), 100_000, 64, 50),
        # Both networks train: 2 x 15 steps, 900 in 30 rounds.
        (dcmh.DCMH(), 500, 32, 90),
        (dcmh.DCMH(), 5000, 128, 30),
        # Few rows are not seen for ever.
        (dcmh.DCMH(), 20, 20, 150),
        (dcmh.DCMH(epochs=7, batch_size=9), 500, 9, 7),
    ),
)
def test_a_length_left_open_follows_the_rows(
    settings, rows, batch_size, epochs
):
    found = settings.for_rows(rows)

    assert (found.batch_size, found.epochs) == (batch_size, epochs)
