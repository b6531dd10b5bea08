"""One state of a Hamming index, which never changes.

A change of the index makes another state, and a search sees the one that it
began with: codes, ids and engine always belong together, whatever other threads
do meanwhile.

A state has two parts, each in ascending id order. The large one has the engine.
The few items that came after it was made, at most a sixteenth, are scanned
beside it, so that adding one neither copies the index nor builds an engine.

Axis legend: `q` queries, `n` items, `m` items to add or remove, `K` bits.
"""

import dataclasses
import functools
import threading
from collections.abc import Callable
from typing import Protocol

import numpy as np

from common.hamming import codes
from common.hamming import scan
from common.hamming import ties
from common.system import growing

# Items beside the engine: so many, or this share of those that it has.
_FEW = 1024
_SHARE = 1 / 16


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


EngineMaker = Callable[[codes.PackedCodes], Engine]


class Part:
    """Codes in ascending id order, and the engine that searches them."""

    def __init__(
        self, packed: codes.PackedCodes, ids: np.ndarray, make: EngineMaker
    ):
        """Keeps the arrays; makes the engine when it is first needed."""
        self.codes = packed
        self.ids = ids
        self.make = make
        self._engine = None
        self._making = threading.Lock()

    def __len__(self) -> int:
        """Returns the number of items."""
        return len(self.ids)

    def nearest(self, queries: codes.PackedCodes, k: int):
        """Distances and ids [q, min(k, n)], by (distance, id)."""
        k = min(k, len(self))
        if not k or not len(queries):
            shape = len(queries), k
            return np.empty(shape, np.int32), np.empty(shape, np.int64)
        distances, positions = self._searcher().nearest(queries, k)
        return distances, self.ids[positions]

    def within(self, queries: codes.PackedCodes, radius: int):
        """Limits [q + 1], distances and ids, by (distance, id)."""
        if not len(self) or not len(queries):
            limits = np.zeros(len(queries) + 1, np.int64)
            return limits, np.empty(0, np.int32), np.empty(0, np.int64)
        limits, distances, positions = self._searcher().within(queries, radius)
        return limits, distances, self.ids[positions]

    def _searcher(self) -> Engine:
        if self._engine is None:
            with self._making:
                if self._engine is None:
                    self._engine = self.make(self.codes)
        return self._engine


