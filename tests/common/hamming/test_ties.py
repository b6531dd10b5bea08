import numpy as np
import pytest

from common.hamming import ties
from tests import hamming_cases as cases


@pytest.mark.parametrize("k", (1, 3, 10, 40))
def test_ties_that_are_cut_off_anywhere_come_out_by_id(k):
    # Four distances for 40 items; an engine that keeps the last of the ties.
    queries, database = cases.bits(5, 3), cases.bits(40, 3, seed=1)
    ids = np.random.default_rng(0).permutation(100)[:40]
    expected = cases.brute_distances(queries, database)
    ranking = cases.brute_ranking(expected, ids)

    def fetch(asked, count):
        distances = cases.brute_distances(asked.to_bits(), database)
        nearest = np.lexsort((-ids + 0 * distances, distances), axis=1)
        nearest = nearest[:, :count]
        return ties.in_order(
            np.take_along_axis(distances, nearest, axis=1), ids[nearest]
        )

    distances, found, tied = ties.nearest(fetch, cases.pack(queries), k, 40)

    # All 40 were fetched for those whose k-th is at the last distance.
    last = [row[k - 1][0] == row[-1][0] for row in ranking]
    assert tied.tolist() == last
    pairs = np.stack([distances, found], axis=2).tolist()
    assert pairs == [[list(pair) for pair in row[:k]] for row in ranking]


def test_what_an_engine_does_not_find_is_missing():
    def fetch(asked, count):
        distances = np.full((len(asked), count), ties.MISSING)
        distances[:, 0] = 1
        return distances, np.zeros_like(distances)

    distances, _, tied = ties.nearest(
        fetch, cases.pack(cases.bits(2, 8)), 3, 50
    )

    assert distances.tolist() == [[1, ties.MISSING, ties.MISSING]] * 2
    assert tied.tolist() == [False, False]


def test_ties_beyond_the_largest_count_are_told():
    # The first query has 2 near items, the second 9 that are as near.
    near = np.array([[2], [9]])
    asked_for = []

    def fetch(asked, count):
        asked_for.append((len(asked), count))
        which = asked.to_bits()[:, 0].astype(int)
        distances = (np.arange(count) >= near[which]).astype(np.int32)
        return distances, np.zeros_like(distances)

    distances, _, tied = ties.nearest(fetch, cases.pack([[0], [1]]), 2, 7)

    assert distances.tolist() == [[0, 0], [0, 0]]
    assert tied.tolist() == [False, True]
    assert asked_for == [(2, 4), (1, 7)]


def test_queries_are_asked_so_many_that_few_items_come_at_once(monkeypatch):
    monkeypatch.setattr(ties, "_FETCHED", 30)
    asked_for = []

    def fetch(asked, count):
        asked_for.append((len(asked), count))
        shape = len(asked), count
        return np.zeros(shape, np.int32), np.zeros(shape, np.int64)

    distances, _, _ = ties.nearest(fetch, cases.pack(cases.bits(5, 8)), 5, 40)

    assert distances.tolist() == [[0] * 5] * 5
    # Ten, twenty and forty items of each of five queries.
    assert asked_for == [(3, 10), (2, 10), *5 * [(1, 20)], *5 * [(1, 40)]]
