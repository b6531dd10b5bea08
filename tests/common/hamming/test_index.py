import pickle

import numpy as np
import pytest

from common import hamming
from common.hamming import distances
from tests import hamming_cases as cases


def _index(bits, ids=None):
    index = hamming.HammingIndex(bits.shape[1])
    index.add(cases.pack(bits), ids)
    return index


def test_an_empty_index_finds_nothing():
    index = hamming.HammingIndex(16)

    distances, ids = index.search(cases.pack(cases.bits(2, 16)), 5)
    limits, hit_distances, hit_ids = index.search_radius(
        cases.pack(cases.bits(2, 16)), 16
    )

    assert len(index) == 0
    assert distances.shape == ids.shape == (2, 0)
    assert limits.tolist() == [0, 0, 0]
    assert len(hit_distances) == len(hit_ids) == 0


def test_no_queries_give_no_rows():
    index = _index(cases.bits(9, 16))

    distances, ids = index.search(cases.pack(np.zeros((0, 16))), 5)
    limits, _, _ = index.search_radius(cases.pack(np.zeros((0, 16))), 3)

    assert distances.shape == ids.shape == (0, 5)
    assert limits.tolist() == [0]


def test_radius_zero_finds_only_equal_codes_and_radius_k_finds_all():
    database = np.array([[0, 0], [0, 1], [1, 1], [0, 0]])
    index = _index(database)
    query = cases.pack([[0, 0]])

    _, _, equal = index.search_radius(query, 0)
    _, distances, everything = index.search_radius(query, 2)

    assert equal.tolist() == [0, 3]
    assert everything.tolist() == [0, 3, 1, 2]
    assert distances.tolist() == [0, 0, 1, 2]


def test_default_ids_follow_the_largest():
    index = _index(cases.bits(2, 8), ids=[40, 7])

    index.add(cases.pack(cases.bits(3, 8, seed=1)))

    assert index.ids.tolist() == [7, 40, 41, 42, 43]


def test_codes_stay_with_their_ids():
    first, second = cases.bits(3, 12), cases.bits(2, 12, seed=1)
    index = _index(first, ids=[10, 30, 20])

    index.add(cases.pack(second), ids=[25, 5])

    assert index.ids.tolist() == [5, 10, 20, 25, 30]
    expected = [second[1], first[0], first[2], second[0], first[1]]
    np.testing.assert_array_equal(index.codes.to_bits(), expected)


@pytest.mark.parametrize("ids", ([8, 8], [8, 3]))
def test_an_id_given_twice_is_refused_and_nothing_is_added(ids):
    index = _index(cases.bits(1, 8), ids=[3])

    with pytest.raises(ValueError, match="unique, received [38],"):
        index.add(cases.pack(cases.bits(2, 8)), ids)

    assert index.ids.tolist() == [3]


@pytest.mark.parametrize(
    ("ids", "message"),
    (
        ([1], "2 codes need 2 ids"),
        ([[1, 2]], "2 codes need 2 ids"),
        ([1.0, 2.0], "received float64"),
        ([True, False], "received bool"),
        ([[1], [2]], "2 codes need 2 ids, received shape .2, 1."),
        (7, "2 codes need 2 ids"),
        (
            np.array([1, 2**63], np.uint64),
            "with sign, received 9223372036854775808",
        ),
        ([1, 2**64], "received object"),
    ),
)
def test_ids_are_one_integer_per_code(ids, message):
    with pytest.raises(ValueError, match=message):
        hamming.HammingIndex(8).add(cases.pack(cases.bits(2, 8)), ids)


@pytest.mark.parametrize("dtype", "bBhHiIqQ")
def test_ids_are_integers_of_any_type(dtype):
    index = _index(cases.bits(3, 8), np.array([7, 9, 8], dtype))

    index.remove(np.array([9], dtype))

    assert index.ids.tolist() == [7, 8]
    assert index.ids.dtype == np.int64


@pytest.mark.parametrize("one", (5, np.uint8(5), np.array(5)))
def test_one_code_may_have_one_id(one):
    index = _index(cases.bits(1, 8), one)

    assert index.ids.tolist() == [5]
    index.remove(one)
    assert len(index) == 0


@pytest.mark.parametrize("count", (1, 2))
def test_there_is_no_default_id_after_the_largest_integer(count):
    index = _index(cases.bits(1, 8), [2**63 - count])
    index.add(cases.pack(cases.bits(count - 1, 8, seed=1)))

    with pytest.raises(ValueError, match="9223372036854775807.* 1 more do not"):
        index.add(cases.pack(cases.bits(1, 8, seed=1)))

    assert index.ids[-1] == 2**63 - 1


@pytest.mark.parametrize("bits", (0, -1, 10**18, 1.5, True, np.bool_(True)))
def test_a_code_length_is_refused_in_one_sentence(bits):
    with pytest.raises(ValueError, match="A code length is an integer .* rec"):
        hamming.HammingIndex(bits)


def test_an_index_can_be_copied_and_sent_to_another_process():
    index = _index(cases.bits(5, 12), ids=[4, 9, 2, 7, 0])
    query = cases.pack(cases.bits(1, 12, seed=1))
    index.search(query, 1)
    index.add(query, 3)

    sent = pickle.loads(pickle.dumps(index))
    index.remove(3)
    sent.add(query, 1)

    assert sent.ids.tolist() == [0, 1, 2, 3, 4, 7, 9]
    assert sent.search(query, 2)[1].tolist() == [[1, 3]]


