"""Average precision with ties in database order, for older tables only.

Published numbers mostly come from a sort, so a tie is broken by where an item
stands in the database, and the result moves when the database is reordered.
`common.retrieval` has the metrics that do not; these are kept beside them for
comparison.
"""

import numpy as np

from common import codes
from common import hamming
from common import relevance

DENOMINATORS = ("relevant", "hits", "min")


def stable_average_precision(
    query_codes: codes.PackedCodes,
    database_codes: codes.PackedCodes,
    query_labels: np.ndarray,
    database_labels: np.ndarray,
    cutoff: int | None = None,
    denominator: str = "relevant",
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
    query_words, database_words = relevance.checked_label_words(
        query_codes, database_codes, query_labels, database_labels
    )
    precision = np.full(len(query_codes), np.nan)
    for query, distances in hamming.distance_rows(query_codes, database_codes):
        relevant = relevance.share_label(
            query_words[query : query + 1], database_words
        )[0]
        total = np.count_nonzero(relevant)
        if total:
            # A radix sort: distances are one or two bytes.
            order = np.argsort(distances, kind="stable")[:cutoff]
            ranks = 1 + np.flatnonzero(relevant[order])
            size = {
                "relevant": total,
                "hits": max(1, len(ranks)),
                "min": min(total, len(distances) if cutoff is None else cutoff),
            }[denominator]
            precision[query] = (
                np.arange(1, len(ranks) + 1) / ranks
            ).sum() / size
    return precision
