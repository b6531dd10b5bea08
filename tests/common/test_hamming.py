import numpy as np
import pytest

from common import codes
from common import hamming

LENGTHS = (1, 7, 8, 63, 64, 65, 128, 200, 300)


def _bits(n, bits, seed=0):
    return np.random.default_rng((seed, bits)).random((n, bits)) < 0.5


def _pack(bits):
    return codes.PackedCodes.from_bits(np.asarray(bits, dtype=bool))


def _brute_distances(queries, database):
    return (queries[:, None, :] != database[None, :, :]).sum(axis=2)


def _brute_ranking(distances, ids):
    """Every query's (distance, id) pairs, sorted as Python sorts tuples."""
    return [
        sorted(zip(row.tolist(), ids.tolist(), strict=True))
        for row in distances
    ]


def _index(bits, ids=None):
    index = hamming.HammingIndex(bits.shape[1])
    index.add(_pack(bits), ids)
    return index


@pytest.mark.parametrize("bits", LENGTHS)
def test_distances_count_differing_bits(bits):
    queries, database = _bits(5, bits), _bits(33, bits, seed=1)

    distances = hamming.hamming_distances(_pack(queries), _pack(database))

    assert distances.dtype == np.uint16
    expected = _brute_distances(queries, database)
    np.testing.assert_array_equal(distances, expected)


def test_distances_beyond_65535_fit():
    ones = np.ones((1, 65_600), bool)

    distances = hamming.hamming_distances(_pack(ones), _pack(~ones))

    assert distances.dtype == np.int32
    assert distances.tolist() == [[65_600]]


@pytest.mark.parametrize("pairs", (1, 7, 40, 1000))
def test_tiles_cover_every_pair_once(monkeypatch, pairs):
    monkeypatch.setattr(hamming, "_TILE_PAIRS", pairs)
    queries, database = _bits(11, 65), _bits(33, 65, seed=1)
    covered = np.zeros((11, 33), int)
    found = np.zeros((11, 33), int)

    tiles = hamming.distance_tiles(_pack(queries), _pack(database))
    for rows, columns, distances in tiles:
        assert distances.size <= max(pairs, 1)
        covered[rows, columns] += 1
        found[rows, columns] = distances

    assert np.all(covered == 1)
    np.testing.assert_array_equal(found, _brute_distances(queries, database))


@pytest.mark.parametrize("bits", LENGTHS)
@pytest.mark.parametrize("k", (1, 10, 59, 60, 61))
def test_search_orders_by_distance_then_id(bits, k):
    queries, database = _bits(7, bits), _bits(60, bits, seed=1)
    ids = np.random.default_rng(2).permutation(1000)[:60] - 500

    distances, found = _index(database, ids).search(_pack(queries), k)

    ranking = _brute_ranking(_brute_distances(queries, database), ids)
    pairs = np.stack([distances, found], axis=2).tolist()
    assert pairs == [[list(pair) for pair in row[:k]] for row in ranking]
    assert distances.dtype == np.int32
    assert found.dtype == np.int64


@pytest.mark.parametrize("distances_at_once", (1, 130, 1 << 20))
def test_search_does_not_depend_on_the_block(monkeypatch, distances_at_once):
    monkeypatch.setattr(hamming, "_BLOCK_DISTANCES", distances_at_once)
    queries, database = _bits(7, 12), _bits(60, 12, seed=1)

    distances, ids = _index(database).search(_pack(queries), 20)

    ranking = _brute_ranking(_brute_distances(queries, database), np.arange(60))
    expected = np.array([row[:20] for row in ranking])
    np.testing.assert_array_equal(distances, expected[:, :, 0])
    np.testing.assert_array_equal(ids, expected[:, :, 1])


def test_constant_codes_come_in_id_order():
    index = _index(np.zeros((5, 16)), ids=[9, 3, 7, 1, 5])

    distances, ids = index.search(_pack(np.zeros((1, 16))), 4)

    assert distances.tolist() == [[0, 0, 0, 0]]
    assert ids.tolist() == [[1, 3, 5, 7]]


def test_k_beyond_the_index_returns_everything():
    distances, ids = _index(_bits(3, 16)).search(_pack(_bits(2, 16)), 10)

    assert distances.shape == (2, 3)
    assert np.sort(ids, axis=1).tolist() == [[0, 1, 2]] * 2


def test_an_empty_index_finds_nothing():
    index = hamming.HammingIndex(16)

    distances, ids = index.search(_pack(_bits(2, 16)), 5)
    limits, hit_distances, hit_ids = index.search_radius(
        _pack(_bits(2, 16)), 16
    )

    assert len(index) == 0
    assert distances.shape == ids.shape == (2, 0)
    assert limits.tolist() == [0, 0, 0]
    assert len(hit_distances) == len(hit_ids) == 0


def test_no_queries_give_no_rows():
    index = _index(_bits(9, 16))

    distances, ids = index.search(_pack(np.zeros((0, 16))), 5)
    limits, _, _ = index.search_radius(_pack(np.zeros((0, 16))), 3)

    assert distances.shape == ids.shape == (0, 5)
    assert limits.tolist() == [0]


