"""Average precision with ties in database order, for older tables only.

Published numbers mostly come from a sort, so a tie is broken by where an item
stands in the database, and the result moves when the database is reordered.
`common.retrieval` has the metrics that do not; these are kept beside them for
comparison.
"""

import numpy as np

from common import codes
from common import distances as distances_lib
from common import histograms
from common import kernel
from common import relevance

DENOMINATORS = ("relevant", "hits", "min")


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
    distances_lib.check_same_length(database_codes.bits, query_codes.bits)
    words = relevance.checked_label_words(
        query_codes, database_codes, query_labels, database_labels
    )
    cutoff = len(database_codes) if cutoff is None else cutoff
    rank = _ranked if kernel.library() is None else _compiled_ranked

    def rank_share(rows):
        share = query_codes.take(rows), database_codes
        return rank(*share, words[0][rows], words[1], cutoff)

    pairs = len(query_codes) * len(database_codes)
    threads = kernel.thread_count(threads, pairs)
    shares = np.array_split(np.arange(len(query_codes)), threads)
    found = kernel.each(rank_share, shares, threads)
    sums, hits, total = map(np.concatenate, zip(*found, strict=True))
    size = {
        "relevant": total,
        "hits": np.maximum(1, hits),
        "min": np.minimum(total, cutoff),
    }[denominator]
    return np.where(total > 0, sums / np.maximum(1, size), np.nan)


def _compiled_ranked(
    query_codes, database_codes, query_words, database_words, cutoff
):
    """The same as `_ranked`, by counting instead of sorting."""
    counts = histograms.count(
        query_codes, database_codes, query_words, database_words
    )
    counts[:, :, 0] += counts[:, :, 1]
    total = counts[:, :, 1].sum(axis=1)
    # Where each distance begins in the ranking, for all and for relevant items.
    cursors = np.cumsum(counts, axis=1) - counts
    sums, hits = np.zeros(len(total)), np.zeros(len(total), np.int64)
    kernel.call(
        "ranked_precision",
        *kernel.pair(query_codes, database_codes),
        np.ascontiguousarray(query_words),
        np.ascontiguousarray(database_words),
        database_words.shape[1],
        query_codes.bits,
        int(cutoff),
        cursors,
        sums,
        hits,
    )
    return sums, hits, total


def _ranked(query_codes, database_codes, query_words, database_words, cutoff):
    """Sums of R_k / k over the hits up to the cutoff, hits, and all relevant.

    Each is [q].
    """
    sums = np.zeros(len(query_codes))
    hits = np.zeros(len(query_codes), np.int64)
    total = np.zeros(len(query_codes), np.int64)
    rows = distances_lib.distance_rows(query_codes, database_codes)
    for query, distances in rows:
        relevant = relevance.share_label(
            query_words[query : query + 1], database_words
        )[0]
        total[query] = np.count_nonzero(relevant)
        # A radix sort: distances are one or two bytes.
        order = np.argsort(distances, kind="stable")[:cutoff]
        ranks = 1 + np.flatnonzero(relevant[order])
        hits[query] = len(ranks)
        sums[query] = (np.arange(1, len(ranks) + 1) / ranks).sum()
    return sums, hits, total
