import numpy as np
import pytest

from common import codes
from common import evaluation
from experiments.baselines import ranking


def test_items_of_one_score_are_one_group():
    scores = np.array([[3.0, 1.0, 3.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    relevant = np.array([[True, False, False, True], [False, True, True, True]])

    items, hits = ranking.rank_counts(scores, relevant)

    np.testing.assert_array_equal(items, [[2, 1, 1, 0], [4, 0, 0, 0]])
    np.testing.assert_array_equal(hits, [[1, 1, 0, 0], [3, 0, 0, 0]])


def test_negated_hamming_distances_score_as_codes_do(data):
    rng = np.random.default_rng(0)
    bits = rng.random((len(data), 6)) < 0.5
    query, database = slice(0, 30), slice(30, None)
    asked, found = (
        codes.PackedCodes.from_bits(bits[at]) for at in (query, database)
    )

    scores = ranking.score_metrics(
        lambda q: -np.sum(q[:, None] != bits[database], axis=2),
        bits[query],
        data.labels[query],
        data.labels[database],
    )

    by_codes = evaluation.Evaluation(
        asked, asked, found, found, data.labels[query], data.labels[database]
    )
    np.testing.assert_allclose(
        scores.pop("average_precision"), by_codes.average_precision()["i2t"]
    )
    expected = by_codes.metrics()["i2t"]
    for name, value in scores.items():
        assert value == pytest.approx(expected[name], abs=1e-12), name


def test_queries_without_a_relevant_item_do_not_count():
    scores = ranking.score_metrics(
        lambda q: np.array([[1.0, 2.0], [1.0, 2.0]]),
        np.zeros((2, 1)),
        np.array([[1, 0, 0], [0, 0, 1]]),
        np.array([[1, 0, 0], [0, 1, 0]]),
    )

    # The first query's only relevant item comes second.
    assert scores["map_all"] == 0.5
