"""Exact nearest neighbours of rows that are mostly zeros."""

from collections.abc import Callable

import numpy as np
from scipy import sparse as scipy_sparse

from common.data.neighbours import selection
from common.data.neighbours import threads

# Share of numbers other than 0 up to which this is faster than products of
# whole matrices.
LARGEST_SHARE = 0.03
_QUERY_BLOCK = 256
_ITEM_BLOCK = 16_384
_READ_BLOCK = 4096


def nearest(
    features: Callable[[slice], np.ndarray],
    count: int,
    neighbours: int,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """The nearest other items of every item; see `exact.nearest`.

    All rows are kept in memory, but of each only what is not 0. Sums are added
    up in another order than in products of whole matrices.
    """
    blocks = [
        _read(features, start, min(start + _ITEM_BLOCK, count))
        for start in range(0, count, _ITEM_BLOCK)
    ]
    norms = [np.asarray(block.power(2).sum(axis=1)).ravel() for block in blocks]
    found = np.empty((count, neighbours), np.int32)

    def find(rows):
        queries = _rows(blocks, rows.start, rows.stop)
        best = selection.Nearest(neighbours)
        for number, block in enumerate(blocks):
            first = number * _ITEM_BLOCK
            _add(best, queries, rows.start, block, norms[number], first)
        found[rows] = best.items

    threads.each(
        find,
        [
            slice(start, min(start + _QUERY_BLOCK, count))
            for start in range(0, count, _QUERY_BLOCK)
        ],
        progress,
    )
    return found


def _read(features, start: int, stop: int) -> scipy_sparse.csr_array:
    parts = [
        scipy_sparse.csr_array(features(slice(at, min(at + _READ_BLOCK, stop))))
        for at in range(start, stop, _READ_BLOCK)
    ]
    return scipy_sparse.vstack(parts, format="csr")


def _rows(blocks, start: int, stop: int) -> np.ndarray:
    """Columns that are -2 times the rows start to stop, [d, rows]."""
    # A block of queries never lies in two blocks of items.
    block, first = divmod(start, _ITEM_BLOCK)
    chosen = blocks[block][first : first + stop - start]
    return np.ascontiguousarray(-2 * chosen.toarray().T)


def _add(best, queries, start, block, norms, first) -> None:
    # A sparse matrix is multiplied fastest where it stands on the left.
    distances = block @ queries
    distances += norms[:, None]
    own = np.arange(start, start + queries.shape[1]) - first
    inside = (own >= 0) & (own < len(norms))
    distances[own[inside], np.flatnonzero(inside)] = np.inf
    limits = best.limits
    if limits is None:
        best.add(
            np.ascontiguousarray(distances.T),
            np.arange(first, first + len(norms)),
        )
        return
    # Among equal distances, the later numbers lose.
    items, rows = selection.places(distances < limits)
    best.take(rows, items + first, distances[items, rows])
