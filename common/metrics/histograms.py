"""Items and relevant items at every distance: all that the metrics need.

A K-bit code has only K + 1 distances, so a ranking with its ties is described
completely by two small counts per query. They cost one pass over the database
and replace every sort.

Axis legend: `q` queries, `n` items of the database, `K` bits, `c` labels.
"""

import dataclasses

import numpy as np

from common.hamming import codes
from common.hamming import distances
from common.hamming import kernel
from common.metrics import relevance


@dataclasses.dataclass(frozen=True, eq=False)
class DistanceHistograms:
    """How many items, and relevant items, are at each distance of each query.

    Attributes:
        items: [q, K + 1] int64; column d counts the items at distance d.
        relevant: [q, K + 1] int64; those of `items` that are relevant.
    """

    items: np.ndarray
    relevant: np.ndarray


def distance_histograms(
    query_codes: codes.PackedCodes,
    database_codes: codes.PackedCodes,
    query_labels: np.ndarray,
    database_labels: np.ndarray,
    threads: int | None = None,
) -> DistanceHistograms:
    """Counts items and relevant items per query and distance.

    Args:
        query_codes: q codes of K bits.
        database_codes: n codes of K bits.
        query_labels: [q, c] multi-hot zeros and ones. An item is relevant if
            it shares at least one label with the query.
        database_labels: [n, c] multi-hot zeros and ones.
        threads: Queries are divided among so many threads, by default one per
            available core. The result does not depend on it; neither does
            memory depend on q or n beyond the inputs and the result.

    Returns:
        The counts; every row of `items` sums to n.

    Raises:
        ValueError: If lengths, widths or label values do not fit.
    """
    query_words, database_words = relevance.checked_label_words(
        query_codes, database_codes, query_labels, database_labels
    )
    count = _plain_count if kernel.library() is None else _count

    def count_share(rows):
        queries = query_codes.take(rows), query_words[rows]
        return count(*queries, database_codes, database_words)

    counts = np.concatenate(
        kernel.each_share(
            count_share, len(query_codes), len(database_codes), threads
        )
    )
    others, relevant = counts[:, :, 0], counts[:, :, 1]
    return DistanceHistograms(others + relevant, relevant.copy())


def _count(
    query_codes: codes.PackedCodes,
    query_words: np.ndarray,
    database_codes: codes.PackedCodes,
    database_words: np.ndarray,
) -> np.ndarray:
    """[q, K + 1, 2] int64: other and relevant items at each distance."""
    counts = np.zeros((len(query_codes), query_codes.bits + 1, 2), np.int64)
    kernel.call(
        "histograms",
        *kernel.pair(query_codes, database_codes),
        np.ascontiguousarray(query_words),
        np.ascontiguousarray(database_words),
        query_codes.bits,
        counts,
    )
    return counts


def _plain_count(
    query_codes: codes.PackedCodes,
    query_words: np.ndarray,
    database_codes: codes.PackedCodes,
    database_words: np.ndarray,
) -> np.ndarray:
    """The same, without the compiled scans."""
    cells = 2 * (query_codes.bits + 1)
    counts = np.zeros((len(query_codes), cells), np.int64)
    for rows, columns, tile in distances.distance_tiles(
        query_codes, database_codes
    ):
        relevant = relevance.share_label(
            query_words[rows], database_words[columns]
        )
        cell = tile.astype(np.min_scalar_type(cells))
        cell += tile
        cell += relevant
        # One count for the whole tile: each query has its own run of cells.
        cell = cell + np.arange(len(cell))[:, None] * cells
        found = np.bincount(cell.ravel(), minlength=len(cell) * cells)
        counts[rows] += found.reshape(-1, cells)
    return counts.reshape(len(counts), cells // 2, 2)
