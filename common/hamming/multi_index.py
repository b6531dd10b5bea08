"""Multi-index hashing: exact search in less than linear time.

Norouzi, Punjani, Fleet: *Fast Search in Hamming Space with Multi-Index
Hashing*, CVPR 2012. A code is cut into m substrings, and each has a table from
its values to the items that have them. If two codes differ in at most r bits,
the pigeonhole principle says that one of their substrings differs in at most
r / m, so only few entries of the tables hold candidates.

It pays where few values are near enough: small radii in large sets whose codes
do not cluster. Searches for which it does not are left to the linear scan, by
what both cost on this machine and by how the codes themselves lie.

Axis legend: `q` queries, `n` items, `K` bits, `m` substrings.
"""

import functools
import math

import numpy as np

from common.hamming import codes
from common.hamming import distances as distances_lib
from common.hamming import kernel
from common.hamming import scan
from common.hamming.choosing import costs as costs_lib

MOST_CODES = (1 << 32) - 1
# Longest substring; its table has 2^24 entries of four bytes.
_LONGEST = 24
# Share of the scan's time that an estimate must stay below, for it may err.
_MARGIN = 0.8
# Codes whose k nearest are found to tell how far queries have to look.
_PROBED = 16


def cut(packed: codes.PackedCodes, substrings: int | None = None) -> np.ndarray:
    """First bits of substrings, and the end of the last, [m + 1] int64.

    Args:
        packed: n codes of K bits.
        substrings: m; about K / log2(n) by default, as the paper advises.

    Raises:
        ValueError: If there are too few substrings, so that a table would not
            fit in memory, or more than bits.
    """
    bits = 8 * packed.rows.shape[1]
    if substrings is None:
        length = min(_LONGEST, max(1.0, math.log2(max(2, len(packed)))))
        substrings = max(round(bits / length), math.ceil(bits / _LONGEST))
    if not bits <= substrings * _LONGEST or substrings > bits:
        raise ValueError(
            f"Substrings of {packed.bits}-bit codes are 1 to {_LONGEST} "
            f"bits long, received {substrings} substrings; leave the "
            "number out."
        )
    return np.arange(substrings + 1) * bits // substrings


class Plan:
    """Estimates of what searches through tables cost and what scans do.

    Args:
        packed: n codes of K bits.
        edges: First bits of the substrings; see `cut`.
        costs: Of one query; None measures them when they are needed.
    """

    def __init__(
        self,
        packed: codes.PackedCodes,
        edges: np.ndarray,
        costs: costs_lib.Costs | None = None,
    ):
        self._codes = packed
        self._edges = edges
        self._given = costs
        self._cuts = {}

    @functools.cached_property
    def costs(self) -> costs_lib.Costs:
        """Seconds of a scan for one query, and of a fetch."""
        return self._given or costs_lib.measure(self._codes)

    @property
    def build_seconds(self) -> float:
        """About what it takes to build the tables, in one thread."""
        return len(self._codes) * (len(self._edges) - 1) * self.costs.fetch

    def fetches(self, radius: int) -> float:
        """Values and candidates of a query."""
        return float(self._fetches[min(int(radius), len(self._fetches) - 1)])

    def within_saves(self, radius: int) -> float:
        """Seconds that tables save a query; 0 where a scan is sooner."""
        spent = self.fetches(radius) * self.costs.fetch
        return max(0.0, _MARGIN * self.costs.scan - spent)

    def nearest_saves(self, k: int) -> float:
        """The same for a search of the k nearest."""
        return self._cut(k)[1]

    def furthest(self, k: int) -> int:
        """Radius up to which tables are asked for k items; -1: not at all."""
        return self._cut(k)[0]

    @functools.cached_property
    def _fetches(self) -> np.ndarray:
        return costs_lib.fetches(self._codes, self._edges)

    def _cut(self, k: int) -> tuple[int, float]:
        if k not in self._cuts:
            self._cuts[k] = self._best_cut(k)
        return self._cuts[k]

    def _best_cut(self, k: int) -> tuple[int, float]:
        """The cut that costs codes of the index least, and what it saves."""
        scan_seconds = self.costs.scan
        asked = costs_lib.sample(self._codes, _PROBED)
        # A code finds itself, which a query may not.
        most = min(k + 1, len(self._codes))
        needed = scan.Scan(self._codes).nearest(asked, most)[0][:, -1]
        best, saved = -1, 0.0
        costs = np.zeros(len(needed))
        waiting = np.ones(len(needed), bool)
        for radius in _radii(self._codes.bits):
            spent = self.fetches(radius) * self.costs.fetch
            if spent >= scan_seconds:
                break
            costs[waiting] += spent
            waiting &= needed > radius
            mean = costs.mean() + waiting.mean() * scan_seconds
            if _MARGIN * scan_seconds - mean > saved:
                best, saved = radius, _MARGIN * scan_seconds - mean
        return best, saved


