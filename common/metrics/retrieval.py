r"""Retrieval metrics of rankings by Hamming distance.

With K bits there are K + 1 distances, so most of a ranking is ties. The metrics
here are exact means (or bounds) over all orders of the tied items, computed
from the counts per distance of `histograms`; no order is ever chosen.

Symbols, for one query and one distance d:

    n = items[d], r = relevant[d]           items and relevant ones at d
    C, P                                    the same, over all smaller distances
    N, R                                    the same, over all distances
    H(m) = 1 + 1/2 + ... + 1/m              harmonic number

`items` and `relevant` are int64 [q, K + 1]. Every function that returns one
value per query returns float64 [q] and NaN for a query with R = 0: there is
nothing to retrieve, so such queries are left out of means and counted apart.

Closed forms: McSherry and Najork, "Computing Information Retrieval Performance
Measures Efficiently in the Presence of Tied Scores", ECIR 2008.
"""

import functools
from typing import NamedTuple

import numpy as np


class RadiusCurves(NamedTuple):
    """Precision and recall of hash look-ups with radius 0..K, [K + 1] each."""

    micro_precision: np.ndarray
    micro_recall: np.ndarray
    macro_precision: np.ndarray
    macro_recall: np.ndarray


def expected_average_precision(
    items: np.ndarray, relevant: np.ndarray, cutoff: int | None = None
) -> np.ndarray:
    r"""Average precision, averaged over all orders of the tied items.

    UGACH Eq. (11):

        AP = (1/R) sum_k rel_k R_k / k

    with rel_k = 1 if the item at rank k is relevant and R_k the relevant items
    among the first k. The equation is printed with k / R_k, which is at least
    1; that is a typo, R_k / k is meant. The mean over tie orders is

        AP = (1/R) sum_d (r/n) [(P + 1) D + rho (T - (C + 1) D)]
        D = H(C + T) - H(C),   rho = (r - 1) / (n - 1)

    where T = n, or the part of n inside the cutoff.

    Args:
        items: [q, K + 1] items per distance.
        relevant: [q, K + 1] relevant items per distance.
        cutoff: Ranks k beyond it do not count, and the denominator is
            min(R, cutoff). The whole ranking by default.

    Returns:
        [q] in [0, 1]; NaN where R = 0.
    """
    before, relevant_before = _before(items), _before(relevant)
    if cutoff is None:
        inside = items
    else:
        inside = np.clip(_checked(cutoff) - before, 0, items)
    terms = _tied_precisions(items, relevant, before, relevant_before, inside)
    total = relevant.sum(axis=1)
    return _ratio(
        terms.sum(axis=1),
        total if cutoff is None else np.minimum(total, cutoff),
    )


def optimistic_average_precision(
    items: np.ndarray, relevant: np.ndarray
) -> np.ndarray:
    r"""Average precision if relevant items came first among their ties.

        AP = (1/R) sum_d r + (P - C) (H(C + r) - H(C))

    Args:
        items: [q, K + 1] items per distance.
        relevant: [q, K + 1] relevant items per distance.

    Returns:
        [q], the largest value any tie order can give; NaN where R = 0.
    """
    return _ordered_average_precision(items, relevant, _before(items))


def pessimistic_average_precision(
    items: np.ndarray, relevant: np.ndarray
) -> np.ndarray:
    r"""Average precision if relevant items came last among their ties.

        AP = (1/R) sum_d r + (P - s) (H(s + r) - H(s)),   s = C + n - r

    Args:
        items: [q, K + 1] items per distance.
        relevant: [q, K + 1] relevant items per distance.

    Returns:
        [q], the smallest value any tie order can give; NaN where R = 0.
    """
    start = _before(items) + items - relevant
    return _ordered_average_precision(items, relevant, start)


def expected_precision_at(
    items: np.ndarray, relevant: np.ndarray, n_values
) -> np.ndarray:
    """Share of relevant items among the first N, mean of tie orders.

    (P + r (N - C) / n) / N at the distance that crosses rank N. The
    denominator stays N when the database is smaller.

    Args:
        items: [q, K + 1] items per distance.
        relevant: [q, K + 1] relevant items per distance.
        n_values: [m] values of N, each at least 1.

    Returns:
        [q, m] in [0, 1]; rows of NaN where R = 0.
    """
    n_values = np.asarray(n_values)
    if n_values.size:
        _checked(n_values.min())
    before, share = _before(items), _ratio(relevant, items, empty=0.0)
    precision = np.empty((len(items), len(n_values)))
    for column, rank in enumerate(n_values):
        # The expected hits grow linearly with N inside each tied group.
        inside = np.clip(rank - before, 0, items)
        precision[:, column] = np.einsum("qd,qd->q", share, inside) / rank
    precision[relevant.sum(axis=1) == 0] = np.nan
    return precision


