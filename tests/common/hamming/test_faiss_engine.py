import functools
import sys
import tracemalloc

import numpy as np
import pytest

from common import hamming
from common.hamming import codes
from common.hamming import faiss_engine
from tests import hamming_cases as cases


@pytest.fixture(scope="module")
def packed():
    pytest.importorskip("faiss")
    return cases.pack(cases.bits(3000, 32))


@pytest.mark.parametrize(
    ("kind", "effort"), (("ivf", 20), ("hnsw", 100), ("multihash", 3))
)
def test_approximate_kinds_give_true_distances_in_order(packed, kind, effort):
    index = hamming.HammingIndex(
        32,
        functools.partial(faiss_engine.FaissEngine, kind=kind, effort=effort),
    )
    index.add(packed, ids=np.arange(3000) * 2 + 5)
    queries = packed.take(np.arange(0, 3000, 100))

    distances, ids = index.search(queries, 10)

    expected = cases.brute_distances(queries.to_bits(), packed.to_bits())
    rows = np.arange(len(queries))[:, None]
    np.testing.assert_array_equal(distances, expected[rows, (ids - 5) // 2])
    keys = distances * 10_000 + ids
    assert np.all(np.diff(keys, axis=1) > 0)
    # Every query is in the index; an approximate search finds it all the same.
    assert ids[:, 0].tolist() == index.ids[::100].tolist()
    exact = np.sort(expected, axis=1)[:, :10]
    assert np.mean(distances == exact) > 0.7


@pytest.mark.parametrize("kind", ("ivf", "multihash"))
def test_approximate_kinds_search_by_radius(packed, kind):
    engine = faiss_engine.FaissEngine(packed, kind)
    queries = packed.take(np.arange(40))

    limits, distances, positions = engine.within(queries, 2)

    expected = cases.brute_distances(queries.to_bits(), packed.to_bits())
    asked = np.repeat(np.arange(40), np.diff(limits))
    np.testing.assert_array_equal(distances, expected[asked, positions])
    assert distances.max() <= 2
    assert set(range(40)) <= set(positions[distances == 0])


def test_queries_that_find_too_little_are_scanned():
    pytest.importorskip("faiss")
    # Two items equal to the query; no flipped bits reach the others.
    bits = np.zeros((100, 32), bool)
    bits[2:] = True
    engine = faiss_engine.FaissEngine(cases.pack(bits), "multihash", effort=0)

    distances, positions = engine.nearest(cases.pack(bits[:1]), 4)

    assert distances.tolist() == [[0, 0, 32, 32]]
    assert positions.tolist() == [[0, 1, 2, 3]]


def test_memory_does_not_grow_with_queries_times_ties():
    pytest.importorskip("faiss")
    # All 10,000 items of each of 100 queries would be 12 MB.
    packed = cases.pack(np.zeros((10_000, 16)))
    engine = faiss_engine.FaissEngine(packed)
    queries = packed.take(np.arange(100))
    tracemalloc.start()

    _, positions = engine.nearest(queries, 10)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20
    np.testing.assert_array_equal(positions, np.tile(np.arange(10), (100, 1)))


def test_hnsw_refuses_a_radius(packed):
    engine = faiss_engine.FaissEngine(packed, "hnsw")

    with pytest.raises(ValueError, match="cannot search by radius"):
        engine.within(packed.take([0]), 1)


def test_unknown_kinds_are_refused():
    empty = codes.PackedCodes(np.zeros((0, 1), np.uint8), 8)

    with pytest.raises(ValueError, match="multihash, received 'tree'"):
        faiss_engine.FaissEngine(empty, "tree")


def test_without_faiss_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)

    with pytest.raises(ImportError, match=r"cross-modal-hashing\[faiss\]"):
        faiss_engine.import_faiss()
