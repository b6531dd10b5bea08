"""How long DCMH and ACMR train: as `common.models.lengths` has it."""

import dataclasses
from typing import TypeVar

from common.models import lengths

_Settings = TypeVar("_Settings")
_EPOCH_STEPS = 32
_LEAST_STEPS = 2000
_MOST_REPEATS = 5
_SMALLEST = 32


def resolved(
    settings: _Settings, count: int, epochs: int, networks: int, largest: int
) -> _Settings:
    """Settings whose `batch_size` and `epochs` of 0 follow the rows.

    Args:
        settings: A dataclass with both.
        count: Training rows, at least 1.
        epochs: What 0 stands for where rows are many.
        networks: Networks that train one after the other in an epoch of these.
        largest: Items of a batch where rows are many.
    """
    batch_size = settings.batch_size or lengths.batch_size(
        count, _EPOCH_STEPS, _SMALLEST, largest
    )
    steps = epochs * networks * max(1, count // batch_size)
    times = lengths.repeats(steps, _LEAST_STEPS, _MOST_REPEATS)
    return dataclasses.replace(
        settings,
        batch_size=batch_size,
        epochs=settings.epochs or epochs * times,
    )
