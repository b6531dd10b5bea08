"""Results by (distance, id), from engines that cut ties off and from parts."""

from collections.abc import Callable

import numpy as np

from common.hamming import codes

# Distance of what was not found.
MISSING = np.iinfo(np.int32).max
# Items fetched at once, far from the 64 MB that a Milvus server sends.
_FETCHED = 1 << 17


def nearest(
    fetch: Callable[[codes.PackedCodes, int], tuple[np.ndarray, np.ndarray]],
    queries: codes.PackedCodes,
    k: int,
    most: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fetches more and more until the last item is farther than the k-th.

    Args:
        fetch: Takes q queries and a count; returns [q, count] distances and
            ids, as `in_order` does.
        queries: q codes.
        k: How many, 1..most.
        most: The largest count to fetch. Whoever ties with the k-th item beyond
            that many is not looked for.

    Returns:
        distances [q, k] int32 and ids [q, k] int64, each row in ascending order
        of (distance, id); `MISSING` where less than k were found. And [q] bool,
        whether all of the largest count are as near as the k-th, so that others
        may be, too.
    """
    shape = len(queries), k
    distances, ids = np.empty(shape, np.int32), np.empty(shape, np.int64)
    tied, count = np.ones(len(queries), bool), 0
    while tied.any() and count < most:
        count, left = min(2 * max(k, count), most), np.flatnonzero(tied)
        block = max(1, _FETCHED // count)
        for start in range(0, len(left), block):
            rows = left[start : start + block]
            found, found_ids = fetch(queries.take(rows), count)
            distances[rows], ids[rows] = found[:, :k], found_ids[:, :k]
            furthest = found[:, k - 1]
            tied[rows] = (found[:, -1] <= furthest) & (furthest != MISSING)
    return distances, ids, tied


def in_order(
    distances: np.ndarray, ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sorts every row of two [q, count] arrays by (distance, id)."""
    order = np.lexsort((ids, distances), axis=1)
    return (
        np.take_along_axis(distances, order, axis=1),
        np.take_along_axis(ids, order, axis=1),
    )


def merge(
    first: tuple[np.ndarray, np.ndarray],
    second: tuple[np.ndarray, np.ndarray],
    k: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest of what was found in two sets of items.

    Args:
        first: Distances and ids [q, a], rows by (distance, id).
        second: The same of other items, [q, b].
        k: How many to keep.

    Returns:
        distances and ids [q, min(k, a + b)], rows by (distance, id).
    """
    distances, ids = (
        np.concatenate(pair, axis=1) for pair in zip(first, second, strict=True)
    )
    order = np.argsort(distances, axis=1, kind="stable")
    distances = np.take_along_axis(distances, order, axis=1)
    ids = np.take_along_axis(ids, order, axis=1)
    # Done, unless an id of the second set stands behind a larger one.
    tied = distances[:, 1:] == distances[:, :-1]
    wrong = np.any(tied & (ids[:, 1:] < ids[:, :-1]), axis=1)
    if wrong.any():
        distances[wrong], ids[wrong] = in_order(distances[wrong], ids[wrong])
    return distances[:, :k].copy(), ids[:, :k].copy()


def merge_hits(
    first: tuple[np.ndarray, np.ndarray, np.ndarray],
    second: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All hits of two sets of items.

    Args:
        first: limits [q + 1], and distances and ids of the hits of query i at
            `limits[i]:limits[i + 1]`.
        second: The same of other items.

    Returns:
        The same of both, the hits of a query by (distance, id).
    """
    parts = first, second
    counts = [np.diff(limits) for limits, *_ in parts]
    queries = np.concatenate(
        [np.repeat(np.arange(len(count)), count) for count in counts]
    )
    distances, ids = (
        np.concatenate([part[side] for part in parts]) for side in (1, 2)
    )
    order = np.lexsort((ids, distances, queries))
    return first[0] + second[0], distances[order], ids[order]