@pytest.mark.parametrize("bits", (1, 12, 65))
def test_a_radius_search_returns_all_hits_by_distance_then_id(bits):
    queries, database = _bits(7, bits), _bits(60, bits, seed=1)
    ids = np.random.default_rng(2).permutation(1000)[:60]
    index = _index(database, ids)
    ranking = _brute_ranking(_brute_distances(queries, database), ids)

    for radius in (0, bits // 2, bits - 1, bits, bits + 1):
        limits, distances, found = index.search_radius(_pack(queries), radius)

        for query, row in enumerate(ranking):
            hits = slice(limits[query], limits[query + 1])
            pairs = zip(distances[hits], found[hits], strict=True)
            assert list(pairs) == [pair for pair in row if pair[0] <= radius]
        assert limits[-1] == len(distances) == len(found)


def test_radius_zero_finds_only_equal_codes_and_radius_k_finds_all():
    database = np.array([[0, 0], [0, 1], [1, 1], [0, 0]])
    index = _index(database)
    query = _pack([[0, 0]])

    _, _, equal = index.search_radius(query, 0)
    _, distances, everything = index.search_radius(query, 2)

    assert equal.tolist() == [0, 3]
    assert everything.tolist() == [0, 3, 1, 2]
    assert distances.tolist() == [0, 0, 1, 2]


def test_default_ids_follow_the_largest():
    index = _index(_bits(2, 8), ids=[40, 7])

    index.add(_pack(_bits(3, 8, seed=1)))

    assert index.ids.tolist() == [7, 40, 41, 42, 43]


def test_codes_stay_with_their_ids():
    first, second = _bits(3, 12), _bits(2, 12, seed=1)
    index = _index(first, ids=[10, 30, 20])

    index.add(_pack(second), ids=[25, 5])

    assert index.ids.tolist() == [5, 10, 20, 25, 30]
    expected = [second[1], first[0], first[2], second[0], first[1]]
    np.testing.assert_array_equal(index.codes.to_bits(), expected)


@pytest.mark.parametrize("ids", ([8, 8], [8, 3]))
def test_an_id_given_twice_is_refused_and_nothing_is_added(ids):
    index = _index(_bits(1, 8), ids=[3])

    with pytest.raises(ValueError, match="unique, received [38] "):
        index.add(_pack(_bits(2, 8)), ids)

    assert index.ids.tolist() == [3]


@pytest.mark.parametrize(
    ("ids", "message"),
    (
        ([1], "2 codes need 2 ids"),
        ([[1, 2]], "2 codes need 2 ids"),
        ([1.0, 2.0], "received float64"),
        ([True, False], "received bool"),
        (np.array([1, 2], np.uint64), "received uint64"),
    ),
)
def test_ids_are_one_integer_per_code(ids, message):
    with pytest.raises(ValueError, match=message):
        hamming.HammingIndex(8).add(_pack(_bits(2, 8)), ids)


def test_ids_cannot_be_changed_from_outside():
    index = _index(_bits(2, 8))

    with pytest.raises(ValueError, match="read-only"):
        index.ids[0] = 5


def test_codes_of_another_length_are_refused_everywhere():
    index = _index(_bits(2, 8))
    other = _pack(_bits(2, 9))

    with pytest.raises(ValueError, match="8 and 9 bits"):
        index.add(other)
    with pytest.raises(ValueError, match="8 and 9 bits"):
        index.search(other, 1)
    with pytest.raises(ValueError, match="8 and 9 bits"):
        index.search_radius(other, 1)
    with pytest.raises(ValueError, match="8 and 9 bits"):
        hamming.hamming_distances(other, index.codes)


def test_k_and_radius_have_to_be_possible():
    index = _index(_bits(2, 8))

    with pytest.raises(ValueError, match="k >= 1, received 0"):
        index.search(_pack(_bits(1, 8)), 0)
    with pytest.raises(ValueError, match="at least 0, received -1"):
        index.search_radius(_pack(_bits(1, 8)), -1)


@pytest.mark.parametrize("mmap", (True, False))
@pytest.mark.parametrize("bits", (1, 12, 64, 200))
def test_a_saved_index_answers_alike(tmp_path, bits, mmap):
    index = _index(_bits(50, bits), ids=np.arange(50)[::-1] * 3 - 20)
    queries = _pack(_bits(4, bits, seed=1))
    index.save(tmp_path / "index")

    loaded = hamming.HammingIndex.load(
        tmp_path / "index", mmap=mmap, verify=True
    )

    assert isinstance(loaded.codes.rows, np.memmap) == mmap
    assert loaded.bits == bits
    np.testing.assert_array_equal(loaded.ids, index.ids)
    np.testing.assert_array_equal(loaded.codes.rows, index.codes.rows)
    for ours, theirs in zip(
        index.search(queries, 9), loaded.search(queries, 9), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_adding_to_a_mapped_index_leaves_its_file_alone(tmp_path):
    _index(_bits(5, 12)).save(tmp_path / "index")
    before = (tmp_path / "index").read_bytes()
    loaded = hamming.HammingIndex.load(tmp_path / "index")

    loaded.add(_pack(_bits(2, 12, seed=1)))

    assert len(loaded) == 7
    assert (tmp_path / "index").read_bytes() == before


def test_a_mapped_index_can_be_saved_over_its_own_file(tmp_path):
    _index(_bits(5, 12)).save(tmp_path / "index")
    loaded = hamming.HammingIndex.load(tmp_path / "index")
    loaded.add(_pack(_bits(2, 12, seed=1)))

    loaded.save(tmp_path / "index")

    again = hamming.HammingIndex.load(tmp_path / "index", verify=True)
    assert again.ids.tolist() == list(range(7))


def test_an_empty_index_can_be_saved(tmp_path):
    hamming.HammingIndex(24).save(tmp_path / "index")

    loaded = hamming.HammingIndex.load(tmp_path / "index", verify=True)
    loaded.add(_pack(_bits(2, 24)))

    assert loaded.bits == 24
    assert loaded.ids.tolist() == [0, 1]
