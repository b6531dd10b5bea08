"""An index that changes: from other threads, and many times."""

import threading
import time
from concurrent import futures

import numpy as np
import pytest

from common import hamming
from common.hamming import scan
from common.hamming import snapshot
from experiments.benchmarks.faults import changing
from tests import hamming_cases as cases


def _near(index, queries, k):
    """The (distance, id) of each query."""
    return np.stack(index.search(cases.pack(queries), k), axis=2).tolist()


def _within(index, queries, radius):
    limits, *hits = index.search_radius(cases.pack(queries), radius)
    pairs = np.stack(hits, axis=1).tolist()
    return [
        pairs[start:stop]
        for start, stop in zip(limits[:-1], limits[1:], strict=True)
    ]


def _expected(bits, ids, queries, k, radius):
    ranking = cases.brute_ranking(cases.brute_distances(queries, bits), ids)
    ranking = [[list(pair) for pair in row] for row in ranking]
    return (
        [row[:k] for row in ranking],
        [[pair for pair in row if pair[0] <= radius] for row in ranking],
    )


class SlowEngine(scan.Scan):
    """Tells when it begins to be made, and takes its time."""

    made = threading.Event()

    def __init__(self, packed):
        self.made.set()
        time.sleep(0.3)
        super().__init__(packed)


def test_an_engine_made_while_items_are_added_does_not_stay_stale():
    SlowEngine.made.clear()
    bits = cases.bits(40, 16)
    index = hamming.HammingIndex(16, SlowEngine)
    index.add(cases.pack(bits[:20]))
    query = cases.pack(bits[30:31])

    with futures.ThreadPoolExecutor(1) as pool:
        early = pool.submit(index.search, query, 40)
        assert SlowEngine.made.wait(5)
        index.add(cases.pack(bits[20:]))
        assert not early.done()

    # The search sees what was there when it began, later ones all.
    assert sorted(early.result()[1][0]) == list(range(20))
    assert index.search(query, 1)[0].tolist() == [[0]]
    assert sorted(index.search(query, 40)[1][0]) == list(range(40))


def test_an_engine_made_while_all_is_replaced_does_not_stay_stale(monkeypatch):
    SlowEngine.made.clear()
    monkeypatch.setattr(snapshot, "_FEW", 0)
    bits = cases.bits(40, 16)
    index = hamming.HammingIndex(16, SlowEngine)
    index.add(cases.pack(bits[:20]))

    with futures.ThreadPoolExecutor(1) as pool:
        pool.submit(index.search, cases.pack(bits[:1]), 40)
        assert SlowEngine.made.wait(5)
        index.add(cases.pack(bits[20:]))

    assert sorted(index.search(cases.pack(bits[:1]), 40)[1][0]) == [*range(40)]


class PausedEngine(scan.Scan):
    """Has found its positions, and waits before it hands them on."""

    searching = threading.Event()
    go_on = threading.Event()

    def nearest(self, queries, k):
        found = super().nearest(queries, k)
        self.searching.set()
        assert self.go_on.wait(5)
        return found

    def within(self, queries, radius):
        found = super().within(queries, radius)
        self.searching.set()
        assert self.go_on.wait(5)
        return found


@pytest.mark.parametrize("search", ("search", "search_radius"))
def test_a_search_does_not_mix_positions_with_new_ids(search):
    PausedEngine.searching.clear()
    PausedEngine.go_on.clear()
    bits = cases.bits(30, 16)
    index = hamming.HammingIndex(16, PausedEngine)
    index.add(cases.pack(bits), np.arange(30) + 100)

    with futures.ThreadPoolExecutor(1) as pool:
        overlapping = pool.submit(
            getattr(index, search), cases.pack(bits[20:21]), 1
        )
        assert PausedEngine.searching.wait(5)
        index.remove(np.arange(10) + 100)
        PausedEngine.go_on.set()

    *_, distances, ids = overlapping.result()
    assert (distances.ravel()[0], ids.ravel()[0]) == (0, 120)
    assert index.ids.tolist() == list(range(110, 130))


def test_two_threads_that_search_first_make_one_engine():
    made = []

    def make(packed):
        made.append(packed)
        time.sleep(0.1)
        return scan.Scan(packed)

    index = hamming.HammingIndex(16, make)
    index.add(cases.pack(cases.bits(9, 16)))
    start = threading.Barrier(4)

    def search(_):
        start.wait()
        return index.search(cases.pack(cases.bits(1, 16)), 3)

    with futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(search, range(4)))

    assert len(made) == 1


