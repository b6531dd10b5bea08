"""Codes and ids that grow at their end without copying what is there.

Axis legend: `m` items so far, `K` bits.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(eq=False)
class _Buffer:
    """Arrays with room behind what is used; what is used never changes."""

    rows: np.ndarray
    ids: np.ndarray
    used: int


@dataclasses.dataclass(frozen=True, eq=False)
class Grown:
    """The first `size` items of a buffer that longer ones share.

    Capacity doubles, so that an item costs a constant number of copies however
    many are added one by one. Whoever grows one holds a lock.
    """

    buffer: _Buffer
    size: int

    @classmethod
    def of(cls, rows: np.ndarray, ids: np.ndarray) -> "Grown":
        """Keeps the arrays as they are, without room for more.

        Args:
            rows: [m, ceil(K / 8)] uint8 packed codes.
            ids: [m] int64.
        """
        return cls(_Buffer(rows, ids, len(ids)), len(ids))

    @property
    def rows(self) -> np.ndarray:
        """[m, ceil(K / 8)] uint8, a view."""
        return self.buffer.rows[: self.size]

    @property
    def ids(self) -> np.ndarray:
        """[m] int64, a view."""
        return self.buffer.ids[: self.size]

    def extended(self, rows: np.ndarray, ids: np.ndarray) -> "Grown":
        """These items and others after them; this one stays as it is."""
        size = self.size + len(ids)
        buffer = self.buffer
        # Room that another has taken already is not taken again.
        if buffer.used != self.size or len(buffer.ids) < size:
            buffer = self._with_room(2 * size)
        buffer.rows[self.size : size] = rows
        buffer.ids[self.size : size] = ids
        buffer.used = size
        return Grown(buffer, size)

    def _with_room(self, capacity: int) -> _Buffer:
        rows = np.empty((capacity, self.rows.shape[1]), np.uint8)
        ids = np.empty(capacity, np.int64)
        rows[: self.size], ids[: self.size] = self.rows, self.ids
        return _Buffer(rows, ids, self.size)