def test_ids_cannot_be_changed_from_outside():
    index = _index(cases.bits(2, 8))

    with pytest.raises(ValueError, match="read-only"):
        index.ids[0] = 5


def test_codes_of_another_length_are_refused_everywhere():
    index = _index(cases.bits(2, 8))
    other = cases.pack(cases.bits(2, 9))

    with pytest.raises(ValueError, match="8 and 9 bits"):
        index.add(other)
    with pytest.raises(ValueError, match="8 and 9 bits"):
        index.search(other, 1)
    with pytest.raises(ValueError, match="8 and 9 bits"):
        index.search_radius(other, 1)
    with pytest.raises(ValueError, match="8 and 9 bits"):
        distances.hamming_distances(other, index.codes)


IMPOSSIBLE = (-1, 2.5, "3", None, True, np.bool_(True), np.array([1]))


@pytest.mark.parametrize("asked", (0, *IMPOSSIBLE))
def test_k_is_a_number_of_items(asked):
    index = _index(cases.bits(2, 8))

    with pytest.raises(ValueError, match="k >= 1, received"):
        index.search(cases.pack(cases.bits(1, 8)), asked)


@pytest.mark.parametrize("asked", IMPOSSIBLE)
def test_a_radius_is_a_number_of_bits(asked):
    index = _index(cases.bits(2, 8))

    with pytest.raises(ValueError, match="at least 0, received"):
        index.search_radius(cases.pack(cases.bits(1, 8)), asked)


@pytest.mark.parametrize("mmap", (True, False))
@pytest.mark.parametrize("bits", (1, 12, 64, 200))
def test_a_saved_index_answers_alike(tmp_path, bits, mmap):
    index = _index(cases.bits(50, bits), ids=np.arange(50)[::-1] * 3 - 20)
    queries = cases.pack(cases.bits(4, bits, seed=1))
    index.save(tmp_path / "index")

    loaded = hamming.HammingIndex.load(tmp_path / "index", mmap=mmap)

    assert isinstance(loaded.codes.rows, np.memmap) == mmap
    assert loaded.bits == bits
    np.testing.assert_array_equal(loaded.ids, index.ids)
    np.testing.assert_array_equal(loaded.codes.rows, index.codes.rows)
    for ours, theirs in zip(
        index.search(queries, 9), loaded.search(queries, 9), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_adding_to_a_mapped_index_leaves_its_file_alone(tmp_path):
    _index(cases.bits(5, 12)).save(tmp_path / "index")
    before = (tmp_path / "index").read_bytes()
    loaded = hamming.HammingIndex.load(tmp_path / "index")

    loaded.add(cases.pack(cases.bits(2, 12, seed=1)))

    assert len(loaded) == 7
    assert (tmp_path / "index").read_bytes() == before


def test_a_mapped_index_can_be_saved_over_its_own_file(tmp_path):
    _index(cases.bits(5, 12)).save(tmp_path / "index")
    loaded = hamming.HammingIndex.load(tmp_path / "index")
    loaded.add(cases.pack(cases.bits(2, 12, seed=1)))

    loaded.save(tmp_path / "index")

    again = hamming.HammingIndex.load(tmp_path / "index")
    assert again.ids.tolist() == list(range(7))


def test_a_damaged_index_is_opened_only_on_demand(tmp_path):
    _index(cases.bits(5, 12)).save(tmp_path / "index")
    content = bytearray((tmp_path / "index").read_bytes())
    content[-2] ^= 128
    (tmp_path / "index").write_bytes(content)

    with pytest.raises(ValueError, match="is damaged: its checksum"):
        hamming.HammingIndex.load(tmp_path / "index")

    loaded = hamming.HammingIndex.load(tmp_path / "index", check=False)
    assert len(loaded) == 5


def test_an_empty_index_can_be_saved(tmp_path):
    hamming.HammingIndex(24).save(tmp_path / "index")

    loaded = hamming.HammingIndex.load(tmp_path / "index")
    loaded.add(cases.pack(cases.bits(2, 24)))

    assert loaded.bits == 24
    assert loaded.ids.tolist() == [0, 1]


def test_items_are_removed_by_id():
    bits = cases.bits(6, 12)
    index = _index(bits, ids=[4, 9, 2, 7, 0, 5])

    index.remove([9, 0])

    assert index.ids.tolist() == [2, 4, 5, 7]
    np.testing.assert_array_equal(index.codes.to_bits(), bits[[2, 0, 5, 3]])


@pytest.mark.parametrize(
    ("ids", "message"),
    (([4, 3], "no item 3"), ([4, 4], "4, which is given twice")),
)
def test_removing_what_is_not_there_changes_nothing(ids, message):
    index = _index(cases.bits(2, 12), ids=[4, 9])

    with pytest.raises(ValueError, match=message):
        index.remove(ids)

    assert index.ids.tolist() == [4, 9]


def test_a_changed_index_replaces_its_file(tmp_path):
    _index(cases.bits(5, 12)).save(tmp_path / "index")
    loaded = hamming.HammingIndex.load(tmp_path / "index")
    loaded.remove([1, 3])

    loaded.save(tmp_path / "index")

    again = hamming.HammingIndex.load(tmp_path / "index")
    assert again.ids.tolist() == [0, 2, 4]
