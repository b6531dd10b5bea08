"""Average precision with ties in database order, for older tables only.

Published numbers mostly come from a sort, so a tie is broken by where an item
stands in the database, and the result moves when the database is reordered.
`common.metrics.retrieval` has the metrics that do not; these are kept beside
them for comparison.
"""

import numpy as np

from common.hamming import codes
from common.hamming import distances as distances_lib
from common.hamming import kernel
from common.metrics import histograms
from common.metrics import relevance

DENOMINATORS = ("relevant", "hits", "min")
# Bytes of a block of queries for what they meet, and bounds of a block.
_BLOCK_BYTES, _LEAST, _MOST = 1 << 25, 4, 64


def stable_average_precision(
    query_codes: codes.PackedCodes,
    database_codes: codes.PackedCodes,
    query_labels: np.ndarray,
    database_labels: np.ndarray,
    cutoff: int | None = None,
    denominator: str = "relevant",
    threads: int | None = None,
) -> np.ndarray:
    r"""Average precision of the ranking by (distance, position in database).

        AP = (1/Z) sum_{k <= c} rel_k R_k / k

    with rel_k = 1 if the item at rank k is relevant and R_k the relevant items
    among the first k.

    Args:
        query_codes: q codes of K bits.
        database_codes: n codes of K bits.
        query_labels: [q, l] multi-hot zeros and ones. An item is relevant if
            it shares at least one label with the query.
        database_labels: [n, l] multi-hot zeros and ones.
        cutoff: c, the number of ranks that count; all by default.
        denominator: Z. "relevant": R, the relevant items of the database.
            "hits": R_c, those among the first c ranks (0 / 0 is 0). "min":
            min(R, c). All are the same without a cutoff.
        threads: Number of threads; one per available core by default.

    Returns:
        [q] float64 in [0, 1]; NaN where R = 0.

    Raises:
        ValueError: If lengths, widths, label values, the cutoff or the
            denominator do not fit.
    """
    if denominator not in DENOMINATORS:
        raise ValueError(
            f"The denominator is one of {', '.join(DENOMINATORS)}, received "
            f"{denominator!r}."
        )
    if cutoff is not None and cutoff < 1:
        raise ValueError(f"Ranks are counted from 1, received {cutoff}.")
    words = relevance.checked_label_words(
        query_codes, database_codes, query_labels, database_labels
    )
    cutoff = min(cutoff or len(database_codes), len(database_codes))
    counts, sums, hits = rank_words(
        query_codes, database_codes, *words, cutoff, threads
    )
    total = counts.relevant.sum(axis=1)
    size = {
        "relevant": total,
        "hits": np.maximum(1, hits),
        "min": np.minimum(total, cutoff),
    }[denominator]
    return np.where(total > 0, sums / np.maximum(1, size), np.nan)


def rank_words(
    query_codes: codes.PackedCodes,
    database_codes: codes.PackedCodes,
    query_words: np.ndarray,
    database_words: np.ndarray,
    cutoff: int,
    threads: int | None = None,
) -> tuple[histograms.DistanceHistograms, np.ndarray, np.ndarray]:
    """Counts and ranks in one pass over the database.

    Args:
        query_codes: q codes of K bits.
        database_codes: n codes of K bits.
        query_words: [q, w] uint64 from `relevance.checked_label_words`.
        database_words: [n, w] uint64 from the same.
        cutoff: c, the number of ranks that count.
        threads: As in `stable_average_precision`. Each takes up to 32 MB, or
            32 bytes per item where n > 1 million.

    Returns:
        What `histograms.count_words` returns; the sum of R_k / k over the hits
        up to the cutoff, [q] float64; the number of these hits, [q] int64.

    Raises:
        ValueError: If the code lengths differ.
    """
    distances_lib.check_same_length(database_codes.bits, query_codes.bits)
    field = (64 - query_codes.bits.bit_length()) // 2
    compiled = kernel.library() and len(database_codes) < 1 << field
    rank = _ranked if compiled else _plain_ranked

    def rank_share(rows):
        queries = query_codes.take(rows), query_words[rows]
        return rank(*queries, database_codes, database_words, cutoff)

    found = kernel.each_share(
        rank_share, len(query_codes), len(database_codes), threads
    )
    cells, sums, hits = map(np.concatenate, zip(*found, strict=True))
    return histograms.from_cells(cells), sums, hits


def _ranked(query_codes, query_words, database_codes, database_words, cutoff):
    """Cells [q, K + 1, 2], sums of R_k / k up to the cutoff, and hits [q].

    Counts on from distance to distance, item by item, instead of sorting.
    """
    cells = np.zeros((len(query_codes), query_codes.bits + 1, 2), np.int64)
    sums = np.zeros(len(query_codes))
    hits = np.zeros(len(query_codes), np.int64)
    kernel.call(
        "ranked_precision",
        *kernel.pair(query_codes, database_codes),
        np.ascontiguousarray(query_words),
        np.ascontiguousarray(database_words),
        database_words.shape[1],
        query_codes.bits,
        (64 - query_codes.bits.bit_length()) // 2,
        cutoff,
        _block(len(database_codes)),
        cells,
        sums,
        hits,
    )
    return cells, sums, hits


def _block(items: int) -> int:
    """Queries that share one reading of the database."""
    return min(_MOST, max(_LEAST, _BLOCK_BYTES // (8 * max(1, items))))


def _plain_ranked(
    query_codes, query_words, database_codes, database_words, cutoff
):
    """The same by sorting, without the compiled scans."""
    cells = histograms.plain_cells(
        query_codes, query_words, database_codes, database_words
    )
    sums = np.zeros(len(query_codes))
    hits = np.zeros(len(query_codes), np.int64)
    rows = distances_lib.distance_rows(query_codes, database_codes)
    for query, distances in rows:
        relevant = relevance.share_label(
            query_words[query : query + 1], database_words
        )[0]
        # A radix sort: distances are one or two bytes.
        order = np.argsort(distances, kind="stable")[:cutoff]
        ranks = 1 + np.flatnonzero(relevant[order])
        hits[query] = len(ranks)
        sums[query] = (np.arange(1, len(ranks) + 1) / ranks).sum()
    return cells, sums, hits