def _radii(bits: int):
    """Radii at which the k nearest are looked for, one after the other."""
    radius = 0
    while radius <= bits:
        yield radius
        radius = max(radius + 1, radius * 3 // 2)


class MultiIndexHashing:
    """Searches codes through tables of their substrings.

    Without the compiled scans it is the linear scan.

    Args:
        packed: n codes of K bits, n < 2^32.
        substrings: m; see `cut`.
        threads: Number of threads; one per available core by default.
        plan: Estimates for these codes; None makes them.

    Raises:
        ValueError: If there are too many codes, or so few substrings that a
            table would not fit in memory.
    """

    def __init__(
        self,
        packed: codes.PackedCodes,
        substrings: int | None = None,
        threads: int | None = None,
        plan: Plan | None = None,
    ):
        """Builds the tables."""
        self._edges = cut(packed, substrings)
        if len(packed) > MOST_CODES:
            raise ValueError(
                "Tables of substrings hold less than 2^32 codes, received "
                f"{len(packed)}; search parts of them."
            )
        self.codes = packed
        self.threads = threads
        self._scan = scan.Scan(packed, threads)
        self.plan = plan or Plan(packed, self._edges)
        if kernel.library() is not None:
            self._build()

    def within(
        self, queries: codes.PackedCodes, radius: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All items within a radius of each query; see `scan.Scan.within`."""
        distances_lib.check_same_length(self.codes.bits, queries.bits)
        if not self.pays(radius):
            return self._scan.within(queries, radius)
        return self._through_tables(queries, radius)

    def _through_tables(self, queries, radius):
        threads = kernel.thread_count(
            self.threads, int(len(queries) * self.plan.fetches(radius))
        )
        found = kernel.each(
            lambda part: scan.collect(
                lambda room: self._probe(part, radius, room), len(part)
            ),
            scan.shares(queries, max(1, len(queries)), threads),
            threads,
        )
        return scan.in_order(*map(np.concatenate, zip(*found, strict=True)))

    def nearest(
        self, queries: codes.PackedCodes, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest items of each query; see `scan.Scan.nearest`.

        The radius grows until it holds k items of a query, as long as that is
        less work than a scan for most codes of the index.
        """
        scan.check_fits(self.codes, queries, k)
        shape = len(queries), k
        distances = np.empty(shape, np.int32)
        positions = np.empty(shape, np.int64)
        open_queries = np.arange(len(queries))
        furthest = -1 if kernel.library() is None else self.plan.furthest(k)
        for radius in _radii(self.codes.bits):
            if radius > furthest or not len(open_queries):
                break
            asked = queries.take(open_queries)
            limits, *hits = self._through_tables(asked, radius)
            full = np.diff(limits) >= k
            columns = limits[:-1][full][:, None] + np.arange(k)
            distances[open_queries[full]] = hits[0][columns]
            positions[open_queries[full]] = hits[1][columns]
            open_queries = open_queries[~full]
        if len(open_queries):
            rest = self._scan.nearest(queries.take(open_queries), k)
            distances[open_queries], positions[open_queries] = rest
        return distances, positions

    def pays(self, radius: int) -> bool:
        """Whether this radius is less work here than for the linear scan."""
        if kernel.library() is None or not len(self.codes):
            return False
        return self.plan.within_saves(radius) > 0

    def _build(self) -> None:
        rows = np.ascontiguousarray(self.codes.rows)
        lengths = np.diff(self._edges)
        sizes = (1 << lengths) + 1
        self._tables = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self._starts = np.empty(sizes.sum(), np.uint32)
        self._members = np.empty((len(lengths), len(rows)), np.uint32)

        def build(i):
            start = self._tables[i]
            kernel.call(
                "build_table",
                rows,
                int(self._edges[i]),
                int(lengths[i]),
                self._starts[start : start + sizes[i]],
                self._members[i],
            )

        work = len(rows) * len(lengths)
        threads = kernel.thread_count(self.threads, work)
        kernel.each(build, range(len(lengths)), threads)

    def _probe(self, queries, radius, room):
        return scan.hits(
            "probe",
            queries,
            self.codes,
            room,
            min(int(radius), queries.bits),
            self._tables,
            self._edges,
            self._starts,
            self._members,
        )
