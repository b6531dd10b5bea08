"""What every engine of a Hamming index promises, against brute force."""

import functools
import importlib
from concurrent import futures

import numpy as np
import pytest

from common import hamming
from common.hamming import faiss_engine
from common.hamming import kernel
from common.hamming import multi_index
from common.hamming import scan
from common.hamming.choosing import automatic
from common.hamming.choosing import costs
from tests import hamming_cases as cases

ENGINES = (
    "scan",
    "plain scan",
    "scan in 2 threads",
    "multi-index",
    "automatic",
    "tensor",
    "faiss",
)


@pytest.fixture(params=ENGINES)
def engine(request, monkeypatch):
    # Small cases are to take the paths of large ones.
    monkeypatch.setattr(scan, "_HITS", 4)
    monkeypatch.setattr(
        costs, "measure", lambda packed: costs.Costs(scan=1e6, fetch=1e-6)
    )
    monkeypatch.setattr(automatic, "_FEW", 1)
    monkeypatch.setattr(automatic, "_QUERIES_PER_PLAN", 1)
    if request.param == "plain scan":
        monkeypatch.setattr(kernel, "library", lambda: None)
    if request.param == "scan in 2 threads":
        return functools.partial(scan.Scan, threads=2)
    if request.param == "multi-index":
        return multi_index.MultiIndexHashing
    if request.param == "automatic":
        return automatic.Automatic
    if request.param == "tensor":
        tensor_scan = importlib.import_module("common.hamming.tensor_scan")
        monkeypatch.setattr(tensor_scan, "_BLOCK_DISTANCES", 128)
        return tensor_scan.TensorScan
    if request.param == "faiss":
        pytest.importorskip("faiss")
        return faiss_engine.FaissEngine
    return scan.Scan


def _index(bits, engine, ids=None):
    index = hamming.HammingIndex(bits.shape[1], engine)
    index.add(cases.pack(bits), ids)
    return index


def _near_codes(n, length, seed=0):
    """Codes around a few centres, so that small radii hold some."""
    rng = np.random.default_rng((seed, length))
    centres = cases.bits(4, length)
    return centres[rng.integers(4, size=n)] ^ (rng.random((n, length)) < 0.1)


@pytest.mark.parametrize("length", cases.LENGTHS)
def test_search_orders_by_distance_then_id(engine, length):
    queries, database = cases.bits(7, length), cases.bits(60, length, seed=1)
    ids = np.random.default_rng(2).permutation(1000)[:60] - 500
    index = _index(database, engine, ids)
    ranking = cases.brute_ranking(cases.brute_distances(queries, database), ids)

    for k in (1, 10, 59, 60, 61):
        distances, found = index.search(cases.pack(queries), k)

        pairs = np.stack([distances, found], axis=2).tolist()
        assert pairs == [[list(pair) for pair in row[:k]] for row in ranking]
        assert distances.dtype == np.int32
        assert found.dtype == np.int64


