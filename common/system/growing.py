"""Arrays that grow at their end without copying what is there.

Axis legend: `m` rows so far.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(eq=False)
class _Buffer:
    """Arrays with room behind what is used; what is used never changes."""

    arrays: tuple[np.ndarray, ...]
    used: int


@dataclasses.dataclass(frozen=True, eq=False)
class Grown:
    """The first `size` rows of a buffer that longer ones share.

    Capacity doubles, so that a row costs a constant number of copies however
    many are added one by one. Whoever grows one holds a lock.
    """

    buffer: _Buffer
    size: int

    @classmethod
    def of(cls, *arrays: np.ndarray) -> "Grown":
        """Keeps arrays of m rows each as they are, without room for more."""
        return cls(_Buffer(arrays, len(arrays[0])), len(arrays[0]))

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """Views of m rows each."""
        return tuple(array[: self.size] for array in self.buffer.arrays)

    def extended(self, *arrays: np.ndarray) -> "Grown":
        """These rows and others after them; this one stays as it is.

        Args:
            *arrays: As many as there are, of the same types and row shapes.
        """
        size = self.size + len(arrays[0])
        buffer = self.buffer
        # Room that another has taken already is not taken again.
        if buffer.used != self.size or len(buffer.arrays[0]) < size:
            buffer = self._with_room(2 * size)
        for old, added in zip(buffer.arrays, arrays, strict=True):
            old[self.size : size] = added
        buffer.used = size
        return Grown(buffer, size)

    def _with_room(self, capacity: int) -> _Buffer:
        grown = tuple(
            np.empty((capacity, *array.shape[1:]), array.dtype)
            for array in self.arrays
        )
        for new, old in zip(grown, self.arrays, strict=True):
            new[: self.size] = old
        return _Buffer(grown, self.size)
