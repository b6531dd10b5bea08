import numpy as np
import pytest

from common import ties
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

    distances, found = ties.nearest(fetch, cases.pack(queries), k, 40)

    pairs = np.stack([distances, found], axis=2).tolist()
    assert pairs == [[list(pair) for pair in row[:k]] for row in ranking]


def test_what_an_engine_does_not_find_is_missing():
    def fetch(asked, count):
        distances = np.full((len(asked), count), ties.MISSING)
        distances[:, 0] = 1
        return distances, np.zeros_like(distances)

    distances, _ = ties.nearest(fetch, cases.pack(cases.bits(2, 8)), 3, 50)

    assert distances.tolist() == [[1, ties.MISSING, ties.MISSING]] * 2
