"""The k smallest distances of each query, kept while items come block by block.

After the first block hardly any item is nearer than the k-th one so far, so a
comparison of each distance with it is all the work there is.
"""

import numpy as np


def places(near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of what is true, as `numpy.nonzero`.

    NumPy finds them many times faster in one dimension.

    Args:
        near: [m, n] bool.
    """
    return np.divmod(np.flatnonzero(near), near.shape[1])


class Nearest:
    """The k nearest items so far of some queries.

    Equal distances are ordered by item number, in whatever blocks items come.

    Args:
        neighbours: k.
    """

    def __init__(self, neighbours: int):
        self._wanted = neighbours
        self._distances = None
        self._items = None

    @property
    def items(self) -> np.ndarray:
        """[queries, min(k, items seen)] int64, nearest first."""
        return self._items

    @property
    def limits(self) -> np.ndarray | None:
        """Largest distance [queries] that still counts; None: all count."""
        full = self._items is not None and self._items.shape[1] == self._wanted
        return self._distances[:, -1] if full else None

    def add(self, distances: np.ndarray, numbers: np.ndarray) -> None:
        """Takes distances to more items.

        Args:
            distances: [queries, items] float32.
            numbers: Numbers of the items, [items] integers.
        """
        limits = self.limits
        if limits is None:
            width = min(self._wanted, distances.shape[1])
            limits = np.partition(distances, width - 1, axis=1)[:, width - 1]
            near = distances <= limits[:, None]
        elif numbers.min() > self._items.max():
            # Among equal distances, the later numbers lose.
            near = distances < limits[:, None]
        else:
            near = distances <= limits[:, None]
        rows, columns = places(near)
        self.take(rows, numbers[columns], distances[rows, columns])

    def take(
        self, rows: np.ndarray, items: np.ndarray, distances: np.ndarray
    ) -> None:
        """Takes single distances.

        Args:
            rows: Which query each belongs to, [m]; each query has some before
                or among them.
            items: Item numbers, [m].
            distances: [m] float32.
        """
        if self._items is not None:
            if not len(rows):
                return
            count, width = self._items.shape
            rows = np.concatenate([np.repeat(np.arange(count), width), rows])
            items = np.concatenate([self._items.ravel(), items])
            distances = np.concatenate([self._distances.ravel(), distances])
        order = np.lexsort((items, distances, rows))
        counts = np.bincount(rows)
        width = min(self._wanted, counts.min())
        starts = np.cumsum(counts) - counts
        first = order[starts[:, None] + np.arange(width)]
        self._distances, self._items = distances[first], items[first]
