"""What reading a shard gives: rows, and what was found wrong with others."""

from typing import NamedTuple

import numpy as np


class Rows(NamedTuple):
    """Some rows of a shard.

    Attributes:
        numbers: Which rows they are, [m] int64.
        values: Their numbers, [m, ...] of any numeric type.
        ids: [m] int64, or None where ids are counted.
    """

    numbers: np.ndarray
    values: np.ndarray
    ids: np.ndarray | None


class DeadLetter(NamedTuple):
    """Rows that cannot be encoded.

    Attributes:
        row: The first of them; None for the whole shard.
        rows: How many they are; None if nobody can tell.
        reason: Why.
    """

    row: int | None
    rows: int | None
    reason: str


class Columns(NamedTuple):
    """What is read of a row.

    Attributes:
        name: Parquet column or TFRecord feature with the numbers.
        shape: Shape of an item.
        with_ids: Whether the shard has `id` too.
    """

    name: str
    shape: tuple[int, ...]
    with_ids: bool

    @property
    def width(self) -> int:
        """How many numbers an item has."""
        return int(np.prod(self.shape))

    @property
    def block(self) -> int:
        """Rows held at once: many vectors or a few pictures."""
        return 1024 if len(self.shape) == 1 else 64