def test_codes_and_ids_of_one_moment_belong_together():
    index = hamming.HammingIndex(16)
    index.add(cases.pack(cases.bits(9, 16)))

    codes, ids = index.items()
    index.remove([0, 1])

    assert len(codes) == len(ids) == 9
    assert len(index.codes) == len(index.ids) == 7


@pytest.mark.parametrize("length", (7, 16, 64, 65))
@pytest.mark.parametrize("few", (0, 10, 1024))
def test_any_sequence_of_changes_answers_as_brute_force(
    length, few, monkeypatch
):
    # Codes of few different kinds have many ties, and ids come in any order.
    monkeypatch.setattr(snapshot, "_FEW", few)
    rng = np.random.default_rng((length, few))
    kinds = cases.bits(6, length)
    queries = kinds[:3]
    index = hamming.HammingIndex(length)
    bits, ids = np.empty((0, length), bool), np.empty(0, np.int64)

    for _ in range(30):
        count = int(rng.integers(5))
        new_ids = np.setdiff1d(rng.integers(-99, 99, count), ids)
        rng.shuffle(new_ids)
        new = kinds[rng.integers(len(kinds), size=len(new_ids))]
        index.add(cases.pack(new), new_ids)
        bits, ids = np.concatenate([bits, new]), np.append(ids, new_ids)
        if rng.random() < 0.2:
            gone = rng.permutation(ids)[:2]
            index.remove(gone)
            kept = np.isin(ids, gone, invert=True)
            bits, ids = bits[kept], ids[kept]

        k, radius = int(rng.integers(1, 12)), int(rng.integers(length))
        near, within = _expected(bits, ids, queries, k, radius)
        assert _near(index, queries, k) == near
        assert _within(index, queries, radius) == within
        assert index.ids.tolist() == sorted(ids)
        np.testing.assert_array_equal(
            index.codes.to_bits(), bits[np.argsort(ids)]
        )


def test_an_id_among_the_latest_is_refused_too():
    index = hamming.HammingIndex(8)
    index.add(cases.pack(cases.bits(2, 8)))
    index.add(cases.pack(cases.bits(2, 8)), [7, 5])

    with pytest.raises(ValueError, match="unique, received 5,"):
        index.add(cases.pack(cases.bits(2, 8)), [4, 5])

    assert index.ids.tolist() == [0, 1, 5, 7]


def test_a_state_keeps_what_it_shows_while_others_grow():
    index = hamming.HammingIndex(16)
    index.add(cases.pack(cases.bits(4, 16)))
    index.add(cases.pack(cases.bits(1, 16)), 9)
    state, rows = index._state, cases.pack(cases.bits(2, 16, seed=1)).rows

    first = state.with_items(rows[:1], np.array([11]))
    other = state.with_items(rows[1:], np.array([12]))

    assert state.ids.tolist() == [0, 1, 2, 3, 9]
    assert first.ids.tolist() == [0, 1, 2, 3, 9, 11]
    assert other.ids.tolist() == [0, 1, 2, 3, 9, 12]
    np.testing.assert_array_equal(first.codes.rows[5:], rows[:1])
    np.testing.assert_array_equal(other.codes.rows[5:], rows[1:])


def test_adding_one_by_one_copies_an_index_only_now_and_then(monkeypatch):
    made = []

    def remade(state, rows, ids):
        made.append(len(ids))
        return original(state, rows, ids)

    original = snapshot.Snapshot._remade
    monkeypatch.setattr(snapshot.Snapshot, "_remade", remade)
    monkeypatch.setattr(snapshot, "_FEW", 8)
    index = hamming.HammingIndex(16)
    index.add(cases.pack(cases.bits(1600, 16)))
    one = cases.pack(cases.bits(1, 16))

    for _ in range(400):
        index.add(one)

    # Every further sixteenth: 1600, 1701, 1808, 1922.
    assert made == [1600, 1701, 1808, 1922]
    assert index.ids.tolist() == list(range(2000))


def test_searches_answer_for_one_state_while_others_change_it(monkeypatch):
    monkeypatch.setattr(snapshot, "_FEW", 7)

    found = changing.run(seconds=2, seed=0, items=60)

    assert found.wrong == 0
    assert min(found.searches) > 10
    assert found.changes > 50


def test_an_answer_that_mixes_two_states_is_counted(monkeypatch):
    original = hamming.HammingIndex.search

    def mixed(self, queries, k):
        distances, ids = original(self, queries, k)
        return distances, np.roll(ids, 1, axis=1)

    monkeypatch.setattr(hamming.HammingIndex, "search", mixed)

    assert changing.run(seconds=0, seed=0, items=60).wrong > 0
