"""Multi-index hashing: exact search in less than linear time.

Norouzi, Punjani, Fleet: *Fast Search in Hamming Space with Multi-Index
Hashing*, CVPR 2012. A code is cut into m substrings, and each has a table from
its values to the items that have them. If two codes differ in at most r bits,
the pigeonhole principle says that one of their substrings differs in at most
r / m, so only few entries of the tables hold candidates.

It pays where few values are near enough: small radii in large sets. Searches
for which it does not are left to the linear scan.

Axis legend: `q` queries, `n` items, `K` bits, `m` substrings.
"""

import math

import numpy as np

from common.hamming import codes
from common.hamming import distances as distances_lib
from common.hamming import kernel
from common.hamming import scan

# Longest substring; its table has 2^24 entries of four bytes.
_LONGEST = 24
# Words that the linear scan compares while one table entry or candidate is
# fetched from memory.
_WORDS_PER_FETCH = 64


class MultiIndexHashing:
    """Searches codes through tables of their substrings.

    Without the compiled scans it is the linear scan.

    Args:
        packed: n codes of K bits, n < 2^32.
        substrings: m; about K / log2(n) by default, as the paper advises.
        threads: Number of threads; one per available core by default.

    Raises:
        ValueError: If there are too many codes, or so few substrings that a
            table would not fit in memory.
    """

    def __init__(
        self,
        packed: codes.PackedCodes,
        substrings: int | None = None,
        threads: int | None = None,
    ):
        """Builds the tables."""
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
        if len(packed) >= 1 << 32:
            raise ValueError(
                "Tables of substrings hold less than 2^32 codes, received "
                f"{len(packed)}; search parts of them."
            )
        self.codes = packed
        self.threads = threads
        self._scan = scan.Scan(packed, threads)
        self._edges = np.arange(substrings + 1) * bits // substrings
        if kernel.library() is not None:
            self._build()

    def within(
        self, queries: codes.PackedCodes, radius: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All items within a radius of each query; see `scan.Scan.within`."""
        distances_lib.check_same_length(self.codes.bits, queries.bits)
        if not self.pays(radius):
            return self._scan.within(queries, radius)
        threads = kernel.thread_count(
            self.threads, len(queries) * self._fetches(radius)
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

        The radius grows until it holds k items of a query.
        """
        scan.check_fits(self.codes, queries, k)
        shape = len(queries), k
        distances = np.empty(shape, np.int32)
        positions = np.empty(shape, np.int64)
        open_queries, radius = np.arange(len(queries)), 0
        while len(open_queries) and self.pays(radius):
            limits, *hits = self.within(queries.take(open_queries), radius)
            full = np.diff(limits) >= k
            columns = limits[:-1][full][:, None] + np.arange(k)
            distances[open_queries[full]] = hits[0][columns]
            positions[open_queries[full]] = hits[1][columns]
            open_queries = open_queries[~full]
            radius = max(radius + 1, radius * 3 // 2)
        if len(open_queries):
            rest = self._scan.nearest(queries.take(open_queries), k)
            distances[open_queries], positions[open_queries] = rest
        return distances, positions

    def pays(self, radius: int) -> bool:
        """Whether this radius is less work here than for the linear scan."""
        if kernel.library() is None:
            return False
        words = -(-self.codes.bits // 64) * len(self.codes)
        return self._fetches(radius) * _WORDS_PER_FETCH < words

    def _fetches(self, radius: int) -> int:
        """Values and candidates of a query, for uniformly distributed codes."""
        fetches = 0.0
        lengths, substrings = np.diff(self._edges), len(self._edges) - 1
        for step in range(min(radius, self.codes.bits) + 1):
            length = int(lengths[step % substrings])
            values = math.comb(length, step // substrings)
            fetches += values * (1 + len(self.codes) / 2**length)
        return math.ceil(fetches)

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
