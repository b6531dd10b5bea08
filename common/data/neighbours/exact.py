"""Exact nearest neighbours by blocked matrix products."""

import functools
from collections.abc import Callable

import numpy as np

from common.data.neighbours import selection
from common.data.neighbours import threads

METRICS = ("euclidean", "cosine")

# Rows whose distances are taken at once.
QUERY_BLOCK = 512
_ITEM_BLOCK = 8192
# Query blocks for which items are read and scaled once.
_GROUP = 16


def nearest(
    features: Callable[[slice], np.ndarray],
    count: int,
    neighbours: int,
    metric: str = "euclidean",
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Finds the nearest other items of every item, exactly.

    Work is O(n^2 d) in matrix products; memory is a block of distances and
    the features of a few blocks, never n x n.

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
    for queries in _slices(slice(0, count), _GROUP * QUERY_BLOCK):
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

    def load(rows: slice) -> np.ndarray:
        return _loaded(features, rows, metric)

    parts = _slices(queries, QUERY_BLOCK)
    # A power of two changes no digit of a product.
    asked = -2 * load(queries)
    best = {part.start: selection.Nearest(neighbours) for part in parts}

    def compare(first, items, norms, part):
        own = slice(part.start - queries.start, part.stop - queries.start)
        # Squared distances less the queries' norms, which rank nothing.
        distances = asked[own] @ items.T
        distances += norms
        _exclude_self(distances, part.start, first)
        numbers = np.arange(first, first + len(items))
        best[part.start].add(distances, numbers)

    for block in _slices(slice(0, count), _ITEM_BLOCK):
        items = load(block)
        norms = np.einsum("ij,ij->i", items, items)
        threads.each(
            functools.partial(compare, block.start, items, norms), parts
        )
    found = [one.items for one in best.values()]
    return np.concatenate(found).astype(np.int32)


def _loaded(
    features: Callable[[slice], np.ndarray], rows: slice, metric: str
) -> np.ndarray:
    """Features of some rows, scaled if the metric wants it, [m, d]."""
    width = features(slice(0, 1)).shape[1]
    found = np.empty((rows.stop - rows.start, width), np.float32)

    def load(part):
        block = features(part)
        own = slice(part.start - rows.start, part.stop - rows.start)
        found[own] = unit(block) if metric == "cosine" else block

    threads.each(load, _slices(rows, QUERY_BLOCK))
    return found


def _slices(rows: slice, size: int) -> list[slice]:
    starts = range(rows.start, rows.stop, size)
    return [slice(start, min(start + size, rows.stop)) for start in starts]


def unit(block: np.ndarray) -> np.ndarray:
    """Rows as unit vectors, [n, d]; a zero vector stays zero."""
    norms = np.linalg.norm(block, axis=1, keepdims=True)
    return block / np.maximum(norms, np.finfo(np.float32).tiny)


def _exclude_self(distances: np.ndarray, start: int, first: int) -> None:
    own = np.arange(len(distances)) + start - first
    inside = (own >= 0) & (own < distances.shape[1])
    distances[np.flatnonzero(inside), own[inside]] = np.inf
