"""The exact linear scan: every code is compared with every query.

Distances are small integers (0..K), so nothing is sorted in full. The compiled
scan keeps, per query, the items that could still be among the k nearest, counts
them per distance, and lowers the distance it still takes whenever the counts
allow; at the end a counting sort puts what is left in order. See `native`.

Axis legend: `q` queries, `n` items of the database, `K` bits.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from common.hamming import codes
from common.hamming import distances as distances_lib
from common.hamming import kernel

# Bytes that searches of one thread may hold besides their results.
_BLOCK_BYTES = 1 << 25
# Room for hits within a radius before their number is known.
_HITS = 64


@dataclasses.dataclass(frozen=True, eq=False)
class Scan:
    """Searches codes by comparing all of them, on the CPU.

    Attributes:
        codes: n codes of K bits.
        threads: Number of threads; one per available core by default.
    """

    codes: codes.PackedCodes
    threads: int | None = None

    def nearest(
        self, queries: codes.PackedCodes, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest items of each query.

        Args:
            queries: q codes of K bits.
            k: How many, 1..n.

        Returns:
            distances [q, k] int32 and positions [q, k] int64, each row in
            ascending order of (distance, position).

        Raises:
            ValueError: If the code lengths differ or k does not fit n.
        """
        check_fits(self.codes, queries, k)
        if kernel.library() is None:
            return _plain_nearest(queries, self.codes, k)
        pairs = len(queries) * len(self.codes)
        threads = kernel.thread_count(self.threads, pairs)
        if len(queries) >= threads:
            held = 12 * min(4 * k, len(self.codes)) + 8 * queries.bits
            parts = shares(queries, max(1, _BLOCK_BYTES // held), threads)
            found = kernel.each(
                lambda part: _nearest(part, self.codes, k), parts, threads
            )
            return tuple(map(np.concatenate, zip(*found, strict=True)))
        return self._nearest_in_parts(queries, k, threads)

    def within(
        self, queries: codes.PackedCodes, radius: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All items within a radius of each query.

        Args:
            queries: q codes of K bits.
            radius: Largest distance of a hit, at least 0.

        Returns:
            limits [q + 1] int64, distances int32 and positions int64; the hits
            of query i are at `limits[i]:limits[i + 1]`, in ascending order of
            (distance, position).

        Raises:
            ValueError: If the code lengths differ.
        """
        distances_lib.check_same_length(self.codes.bits, queries.bits)
        if kernel.library() is None:
            return _plain_within(queries, self.codes, radius)
        radius = min(int(radius), queries.bits)
        pairs = len(queries) * len(self.codes)
        threads = kernel.thread_count(self.threads, pairs)

        def search(part):
            return collect(
                lambda room: hits("within", part, self.codes, room, radius),
                len(part),
            )

        parts = shares(queries, _BLOCK_BYTES // (12 * _HITS), threads)
        found = kernel.each(search, parts, threads)
        return in_order(*map(np.concatenate, zip(*found, strict=True)))

    def _nearest_in_parts(self, queries, k, threads):
        """Divides the items, where there are fewer queries than threads."""
        edges = np.linspace(0, len(self.codes), threads + 1).astype(int)

        def search(part):
            start, stop = edges[part], edges[part + 1]
            items = codes.PackedCodes(self.codes.rows[start:stop], queries.bits)
            found = _nearest(queries, items, min(k, len(items)))
            return found[0], found[1] + start

        found = kernel.each(search, range(threads), threads)
        distances, positions = (
            np.concatenate(side, axis=1) for side in zip(*found, strict=True)
        )
        # Stable, and parts come in ascending position.
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        return (
            np.take_along_axis(distances, order, axis=1),
            np.take_along_axis(positions, order, axis=1),
        )


def check_fits(
    packed: codes.PackedCodes, queries: codes.PackedCodes, k: int
) -> None:
    """Refuses queries that have no k nearest items.

    Raises:
        ValueError: If the code lengths differ or k does not fit n.
    """
    distances_lib.check_same_length(packed.bits, queries.bits)
    if not 1 <= k <= len(packed):
        raise ValueError(
            f"A search among {len(packed)} codes needs k from 1 to "
            f"{len(packed)}, the number of codes; received {k}."
        )


def in_order(
    counts: np.ndarray, distances: np.ndarray, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorts the hits of each query by (distance, position).

    Args:
        counts: [q] number of hits of each query.
        distances: Of the hits of query 0, then 1, and so on.
        positions: Of the same hits.

    Returns:
        limits [q + 1] int64, and both arrays in order.
    """
    queries = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((positions, distances, queries))
    limits = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    return limits, distances[order], positions[order]


def _nearest(queries, database, k):
    shape = len(queries), k
    distances, positions = np.empty(shape, np.int32), np.empty(shape, np.int64)
    if k:
        kernel.call(
            "nearest",
            *kernel.pair(queries, database),
            queries.bits,
            k,
            distances,
            positions,
        )
    return distances, positions


def shares(
    queries: codes.PackedCodes, most: int, threads: int
) -> list[codes.PackedCodes]:
    """Divides queries evenly, into shares of at most `most` of them."""
    count = max(threads, -(-len(queries) // most))
    edges = np.linspace(0, len(queries), count + 1).astype(int)
    return [
        codes.PackedCodes(queries.rows[start:stop], queries.bits)
        for start, stop in zip(edges[:-1], edges[1:], strict=True)
    ]


def collect(
    search: Callable[[np.ndarray], tuple], queries: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Finds hits whose number is not known beforehand.

    Args:
        search: Finds all hits; given the room [q] for the hits of each query,
            returns their numbers [q], and the distances and positions of those
            that had room.
        queries: q.

    Returns:
        The numbers, and the distances and positions of all hits, by query.
    """
    room = np.full(queries, _HITS)
    counts, distances, positions = search(room)
    if np.any(counts > room):
        return search(counts)
    used = np.arange(_HITS) < counts[:, None]
    return counts, distances[used.ravel()], positions[used.ravel()]


def hits(
    name: str,
    queries: codes.PackedCodes,
    database: codes.PackedCodes,
    room: np.ndarray,
    *arguments: int | np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Calls a compiled function that finds hits, for `collect`."""
    places = np.concatenate([[0], np.cumsum(room, dtype=np.int64)])
    counts = np.zeros(len(queries), np.int64)
    distances = np.empty(places[-1], np.int32)
    positions = np.empty(places[-1], np.int64)
    kernel.call(
        name,
        *kernel.pair(queries, database),
        *arguments,
        places,
        distances,
        positions,
        counts,
    )
    return counts, distances, positions


def _plain_nearest(queries, database, k):
    shape = len(queries), k
    distances, positions = np.empty(shape, np.int32), np.empty(shape, np.int64)
    for row, found in distances_lib.distance_rows(queries, database):
        nearest = _smallest(found, k)
        distances[row], positions[row] = found[nearest], nearest
    return distances, positions


def _smallest(distances: np.ndarray, k: int) -> np.ndarray:
    """Positions of the k smallest of [n] distances, by (distance, position)."""
    reached = np.cumsum(np.bincount(distances))
    furthest = np.searchsorted(reached, k)
    nearer = np.flatnonzero(distances < furthest)
    tied = np.flatnonzero(distances == furthest)[: k - len(nearer)]
    nearer = nearer[np.argsort(distances[nearer], kind="stable")]
    return np.concatenate([nearer, tied])


def _plain_within(queries, database, radius):
    counts = np.zeros(len(queries), np.int64)
    distances, positions = [np.empty(0, np.int32)], [np.empty(0, np.int64)]
    for row, found in distances_lib.distance_rows(queries, database):
        hits = np.flatnonzero(found <= radius)
        counts[row] = len(hits)
        distances.append(found[hits].astype(np.int32))
        positions.append(hits)
    return in_order(
        counts, np.concatenate(distances), np.concatenate(positions)
    )
