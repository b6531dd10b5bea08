import numpy as np
import pytest

from common.hamming import distances
from tests import hamming_cases as cases


@pytest.mark.parametrize("bits", cases.LENGTHS)
def test_distances_count_differing_bits(bits):
    queries, database = cases.bits(5, bits), cases.bits(33, bits, seed=1)

    found = distances.hamming_distances(
        cases.pack(queries), cases.pack(database)
    )

    assert found.dtype == np.uint16
    expected = cases.brute_distances(queries, database)
    np.testing.assert_array_equal(found, expected)


def test_distances_beyond_65535_fit():
    ones = np.ones((1, 65_600), bool)

    found = distances.hamming_distances(cases.pack(ones), cases.pack(~ones))

    assert found.dtype == np.int32
    assert found.tolist() == [[65_600]]


@pytest.mark.parametrize("pairs", (1, 7, 40, 1000))
def test_tiles_cover_every_pair_once(monkeypatch, pairs):
    monkeypatch.setattr(distances, "_TILE_PAIRS", pairs)
    queries, database = cases.bits(11, 65), cases.bits(33, 65, seed=1)
    covered = np.zeros((11, 33), int)
    found = np.zeros((11, 33), int)

    tiles = distances.distance_tiles(cases.pack(queries), cases.pack(database))
    for rows, columns, tile in tiles:
        assert tile.size <= max(pairs, 1)
        covered[rows, columns] += 1
        found[rows, columns] = tile

    assert np.all(covered == 1)
    np.testing.assert_array_equal(
        found, cases.brute_distances(queries, database)
    )


@pytest.mark.parametrize("at_once", (1, 130, 1 << 20))
def test_rows_do_not_depend_on_the_block(monkeypatch, at_once):
    monkeypatch.setattr(distances, "_BLOCK_DISTANCES", at_once)
    queries, database = cases.bits(7, 12), cases.bits(60, 12, seed=1)

    rows = list(
        distances.distance_rows(cases.pack(queries), cases.pack(database))
    )

    assert [row for row, _ in rows] == list(range(7))
    found = np.array([found for _, found in rows])
    expected = cases.brute_distances(queries, database)
    np.testing.assert_array_equal(found, expected)


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="8 and 9 bits"):
        distances.hamming_distances(
            cases.pack(cases.bits(2, 9)), cases.pack(cases.bits(2, 8))
        )
