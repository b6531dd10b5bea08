import numpy as np
import pytest

from common.hamming import codes
from common.metrics import evaluation
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
    np.testing.assert_allclose(
        scores.pop("curves")["precision_at"],
        by_codes.curves()["i2t"]["precision_at"],
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


def test_curves_go_along_the_ranks_of_all_queries():
    # The first query's items 0 and 2 are tied and one of them is relevant; the
    # second finds its only one last; the third has none.
    items = np.array([[2, 1, 0], [1, 1, 1], [1, 1, 1]])
    relevant = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]])

    hits = ranking.expected_hits(items, relevant)
    found = ranking.curves(hits.sum(axis=0), queries=2)

    np.testing.assert_array_equal(hits, [[0.5, 1, 2], [0, 0, 1], [0, 0, 0]])
    # .5, 1 and 3 of the 2, 4 and 6 items that two queries find by then.
    np.testing.assert_allclose(found["micro_precision"], [0.25, 0.25, 0.5])
    np.testing.assert_allclose(found["micro_recall"], [0.5 / 3, 1 / 3, 1])
    np.testing.assert_allclose(
        found["precision_at"][[0, 1, 2, 999]], [0.25, 0.25, 0.5, 3 / 2000]
    )


def test_without_a_query_there_are_no_curves():
    found = ranking.curves(np.zeros(3), queries=0)

    assert all(np.isnan(values).all() for values in found.values())
