"""FAISS as an engine of a Hamming index; needs the `faiss` extra.

`"flat"` is exact. `"ivf"`, `"hnsw"` and `"multihash"` are approximate: they
may miss an item, but what they find has its true distance, and equal distances
are ordered by position.

Axis legend: `q` queries, `n` items of the database, `K` bits.
"""

import numpy as np

from common.hamming import codes
from common.hamming import distances as distances_lib
from common.hamming import scan
from common.hamming import ties
from common.system import extras

KINDS = ("flat", "ivf", "hnsw", "multihash")
# Items that FAISS is asked for; beyond, a linear scan takes less time.
_MOST = 256


class FaissEngine:
    """Searches codes with a binary index of FAISS.

    Codes whose length is no multiple of 8 keep their zero padding bits, which
    change no distance.

    Args:
        packed: n codes of K bits.
        kind: One of `KINDS`.
        effort: How much of an approximate index a search visits: inverted
            lists of "ivf", candidates of "hnsw", flipped bits of "multihash".
            A moderate amount by default.

    Raises:
        ValueError: If the kind is unknown.
        ImportError: If FAISS is not installed.
    """

    def __init__(
        self,
        packed: codes.PackedCodes,
        kind: str = "flat",
        effort: int | None = None,
    ):
        """Builds the FAISS index."""
        if kind not in KINDS:
            raise ValueError(
                f"The kind is one of {', '.join(KINDS)}, received {kind!r}."
            )
        self.codes = packed
        self.kind = kind
        self.effort = effort
        self.index = _build(import_faiss(), packed, kind, effort)

    def nearest(
        self, queries: codes.PackedCodes, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest items of each query; see `scan.Scan.nearest`.

        Queries for which an approximate index finds less than k items, or any
        index hundreds that are equally near, are answered by a linear scan.
        """
        scan.check_fits(self.codes, queries, k)
        most = min(max(_MOST, 2 * k), len(self.codes))
        distances, positions, tied = ties.nearest(self._fetch, queries, k, most)
        tied &= most < len(self.codes)
        left = np.flatnonzero(tied | (distances[:, -1] == ties.MISSING))
        if len(left):
            rest = scan.Scan(self.codes).nearest(queries.take(left), k)
            distances[left], positions[left] = rest
        return distances, positions

    def within(
        self, queries: codes.PackedCodes, radius: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All items within a radius; see `scan.Scan.within`.

        Raises:
            ValueError: If the kind cannot search by radius.
        """
        distances_lib.check_same_length(self.codes.bits, queries.bits)
        if self.kind == "hnsw":
            raise ValueError(
                "The FAISS index 'hnsw' cannot search by radius; use another "
                "kind."
            )
        # FAISS leaves out the radius itself.
        limits, distances, positions = self.index.range_search(
            np.ascontiguousarray(queries.rows), int(radius) + 1
        )
        counts = np.diff(limits.astype(np.int64))
        return scan.in_order(
            counts, distances.astype(np.int32), positions.astype(np.int64)
        )

    def _fetch(self, queries, count):
        """Distances and positions [q, count] in order."""
        if self.kind == "hnsw":
            self.index.hnsw.efSearch = max(self.effort or 64, count)
        rows = np.ascontiguousarray(queries.rows)
        distances, positions = self.index.search(rows, count)
        return ties.in_order(
            np.where(positions < 0, ties.MISSING, distances), positions
        )


def import_faiss():
    """The `faiss` module.

    Raises:
        ImportError: If it is not installed.
    """
    return extras.load("faiss", "FAISS", "faiss")


def _build(faiss, packed, kind, effort):
    rows = np.ascontiguousarray(packed.rows)
    dimension = 8 * rows.shape[1]
    if kind == "flat":
        index = faiss.IndexBinaryFlat(dimension)
    elif kind == "hnsw":
        index = faiss.IndexBinaryHNSW(dimension, 16)
    elif kind == "multihash":
        # Two bytes a table, about the logarithm of a usual collection.
        tables = max(1, dimension // 16)
        index = faiss.IndexBinaryMultiHash(
            dimension, tables, dimension // tables
        )
        index.nflip = 2 if effort is None else effort
    else:
        lists = max(1, round(np.sqrt(len(rows))))
        coarse = faiss.IndexBinaryFlat(dimension)
        index = faiss.IndexBinaryIVF(coarse, dimension, lists)
        # The inverted file points to its coarse index without owning it.
        index.referenced_objects = [coarse]
        index.nprobe = min(lists, effort or max(8, lists // 16))
        index.train(rows)
    index.add(rows)
    return index
