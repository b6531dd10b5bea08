"""A searchable set of codes, each with an id of its own.

`HammingIndex` keeps codes and ids; an engine finds positions. Every engine
gives the same distances, and equal distances are always ordered by id, whatever
order items were added in:

    scan.Scan                      exact; compares all codes; the default
    multi_index.MultiIndexHashing  exact; fast for small radii in large sets
    tensor_scan.TensorScan         exact; TensorFlow, on the GPU if there is one
    faiss_engine.FaissEngine       FAISS; approximate but for "flat"

Axis legend: `q` queries, `n` items of the database, `K` bits.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from common.hamming import codes
from common.hamming import distances as distances_lib
from common.hamming import index_file
from common.hamming import scan


class Engine(Protocol):
    """Finds positions of codes; see `scan.Scan` for what they return."""

    def nearest(
        self, queries: codes.PackedCodes, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest: distances and positions [q, k]."""

    def within(
        self, queries: codes.PackedCodes, radius: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All within a radius: limits [q + 1], distances and positions."""


class HammingIndex:
    """A searchable set of codes.

    Items are kept in ascending id order, which makes the tie rule free.
    Adding and removing copy the index, so do either in large batches. Searches
    may run in several threads at once.

    Args:
        bits: K, the length of all codes in the index.
        engine: Makes the engine from the codes, before the first search and
            after every change.
    """

    def __init__(
        self,
        bits: int,
        engine: Callable[[codes.PackedCodes], Engine] = scan.Scan,
    ):
        """Makes an empty index."""
        self._make_engine = engine
        self._engine = None
        width = -(-bits // 8)
        self._codes = codes.PackedCodes(np.empty((0, width), np.uint8), bits)
        self._ids = np.empty(0, np.int64)

    @classmethod
    def load(
        cls,
        path,
        mmap: bool = True,
        verify: bool = False,
        engine: Callable[[codes.PackedCodes], Engine] = scan.Scan,
    ):
        """Opens a saved index.

        Args:
            path: File made by `save`.
            mmap: Map the file instead of reading it; pages come in as searches
                touch them and are shared between processes.
            verify: Read the file once to check its checksum.
            engine: As for a new index.

        Returns:
            The index. Adding to it does not change the file.

        Raises:
            ValueError: If the file is not an index, is truncated or damaged,
                or is of a newer format.
        """
        rows, ids, bits = index_file.read(path, mmap, verify)
        index = cls(bits, engine)
        index._replace(codes.PackedCodes(rows, bits), ids)
        return index

    def save(self, path) -> None:
        """Writes the index to one file, replacing an old one in one step."""
        index_file.write(path, self._codes.rows, self._ids, self.bits)

    def __len__(self) -> int:
        """Returns the number of items."""
        return len(self._codes)

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self._codes.bits

    @property
    def ids(self) -> np.ndarray:
        """[n] int64, ascending, read-only."""
        ids = self._ids.view()
        ids.flags.writeable = False
        return ids

    def add(self, added: codes.PackedCodes, ids: np.ndarray | None = None):
        """Adds items.

        Args:
            added: m codes of K bits. An empty index keeps the very array, if
                ids ascend, so leave it as it is.
            ids: [m] integers, in any order; by default the m numbers after the
                largest id in the index, from 0 when it is empty.

        Raises:
            ValueError: If the code length differs, or an id is not an int64,
                is given twice, or is in the index already.
        """
        distances_lib.check_same_length(self.bits, added.bits)
        if ids is None:
            start = int(self._ids[-1]) + 1 if len(self) else 0
            ids = np.arange(start, start + len(added), dtype=np.int64)
        else:
            ids = _checked_ids(ids, len(added))
        merged, rows = ids, added.rows
        if len(self):
            merged = np.concatenate([self._ids, ids])
            rows = np.concatenate([self._codes.rows, rows])
        if np.any(merged[1:] <= merged[:-1]):
            order = np.argsort(merged, kind="stable")
            merged, rows = merged[order], rows[order]
            _refuse_repeats(merged, "given twice or in the index already")
        self._replace(codes.PackedCodes(rows, self.bits), merged)

    def remove(self, ids: np.ndarray) -> None:
        """Removes items.

        Args:
            ids: [m] integers, in any order.

        Raises:
            ValueError: If an id is not in the index or is given twice; nothing
                is removed then.
        """
        removed = np.sort(_checked_ids(ids, len(ids)))
        _refuse_repeats(removed, "given twice")
        missing = removed[np.isin(removed, self._ids, invert=True)]
        if len(missing):
            raise ValueError(
                f"There is no item {missing[0]} in the index; remove only ids "
                "that it has."
            )
        kept = np.isin(self._ids, removed, invert=True)
        rows = self._codes.rows[kept]
        self._replace(codes.PackedCodes(rows, self.bits), self._ids[kept])

    def search(
        self, queries: codes.PackedCodes, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest items of each query, nearest first.

        Args:
            queries: q codes of K bits.
            k: How many to return, at least 1.

        Returns:
            distances [q, min(k, n)] int32 and ids [q, min(k, n)] int64, each
            row in ascending order of (distance, id).

        Raises:
            ValueError: If the code lengths differ or k < 1.
        """
        if k < 1:
            raise ValueError(f"A search needs k >= 1, received {k}.")
        distances_lib.check_same_length(self.bits, queries.bits)
        k = min(int(k), len(self))
        if not k or not len(queries):
            shape = len(queries), k
            return np.empty(shape, np.int32), np.empty(shape, np.int64)
        distances, positions = self._searcher().nearest(queries, k)
        return distances, self._ids[positions]

    def search_radius(
        self, queries: codes.PackedCodes, radius: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All items within a radius of each query, the radius included.

        Args:
            queries: q codes of K bits.
            radius: Largest distance of a hit, at least 0.

        Returns:
            limits [q + 1] int64, distances int32 and ids int64. The hits of
            query i are at `limits[i]:limits[i + 1]`, in ascending order of
            (distance, id).

        Raises:
            ValueError: If the code lengths differ or the radius is negative.
        """
        if radius < 0:
            raise ValueError(f"A radius is at least 0, received {radius}.")
        distances_lib.check_same_length(self.bits, queries.bits)
        if not len(self) or not len(queries):
            limits = np.zeros(len(queries) + 1, np.int64)
            return limits, np.empty(0, np.int32), np.empty(0, np.int64)
        limits, distances, positions = self._searcher().within(queries, radius)
        return limits, distances, self._ids[positions]

    def _searcher(self) -> Engine:
        # Threads that come here together may each make one; all are alike.
        engine = self._engine
        if engine is None:
            engine = self._engine = self._make_engine(self._codes)
        return engine

    def _replace(self, packed: codes.PackedCodes, ids: np.ndarray) -> None:
        self._codes, self._ids, self._engine = packed, ids, None

    # Last, because the name hides the module in the annotations after it.
    @property
    def codes(self) -> codes.PackedCodes:
        """The codes, in the order of `ids`."""
        return self._codes


def _checked_ids(ids: np.ndarray, count: int) -> np.ndarray:
    ids = np.asarray(ids)
    if ids.size and (
        ids.dtype.kind not in "iu" or not np.can_cast(ids.dtype, np.int64)
    ):
        raise ValueError(f"Ids are 64-bit integers, received {ids.dtype}.")
    if ids.shape != (count,):
        raise ValueError(
            f"{count} codes need {count} ids, received shape {list(ids.shape)}."
        )
    return ids.astype(np.int64)


def _refuse_repeats(ascending: np.ndarray, how: str) -> None:
    repeats = ascending[1:][ascending[1:] == ascending[:-1]]
    if len(repeats):
        raise ValueError(
            f"Ids must be unique, received {repeats[0]}, which is {how}; give "
            "every id once."
        )
