import numpy as np
import pytest

from common.hamming import codes
from common.hamming import distances
from common.hamming import kernel
from common.metrics import histograms


def _data(q, n, bits, labels, seed=0):
    random = np.random.default_rng((seed, bits))
    return (
        random.random((q, bits)) < 0.5,
        random.random((n, bits)) < 0.5,
        random.random((q, labels)) < 1 / labels,
        random.random((n, labels)) < 1 / labels,
    )


def _count(queries, database, query_labels, database_labels, **kwargs):
    return histograms.distance_histograms(
        codes.PackedCodes.from_bits(queries),
        codes.PackedCodes.from_bits(database),
        query_labels,
        database_labels,
        **kwargs,
    )


def _brute(queries, database, query_labels, database_labels):
    shape = (len(queries), queries.shape[1] + 1)
    items, relevant = np.zeros(shape, int), np.zeros(shape, int)
    for q, query in enumerate(queries):
        for n, item in enumerate(database):
            distance = np.count_nonzero(query != item)
            items[q, distance] += 1
            relevant[q, distance] += np.any(
                query_labels[q] & database_labels[n]
            )
    return items, relevant


def test_a_small_case_by_hand(scans):
    queries = np.array([[0, 0], [1, 1]], bool)
    database = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], bool)
    query_labels = np.array([[1, 0, 0], [0, 1, 1]])
    database_labels = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]])

    counts = _count(queries, database, query_labels, database_labels)

    # Query 0 is relevant to items 0 (distance 0) and 1 (distance 1); query 1
    # to items 0 (distance 2) and 2 (distance 1).
    assert counts.items.tolist() == [[1, 2, 1], [1, 2, 1]]
    assert counts.relevant.tolist() == [[1, 1, 0], [0, 1, 1]]
    assert counts.items.dtype == counts.relevant.dtype == np.int64


@pytest.mark.parametrize("bits", (1, 7, 8, 63, 64, 65, 126, 127, 128, 200, 300))
@pytest.mark.parametrize("labels", (3, 80))
def test_counts_agree_with_a_double_loop(scans, bits, labels):
    data = _data(4, 37, bits, labels)

    counts = _count(*data)

    items, relevant = _brute(*data)
    np.testing.assert_array_equal(counts.items, items)
    np.testing.assert_array_equal(counts.relevant, relevant)


@pytest.mark.parametrize("pairs", (5, 37, 100))
def test_counts_do_not_depend_on_the_tiles(monkeypatch, pairs):
    data = _data(9, 37, 16, 3)
    whole = _count(*data)
    monkeypatch.setattr(kernel, "library", lambda: None)
    monkeypatch.setattr(distances, "_TILE_PAIRS", pairs)

    tiled = _count(*data)

    np.testing.assert_array_equal(tiled.items, whole.items)
    np.testing.assert_array_equal(tiled.relevant, whole.relevant)


@pytest.mark.parametrize("n", (1024, 2500))
@pytest.mark.parametrize("bits", (1, 16, 65))
@pytest.mark.parametrize("labels", (3, 80))
def test_both_scans_count_alike_beyond_a_tile(monkeypatch, n, bits, labels):
    data = _data(5, n, bits, labels)
    compiled = _count(*data)
    monkeypatch.setattr(kernel, "library", lambda: None)

    plain = _count(*data)

    np.testing.assert_array_equal(compiled.items, plain.items)
    np.testing.assert_array_equal(compiled.relevant, plain.relevant)


@pytest.mark.parametrize("threads", (2, 3, 20))
def test_counts_do_not_depend_on_the_threads(threads):
    data = _data(9, 37, 16, 3)
    alone = _count(*data)

    together = _count(*data, threads=threads)

    np.testing.assert_array_equal(together.items, alone.items)
    np.testing.assert_array_equal(together.relevant, alone.relevant)


def test_counts_do_not_depend_on_the_database_order(scans):
    queries, database, query_labels, database_labels = _data(9, 37, 16, 3)
    order = np.random.default_rng(1).permutation(37)

    counts = _count(queries, database, query_labels, database_labels)
    permuted = _count(
        queries, database[order], query_labels, database_labels[order]
    )

    np.testing.assert_array_equal(permuted.items, counts.items)
    np.testing.assert_array_equal(permuted.relevant, counts.relevant)


def test_an_empty_database_counts_nothing(scans):
    queries, _, query_labels, _ = _data(2, 1, 16, 3)

    counts = _count(
        queries, np.zeros((0, 16), bool), query_labels, np.zeros((0, 3))
    )

    assert counts.items.shape == (2, 17)
    assert not counts.items.any()


def test_no_queries_give_no_rows(scans):
    _, database, _, database_labels = _data(1, 5, 16, 3)

    counts = _count(
        np.zeros((0, 16), bool), database, np.zeros((0, 3)), database_labels
    )

    assert counts.items.shape == counts.relevant.shape == (0, 17)


def test_codes_of_different_lengths_are_refused(scans):
    queries, _, query_labels, _ = _data(2, 5, 16, 3)
    _, database, _, database_labels = _data(2, 5, 24, 3)

    with pytest.raises(ValueError, match="24 and 16 bits"):
        _count(queries, database, query_labels, database_labels)


def test_missing_labels_are_refused():
    queries, database, _, database_labels = _data(2, 5, 16, 3)

    with pytest.raises(ValueError, match="received None"):
        _count(queries, database, None, database_labels)