@pytest.mark.parametrize("length", cases.LENGTHS)
def test_a_radius_search_returns_all_hits_by_distance_then_id(engine, length):
    queries, database = _near_codes(7, length), _near_codes(60, length, seed=1)
    ids = np.random.default_rng(2).permutation(1000)[:60]
    index = _index(database, engine, ids)
    ranking = cases.brute_ranking(cases.brute_distances(queries, database), ids)

    # The last: so far that every item is found again in every table.
    for radius in (0, 1, 2, 5, length // 3, length, length + 1):
        limits, distances, found = index.search_radius(
            cases.pack(queries), radius
        )

        for query, row in enumerate(ranking):
            hits = slice(limits[query], limits[query + 1])
            pairs = zip(distances[hits], found[hits], strict=True)
            assert list(pairs) == [pair for pair in row if pair[0] <= radius]
        assert limits[-1] == len(distances) == len(found)


def test_more_items_than_a_tile_are_searched(engine):
    # 2,500 items are three tiles, of which the last is not full; few distances
    # and falling ones fill and empty what the search keeps.
    rng = np.random.default_rng(3)
    share = np.linspace(1, 0, 2500)[:, None]
    database = rng.random((2500, 16)) < share
    queries = np.zeros((3, 16), bool)
    queries[1:] = cases.bits(2, 16)
    index = _index(database, engine)
    expected = cases.brute_distances(queries, database)

    for k in (5, 300, 2000):
        distances, ids = index.search(cases.pack(queries), k)

        order = np.argsort(expected, axis=1, kind="stable")[:, :k]
        np.testing.assert_array_equal(ids, order)
        np.testing.assert_array_equal(
            distances, np.take_along_axis(expected, order, axis=1)
        )


def test_constant_codes_come_in_id_order(engine):
    index = _index(np.zeros((5, 16)), engine, ids=[9, 3, 7, 1, 5])

    distances, ids = index.search(cases.pack(np.zeros((1, 16))), 4)

    assert distances.tolist() == [[0, 0, 0, 0]]
    assert ids.tolist() == [[1, 3, 5, 7]]


def test_many_queries_are_answered_in_blocks(engine, monkeypatch):
    monkeypatch.setattr(scan, "_BLOCK_BYTES", 1 << 10)
    queries, database = cases.bits(23, 16), cases.bits(40, 16, seed=1)
    index = _index(database, engine)
    expected = cases.brute_distances(queries, database)

    distances, _ = index.search(cases.pack(queries), 40)
    limits, _, _ = index.search_radius(cases.pack(queries), 6)

    np.testing.assert_array_equal(distances, np.sort(expected, axis=1))
    np.testing.assert_array_equal(np.diff(limits), (expected <= 6).sum(axis=1))


def test_an_index_searches_in_several_threads_at_once(engine):
    database = cases.bits(300, 64, seed=1)
    index = _index(database, engine)
    batches = [cases.bits(4, 64, seed=seed) for seed in range(8)]

    with futures.ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda bits: index.search(cases.pack(bits), 9), batches)
        )

    for bits, (distances, _) in zip(batches, found, strict=True):
        expected = np.sort(cases.brute_distances(bits, database), axis=1)
        np.testing.assert_array_equal(distances, expected[:, :9])


def test_an_engine_sees_what_was_added_and_removed(engine):
    database = cases.bits(30, 16)
    index = _index(database, engine)
    query = cases.pack(database[:1])
    index.search(query, 1)

    index.remove([0])
    index.add(query, ids=[77])
    distances, ids = index.search(query, 30)

    assert (distances[0, 0], ids[0, 0]) == (0, 77)
    assert set(ids[0]) == {*range(1, 30), 77}


def test_no_queries_give_no_rows(engine):
    # Asked without an index, which would answer in its place.
    searcher = engine(cases.pack(cases.bits(9, 16)))
    none = cases.pack(np.zeros((0, 16)))

    distances, positions = searcher.nearest(none, 5)
    limits, *hits = searcher.within(none, 3)

    assert distances.shape == positions.shape == (0, 5)
    assert limits.tolist() == [0]
    assert [len(array) for array in hits] == [0, 0]


@pytest.mark.parametrize("k", (0, 4))
def test_more_items_than_there_are_cannot_be_asked_for(engine, k):
    searcher = engine(cases.pack(cases.bits(3, 16)))

    with pytest.raises(ValueError, match=f"k from 1 to 3, .* received {k}"):
        searcher.nearest(cases.pack(cases.bits(2, 16)), k)


def test_an_index_emptied_again_finds_nothing(engine):
    index = _index(cases.bits(3, 16), engine)
    query = cases.pack(cases.bits(1, 16))
    index.search(query, 1)

    index.remove([0, 1, 2])
    distances, ids = index.search(query, 5)
    limits, _, _ = index.search_radius(query, 16)

    assert distances.shape == ids.shape == (1, 0)
    assert limits.tolist() == [0, 0]
