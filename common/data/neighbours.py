"""Exact nearest neighbours by blocked matrix products."""

from collections.abc import Callable

import numpy as np

METRICS = ("euclidean", "cosine")

# Rows whose distances are taken at once.
QUERY_BLOCK = 512
_ITEM_BLOCK = 16384


def nearest(
    features: Callable[[slice], np.ndarray],
    count: int,
    neighbours: int,
    metric: str = "euclidean",
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Finds the nearest other items of every item, exactly.

    Work is O(n^2 d) in matrix products; memory is a block of distances and
    the features of a block, never n x n.

    Args:
        features: Returns the float32 features of a slice of 0..count-1.
        count: Number of items, n.
        neighbours: k, less than n.
        metric: `euclidean`, or `cosine`, the Euclidean distance of unit
            vectors (a zero vector stays zero).
        progress: Called with the number of items done so far.

    Returns:
        [n, k] int32, nearest first; equal distances by item number; an item
        is never its own neighbour.

    Raises:
        ValueError: k does not fit n, or the metric is unknown.
    """
    check(count, neighbours, metric)
    found = np.empty((count, neighbours), np.int32)
    for start in range(0, count, QUERY_BLOCK):
        queries = slice(start, min(start + QUERY_BLOCK, count))
        found[queries] = nearest_of(
            queries, features, count, neighbours, metric
        )
        if progress:
            progress(queries.stop)
    return found


def check(count: int, neighbours: int, metric: str) -> None:
    """Refuses what `nearest` cannot do.

    Raises:
        ValueError: k does not fit n, or the metric is unknown.
    """
    if not 1 <= neighbours < count:
        raise ValueError(
            f"neighbours must lie between 1 and {count - 1}, one less than the "
            f"{count} items; received {neighbours}."
        )
    if metric not in METRICS:
        raise ValueError(
            f"metric must be one of {', '.join(METRICS)}; received {metric!r}."
        )


def nearest_of(
    queries: slice,
    features: Callable[[slice], np.ndarray],
    count: int,
    neighbours: int,
    metric: str,
) -> np.ndarray:
    """The same for some of the items, which `nearest` gives row for row.

    All items are read once. Memory holds the features of these queries and of
    a block of items.

    Args:
        queries: Their numbers; the first is a multiple of `QUERY_BLOCK`, so
            that matrix products, and their rounding, are those of `nearest`.
        features: As for `nearest`.
        count: Number of items, n.
        neighbours: k, less than n.
        metric: One of `METRICS`.

    Returns:
        [queries, k] int32.
    """

    def load(start: int, stop: int) -> np.ndarray:
        block = features(slice(start, min(stop, count)))
        return _unit(block) if metric == "cosine" else block

    blocks = {
        start: load(start, min(start + QUERY_BLOCK, queries.stop))
        for start in range(queries.start, queries.stop, QUERY_BLOCK)
    }
    best = {}
    for first in range(0, count, _ITEM_BLOCK):
        items = load(first, first + _ITEM_BLOCK)
        for start, block in blocks.items():
            distances = _ranking_distances(block, items)
            _exclude_self(distances, start, first)
            near = _smallest(distances, first, neighbours)
            best[start] = (
                _merge(best[start], near, neighbours) if start in best else near
            )
    return np.concatenate([near for _, near in best.values()]).astype(np.int32)


def _unit(block: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(block, axis=1, keepdims=True)
    return block / np.maximum(norms, np.finfo(np.float32).tiny)


def _ranking_distances(queries: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Squared distances less the queries' norms, which rank nothing."""
    distances = queries @ items.T
    distances *= -2.0
    distances += np.einsum("ij,ij->i", items, items)
    return distances


def _exclude_self(distances: np.ndarray, start: int, first: int) -> None:
    own = np.arange(len(distances)) + start - first
    inside = (own >= 0) & (own < distances.shape[1])
    distances[np.flatnonzero(inside), own[inside]] = np.inf


def _smallest(
    distances: np.ndarray, first: int, neighbours: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k smallest of each row, as (distances, item numbers), in order."""
    width = min(neighbours, distances.shape[1])
    # Ties at the k-th distance go to the lowest item number, as everywhere.
    kth = np.partition(distances, width - 1, axis=1)[:, width - 1]
    chosen = np.empty((len(distances), width), np.int64)
    for row, (values, limit) in enumerate(zip(distances, kth, strict=True)):
        near = np.flatnonzero(values <= limit)
        order = np.argsort(values[near], kind="stable")[:width]
        chosen[row] = near[order]
    return np.take_along_axis(distances, chosen, axis=1), chosen + first


def _merge(
    best: tuple[np.ndarray, np.ndarray],
    near: tuple[np.ndarray, np.ndarray],
    neighbours: int,
) -> tuple[np.ndarray, np.ndarray]:
    distances = np.concatenate([best[0], near[0]], axis=1)
    items = np.concatenate([best[1], near[1]], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")[:, :neighbours]
    return (
        np.take_along_axis(distances, order, axis=1),
        np.take_along_axis(items, order, axis=1),
    )
