"""MAP of every query modality against every database modality.

A method that also hashes labels has three modalities, and so nine
directions; `common.evaluation` has the two across images and texts in full.
"""

from collections.abc import Mapping

import numpy as np

from common import codes
from common import evaluation
from common import histograms
from common import retrieval


def all_directions(
    query: Mapping[str, codes.PackedCodes],
    database: Mapping[str, codes.PackedCodes],
    query_labels: np.ndarray,
    database_labels: np.ndarray,
    threads: int | None = None,
) -> dict[str, dict[str, float]]:
    """Scores each pair of modalities.

    Args:
        query: q codes of each modality, by name.
        database: n codes of each modality, by name.
        query_labels: [q, c] multi-hot zeros and ones.
        database_labels: [n, c] multi-hot zeros and ones.
        threads: Number of threads; one per available core by default.

    Returns:
        `map_all`, `map_at_50` and `chance` by direction; `l2i` asks with
        labels for images. Means over the queries that have a relevant item;
        None if there is none. For `i2i` and its like a query's own item
        counts only if the database holds it.
    """
    return {
        f"{asked[0]}2{found[0]}": _scores(
            histograms.distance_histograms(
                query[asked],
                database[found],
                query_labels,
                database_labels,
                threads=threads,
            )
        )
        for asked in query
        for found in database
    }


def _scores(counts: histograms.DistanceHistograms) -> dict:
    pair = counts.items, counts.relevant
    return {
        "map_all": evaluation.mean_over_queries(
            retrieval.expected_average_precision(*pair)
        ),
        "map_at_50": evaluation.mean_over_queries(
            retrieval.expected_average_precision(*pair, 50)
        ),
        "chance": evaluation.mean_over_queries(retrieval.chance_level(*pair)),
    }
