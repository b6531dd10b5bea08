"""The engine of an index that is not told which: a scan, or tables beside it.

Tables are built once the searches that came would have saved their cost, so a
few searches never pay for them. From then on every search goes to what is
estimated to be sooner; see `costs` and `multi_index.MultiIndexHashing`.
"""

import threading
from collections.abc import Callable
from collections.abc import Hashable

import numpy as np

from common.hamming import codes
from common.hamming import kernel
from common.hamming import multi_index
from common.hamming import scan

# Codes below which a scan takes microseconds.
_FEW = 1 << 15
# Queries before each estimate, which takes about a tenth of their time.
_QUERIES_PER_PLAN = 200


class Automatic:
    """Searches codes by a scan or by multi-index hashing.

    Args:
        packed: n codes of K bits.
        threads: Number of threads; one per available core by default.
    """

    def __init__(self, packed: codes.PackedCodes, threads: int | None = None):
        self.codes = packed
        self._threads = threads
        self._scan = scan.Scan(packed, threads)
        self._tables = None
        self._plan = None
        # Seconds that tables save a query, by the kind of search.
        self._saves = {}
        self._asked = 0
        self._saved = 0.0
        self._lock = threading.Lock()

    def nearest(
        self, queries: codes.PackedCodes, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest items of each query; see `scan.Scan.nearest`."""
        scan.check_fits(self.codes, queries, k)
        kind = "nearest", k
        engine = self._choose(
            len(queries), kind, lambda plan: plan.nearest_saves(k)
        )
        return engine.nearest(queries, k)

    def within(
        self, queries: codes.PackedCodes, radius: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All items within a radius of each query; see `scan.Scan.within`."""
        kind = "within", radius
        engine = self._choose(
            len(queries), kind, lambda plan: plan.within_saves(radius)
        )
        return engine.within(queries, radius)

    @property
    def has_tables(self) -> bool:
        """Whether tables were built."""
        return self._tables is not None

    def _choose(
        self,
        queries: int,
        kind: Hashable,
        estimate: Callable[[multi_index.Plan], float],
    ) -> scan.Scan | multi_index.MultiIndexHashing:
        small = not _FEW <= len(self.codes) <= multi_index.MOST_CODES
        if small or kernel.library() is None:
            return self._scan
        with self._lock:
            self._asked += queries
            if kind not in self._saves and self._may_plan():
                self._saves[kind] = estimate(self._plan)
            saves = self._saves.get(kind, 0.0)
            if saves <= 0:
                return self._scan
            if self._tables is None:
                self._saved += queries * saves
                if self._saved < self._plan.build_seconds:
                    return self._scan
                self._tables = multi_index.MultiIndexHashing(
                    self.codes, threads=self._threads, plan=self._plan
                )
            return self._tables

    def _may_plan(self) -> bool:
        if self._asked < _QUERIES_PER_PLAN * (1 + len(self._saves)):
            return False
        if self._plan is None:
            edges = multi_index.cut(self.codes)
            self._plan = multi_index.Plan(self.codes, edges)
        return True