@dataclasses.dataclass(frozen=True, eq=False)
class Snapshot:
    """The items of an index at one moment.

    Attributes:
        main: Items that the engine searches.
        added: Rows and ids of the few that came later, by id.
    """

    main: Part
    added: growing.Grown

    @classmethod
    def of(
        cls, packed: codes.PackedCodes, ids: np.ndarray, make: EngineMaker
    ) -> "Snapshot":
        """All items in the part that has the engine.

        Args:
            packed: n codes of K bits.
            ids: [n] int64, strictly ascending.
            make: Makes the engine.
        """
        none = growing.Grown.of(packed.rows[:0], ids[:0])
        return cls(Part(packed, ids, make), none)

    def __len__(self) -> int:
        """Returns the number of items."""
        return len(self.main) + self.added.size

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self.main.codes.bits

    @property
    def largest(self) -> int | None:
        """The largest id, or None without items."""
        last = [int(ids[-1]) for ids in self._id_parts if len(ids)]
        return max(last, default=None)

    @functools.cached_property
    def ids(self) -> np.ndarray:
        """[n] int64, ascending, read-only."""
        ids = self.main.ids
        if self.added.size:
            ids = np.insert(np.asarray(ids), self._places, self._added_ids)
        ids = ids.view()
        ids.flags.writeable = False
        return ids

    def nearest(self, queries: codes.PackedCodes, k: int):
        """Distances and ids [q, min(k, n)], by (distance, id)."""
        found = self.main.nearest(queries, k)
        if self.added.size:
            found = ties.merge(found, self._beside.nearest(queries, k), k)
        return found

    def within(self, queries: codes.PackedCodes, radius: int):
        """Limits [q + 1], distances and ids, by (distance, id)."""
        found = self.main.within(queries, radius)
        if self.added.size:
            others = self._beside.within(queries, radius)
            found = ties.merge_hits(found, others)
        return found

    def with_items(self, rows: np.ndarray, ids: np.ndarray) -> "Snapshot":
        """The state after items were added.

        Args:
            rows: [m, ceil(K / 8)] uint8 packed codes.
            ids: [m] int64 in any order.

        Raises:
            ValueError: An id is given twice or is there already.
        """
        if np.any(ids[1:] <= ids[:-1]):
            order = np.argsort(ids, kind="stable")
            rows, ids = rows[order], ids[order]
        how = "given twice or in the index already"
        refuse_repeats(ids[1:][ids[1:] == ids[:-1]], how)
        refuse_repeats(ids[self.has(ids)], how)
        if not len(ids):
            return self
        if not len(self.main):
            return self._remade(rows, ids)
        later = self._grown(rows, ids)
        state = Snapshot(self.main, later)
        if later.size <= max(_FEW, _SHARE * len(self.main)):
            return state
        return self._remade(state.codes.rows, state.ids)

    def without(self, ids: np.ndarray) -> "Snapshot":
        """The state after items were removed.

        Args:
            ids: [m] int64 that are all there.
        """
        kept = np.isin(self.ids, ids, invert=True)
        return self._remade(self.codes.rows[kept], self.ids[kept])

    def has(self, ids: np.ndarray) -> np.ndarray:
        """Which of [m] ids are there, as [m] bool."""
        found = np.zeros(len(ids), bool)
        for there in self._id_parts:
            if len(there):
                at = np.searchsorted(there, ids)
                found |= there[np.minimum(at, len(there) - 1)] == ids
        return found

    @property
    def _added_rows(self) -> np.ndarray:
        return self.added.arrays[0]

    @property
    def _added_ids(self) -> np.ndarray:
        return self.added.arrays[1]

    @property
    def _id_parts(self) -> tuple[np.ndarray, np.ndarray]:
        return self.main.ids, self._added_ids

    @functools.cached_property
    def _places(self) -> np.ndarray:
        """Where the later items stand between those of the large part."""
        return np.searchsorted(self.main.ids, self._added_ids)

    @functools.cached_property
    def _beside(self) -> Part:
        packed = codes.PackedCodes(self._added_rows, self.bits)
        return Part(packed, self._added_ids, scan.Scan)

    def _grown(self, rows, ids) -> growing.Grown:
        there, there_ids = self.added.arrays
        if not self.added.size or ids[0] > there_ids[-1]:
            return self.added.extended(rows, ids)
        places = np.searchsorted(there_ids, ids)
        return growing.Grown.of(
            np.insert(there, places, rows, axis=0),
            np.insert(there_ids, places, ids),
        )

    def _remade(self, rows: np.ndarray, ids: np.ndarray) -> "Snapshot":
        packed = codes.PackedCodes(rows, self.bits)
        return Snapshot.of(packed, ids, self.main.make)

    # Last, because the name hides the module in the annotations after it.
    @functools.cached_property
    def codes(self) -> codes.PackedCodes:
        """The codes, in the order of `ids`."""
        if not self.added.size:
            return self.main.codes
        rows = np.asarray(self.main.codes.rows)
        rows = np.insert(rows, self._places, self._added_rows, axis=0)
        return codes.PackedCodes(rows, self.bits)


def refuse_repeats(repeated: np.ndarray, how: str) -> None:
    """Refuses ids that are not unique.

    Args:
        repeated: [m] int64, those that are not.
        how: What is wrong with them.

    Raises:
        ValueError: There is one.
    """
    if len(repeated):
        raise ValueError(
            f"Ids must be unique, received {repeated[0]}, which is {how}; give "
            "every id once."
        )
