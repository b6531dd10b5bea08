"""Evaluation of methods that rank by a real-valued score.

Codes are ranked by Hamming distance, in `common.metrics.evaluation`. Scores are
ranked here, with the same definitions: items of one score are tied.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from common.data import arrays
from common.data import splits
from common.metrics import evaluation
from common.metrics import relevance
from common.metrics import retrieval

_BLOCK = 100


class ScoredModel(Protocol):
    """A model that scores a database for queries of the other view."""

    def text_scorer(self, texts: np.ndarray) -> Callable:
        """Maps image queries to their scores of these texts, [queries, n]."""

    def image_scorer(self, images: np.ndarray) -> Callable:
        """Maps text queries to their scores of these images, [queries, n]."""


def evaluate(
    model: ScoredModel, data: arrays.CrossModalData, split: splits.Split
) -> dict[str, dict]:
    """The metrics of both directions, as `common.metrics` names them."""
    image, text = data.image_features, data.text_features
    labels = data.labels[split.query], data.labels[split.retrieval]
    return {
        "i2t": score_metrics(
            model.text_scorer(text(split.retrieval)),
            image(split.query),
            *labels,
        ),
        "t2i": score_metrics(
            model.image_scorer(image(split.retrieval)),
            text(split.query),
            *labels,
        ),
    }


def score_metrics(
    scorer: Callable[[np.ndarray], np.ndarray],
    queries: np.ndarray,
    query_labels: np.ndarray,
    database_labels: np.ndarray,
) -> dict[str, float | np.ndarray | dict | None]:
    """Mean metrics of one direction, over queries with a relevant item.

    `average_precision` is what `map_all` is the mean of, [q], and `curves`
    holds what `curves` returns.

    Args:
        scorer: Maps queries to scores of the database, higher is nearer.
        queries: Features of the queries, [q, d].
        query_labels: [q, c] multi-hot.
        database_labels: [n, c] multi-hot.
    """
    query_words = relevance.label_words(query_labels)
    database_words = relevance.label_words(database_labels)
    found, hits = [], []
    for start in range(0, len(queries), _BLOCK):
        block = slice(start, start + _BLOCK)
        counts = rank_counts(
            scorer(queries[block]),
            relevance.share_label(query_words[block], database_words),
        )
        hits.append(expected_hits(*counts).sum(axis=0))
        found.append(
            {
                "map_all": retrieval.expected_average_precision(*counts),
                "map_all_optimistic": retrieval.optimistic_average_precision(
                    *counts
                ),
                "map_all_pessimistic": retrieval.pessimistic_average_precision(
                    *counts
                ),
                "map_at_50": retrieval.expected_average_precision(*counts, 50),
                "chance": retrieval.chance_level(*counts),
            }
        )
    columns = {
        name: np.concatenate([block[name] for block in found])
        for name in found[0]
    }
    return {
        "average_precision": columns["map_all"],
        "curves": curves(
            np.sum(hits, axis=0), int(np.sum(~np.isnan(columns["map_all"])))
        ),
        **{
            name: evaluation.mean_over_queries(column)
            for name, column in columns.items()
        },
    }


def expected_hits(items: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """Relevant items among the first N = 1..n, mean of tie orders, [q, n].

    Args:
        items: [q, n] items of each group of ties.
        relevant: [q, n] relevant ones.
    """
    share = np.zeros(items.shape)
    np.divide(relevant, items, out=share, where=items > 0)
    at_ranks = np.repeat(share, items.ravel()).reshape(items.shape)
    return np.cumsum(at_ranks, axis=1)


def curves(hits: np.ndarray, queries: int) -> dict[str, np.ndarray]:
    """Curves of one direction, as `Evaluation.curves` names them.

    Scores of two queries need not compare, so precision and recall go along
    the ranks in place of radii; all queries find equally many items there.

    Args:
        hits: Relevant items that all queries find among the first N, [n].
        queries: How many have a relevant item at all.

    Returns:
        `micro_precision` and `micro_recall` [n] over N = 1..n, and
        `precision_at` [1000] over N = 1..1000, in which N is the denominator
        where the database is smaller, too. NaN without queries.
    """
    queries = queries or np.nan
    ranks = np.arange(1, len(hits) + 1)
    first = np.arange(1, evaluation.CURVE_RANKS + 1)
    return {
        "micro_precision": hits / (queries * ranks),
        "micro_recall": hits / (hits[-1] or np.nan),
        "precision_at": hits[np.minimum(first, len(hits)) - 1]
        / (queries * first),
    }


def rank_counts(
    scores: np.ndarray, relevant: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Items and relevant items of each group of ties, highest score first.

    Args:
        scores: [q, n].
        relevant: [q, n] bool.

    Returns:
        Two [q, n] arrays of counts; groups beyond a query's last are empty.
    """
    order = np.argsort(-scores, axis=1)
    scores = np.take_along_axis(scores, order, axis=1)
    relevant = np.take_along_axis(relevant, order, axis=1)
    group = np.zeros(scores.shape, np.int64)
    group[:, 1:] = np.cumsum(scores[:, 1:] != scores[:, :-1], axis=1)
    group += scores.shape[1] * np.arange(len(scores))[:, None]

    def count(which):
        return np.bincount(group[which], minlength=scores.size).reshape(
            scores.shape
        )

    return count(np.ones(relevant.shape, np.bool_)), count(relevant)