def precision_within_radius(
    items: np.ndarray, relevant: np.ndarray, radius: int = 2
) -> np.ndarray:
    """Share of relevant items in a hash look-up; an empty look-up scores 0.

    Args:
        items: [q, K + 1] items per distance.
        relevant: [q, K + 1] relevant items per distance.
        radius: Largest distance that is looked up.

    Returns:
        [q] in [0, 1]; NaN where R = 0.
    """
    found = items[:, : radius + 1].sum(axis=1)
    hits = relevant[:, : radius + 1].sum(axis=1)
    precision = np.divide(
        hits, found, out=np.zeros(len(found)), where=found > 0
    )
    return np.where(relevant.sum(axis=1) > 0, precision, np.nan)


def precision_recall_by_radius(
    items: np.ndarray, relevant: np.ndarray
) -> RadiusCurves:
    """Precision and recall of look-ups with each radius; ties do not matter.

    Micro: the hits of all queries over the items found by all queries (over
    the relevant items of all queries). Macro: the mean over queries of each
    query's own precision (recall). A query that finds nothing within a radius
    has no precision there: it is skipped in the macro mean of precision, where
    `precision_within_radius` counts it as 0, and has recall 0.

    Args:
        items: [q, K + 1] items per distance.
        relevant: [q, K + 1] relevant items per distance.

    Returns:
        Four curves over radius 0..K. Queries with R = 0 are left out.
        Precisions are NaN where no query finds anything, all values where no
        query is left.
    """
    kept = relevant.sum(axis=1) > 0
    found = np.cumsum(items[kept], axis=1)
    hits = np.cumsum(relevant[kept], axis=1)
    total = relevant[kept].sum(axis=1)
    own = _ratio(hits, found)
    return RadiusCurves(
        micro_precision=_ratio(hits.sum(axis=0), found.sum(axis=0)),
        micro_recall=_ratio(
            hits.sum(axis=0), np.full(hits.shape[1], total.sum())
        ),
        macro_precision=_ratio(
            np.nansum(own, axis=0), np.count_nonzero(found, axis=0)
        ),
        macro_recall=_ratio(
            (hits / total[:, None]).sum(axis=0),
            np.full(hits.shape[1], len(total)),
        ),
    )


def chance_level(items: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """Expected average precision when all items have one constant code.

    What a collapsed method scores on these queries, R/N + O(log N / N): the
    zero point of every MAP.

    Args:
        items: [q, K + 1] items per distance; only N matters.
        relevant: [q, K + 1] relevant items per distance; only R matters.

    Returns:
        [q] in [0, 1]; NaN where R = 0.
    """
    return expected_average_precision(
        items.sum(axis=1, keepdims=True), relevant.sum(axis=1, keepdims=True)
    )


def base_rate(items: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """Share of relevant items in the database, R/N.

    Args:
        items: [q, K + 1] items per distance; only N matters.
        relevant: [q, K + 1] relevant items per distance; only R matters.

    Returns:
        [q] in [0, 1]; NaN where R = 0.
    """
    total = relevant.sum(axis=1)
    return np.where(total > 0, _ratio(total, items.sum(axis=1)), np.nan)


def _tied_precisions(items, relevant, before, relevant_before, inside):
    """Expected sum of R_k / k at the relevant ranks of each tied group.

    Of `items` tied items, of which `relevant` are relevant, the first `inside`
    count; `before` items, `relevant_before` relevant ones, precede the group.
    """
    harmonic = _harmonic(int(np.max(before + inside, initial=0)))
    step = harmonic[before + inside] - harmonic[before]
    others = _ratio(relevant - 1, items - 1, empty=0.0)
    inner = others * (inside - (before + 1) * step)
    share = _ratio(relevant, items, empty=0.0)
    return share * ((relevant_before + 1) * step + inner)


def _ordered_average_precision(items, relevant, start):
    """AP when the relevant items of a group take the ranks after `start`."""
    harmonic = _harmonic(int(np.max(start + relevant, initial=0)))
    step = harmonic[start + relevant] - harmonic[start]
    terms = relevant + (_before(relevant) - start) * step
    return _ratio(terms.sum(axis=1), relevant.sum(axis=1))


def _before(counts: np.ndarray) -> np.ndarray:
    """Sums over all smaller distances."""
    return np.cumsum(counts, axis=1) - counts


@functools.lru_cache(maxsize=2)
def _harmonic(largest: int) -> np.ndarray:
    """H(0), ..., H(largest); the metrics of one ranking ask again and again."""
    sums = np.append(0.0, np.cumsum(1.0 / np.arange(1, largest + 1)))
    sums.flags.writeable = False
    return sums


def _ratio(numerator, denominator, empty: float = np.nan) -> np.ndarray:
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    out = np.full(shape, empty)
    return np.divide(numerator, denominator, out=out, where=denominator > 0)


def _checked(rank: int) -> int:
    if rank < 1:
        raise ValueError(f"Ranks are counted from 1, received {rank}.")
    return rank
