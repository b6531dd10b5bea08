"""Items and relevant items at every distance: all that the metrics need.

A K-bit code has only K + 1 distances, so a ranking with its ties is described
completely by two small counts per query. They cost one pass over the database
and replace every sort.

Axis legend: `q` queries, `n` items of the database, `K` bits, `c` labels.
"""

import dataclasses
from concurrent import futures

import numpy as np

from common import codes
from common import hamming
from common import relevance


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
    threads: int = 1,
) -> DistanceHistograms:
    """Counts items and relevant items per query and distance.

    Args:
        query_codes: q codes of K bits.
        database_codes: n codes of K bits.
        query_labels: [q, c] multi-hot zeros and ones. An item is relevant if
            it shares at least one label with the query.
        database_labels: [n, c] multi-hot zeros and ones.
        threads: Queries are divided among so many threads. The result does not
            depend on it; neither does memory depend on q or n beyond the
            inputs and the result.

    Returns:
        The counts; every row of `items` sums to n.

    Raises:
        ValueError: If lengths, widths or label values do not fit.
    """
    query_words, database_words = relevance.checked_label_words(
        query_codes, database_codes, query_labels, database_labels
    )

    def count(rows):
        return _count(
            query_codes.take(rows),
            database_codes,
            query_words[rows],
            database_words,
        )

    shares = np.array_split(np.arange(len(query_codes)), max(1, threads))
    if len(shares) == 1:
        counts = count(shares[0])
    else:
        with futures.ThreadPoolExecutor(len(shares)) as pool:
            counts = np.concatenate(list(pool.map(count, shares)))
    return DistanceHistograms(counts.sum(axis=2), counts[:, :, 1].copy())


def _count(
    query_codes: codes.PackedCodes,
    database_codes: codes.PackedCodes,
    query_words: np.ndarray,
    database_words: np.ndarray,
) -> np.ndarray:
    """[q, K + 1, 2] int64: other and relevant items at each distance."""
    cells = 2 * (query_codes.bits + 1)
    counts = np.zeros((len(query_codes), cells), np.int64)
    for rows, columns, distances in hamming.distance_tiles(
        query_codes, database_codes
    ):
        relevant = relevance.share_label(
            query_words[rows], database_words[columns]
        )
        cell = distances.astype(np.min_scalar_type(cells))
        cell += distances
        cell += relevant
        # One count for the whole tile: each query has its own run of cells.
        cell = cell + np.arange(len(cell))[:, None] * cells
        tile = np.bincount(cell.ravel(), minlength=len(cell) * cells)
        counts[rows] += tile.reshape(-1, cells)
    return counts.reshape(len(counts), cells // 2, 2)
