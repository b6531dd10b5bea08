"""Cases of the compiled scans against NumPy, for whoever has to run them.

    python -m tests.native_cases LIBRARY

runs them all, and one call with a table that is too small, with another build
of the scans and the code path that `CMH_SCAN_PATH` names.
"""

import itertools
import os
import sys

import numpy as np

from common.hamming import kernel
from common.hamming import multi_index
from common.hamming import scan
from common.hamming.native import library
from common.metrics import histograms
from common.metrics import relevance
from tests import hamming_cases as cases

# Items around the edges of groups and tiles, and far from them.
SIZES = (1, 60, 127, 129, 1023, 1024, 1025, 2100)
# Paths may treat one query in a way of its own.
QUERIES = (1, 5)
# It is compared with 64 items at a time.
ONE_QUERY_LENGTHS = (57, 64, 121, 128, 192)
ONE_QUERY_SIZES = (63, 64, 65, 128, 2100)
# 248 bits are the most whose distances AVX2 keeps in bytes; the longest codes
# are too long for its sums of 16 bits.
LENGTHS = (*cases.LENGTHS, 248, 249, 256, 520, 32008)


def check_all():
    """Compares every function with its reference, for all code lengths."""
    assert kernel.library() is not None
    for number, (length, count) in enumerate(
        itertools.product(LENGTHS, QUERIES)
    ):
        size = 60 if length > 9999 else SIZES[number % len(SIZES)]
        database = _codes(size, length, 1)
        queries = _codes(count, length, 2)
        _check_nearest(queries, database)
        _check_within(queries, database)
        _check_histograms(queries, database, labels=1 + 6 * number)
    for length, size in itertools.product(ONE_QUERY_LENGTHS, ONE_QUERY_SIZES):
        database, query = _codes(size, length, 1), _codes(1, length, 2)
        _check_nearest(query, database)
        _check_within(query, database)
    _check_every_limit()
    _check_within(_codes(0, 64, 1), _codes(9, 64, 1))
    _check_padding()


def _codes(count, length, seed):
    """Codes around few centres, so that small radii and ties have some."""
    rng = np.random.default_rng((seed, length, count))
    centres = cases.bits(3, length)[rng.integers(3, size=count)]
    return cases.pack(centres ^ (rng.random((count, length)) < 0.1))


def _check_every_limit():
    """All distances from 0 to K, each of them as the limit."""
    for length in (64, 128, 248, 256):
        steps = np.arange(length + 1)[:, None] > np.arange(length)
        database = cases.pack(np.repeat(steps[::-1], 2, axis=0))
        queries = cases.pack(np.array([steps[0], steps[-1], steps[9]]))
        for k in (1, 2, 3, 2 * length, len(database)):
            expected = scan._plain_nearest(queries, database, k)
            _equal(scan.Scan(database, 1).nearest(queries, k), expected)
            one = [side[:1] for side in expected]
            query = queries.take(np.arange(1))
            _equal(scan.Scan(database, 1).nearest(query, k), one)


def _equal(found, expected):
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, other)


def _check_nearest(queries, database):
    engine = scan.Scan(database, 1)
    for k in {1, min(7, len(database)), len(database)}:
        _equal(
            engine.nearest(queries, k),
            scan._plain_nearest(queries, database, k),
        )


def _check_within(queries, database):
    engines = [scan.Scan(database, 1)]
    if database.bits >= 2:
        engines.append(multi_index.MultiIndexHashing(database, threads=1))
        engines[1].pays = lambda radius: True
    for radius in {0, 2, database.bits // 4, database.bits}:
        expected = scan._plain_within(queries, database, radius)
        for engine in engines:
            if engine is engines[0] or radius <= 12:
                _equal(engine.within(queries, radius), expected)


def _check_histograms(queries, database, labels):
    rng = np.random.default_rng(labels)
    has = [
        (rng.random((len(packed), labels)) < 2 / labels).astype(np.uint8)
        for packed in (queries, database)
    ]
    words = relevance.checked_label_words(queries, database, *has)
    found, expected = (
        count(queries, words[0], database, words[1])
        for count in (histograms._count, histograms._plain_count)
    )
    np.testing.assert_array_equal(found, expected)


def _check_padding():
    """Padding bits that are set against the rule stay inside the tables."""
    rows = np.full((2000, 9), 255, np.uint8)
    queries, labels = np.zeros((2, 9), np.uint8), np.ones((2000, 1), np.uint64)
    counts = np.zeros((2, 66, 2), np.int64)
    kernel.call("histograms", queries, rows, labels[:2], labels, 65, counts)
    assert not counts.any()
    distances = np.full((2, 9), -1, np.int32)
    positions = np.full((2, 9), -1)
    kernel.call("nearest", queries, rows, 65, 9, distances, positions)
    assert distances.max() == -1


def overflow(functions):
    """Calls a function behind the check's back, with too small a table."""
    rows, labels = np.full((9, 8), 255, np.uint8), np.ones((9, 1), np.uint64)
    counts = np.zeros((1, 2, 2), np.int64)
    sizes = (1, 8, 9, 1, 64)
    arrays = rows[:1] ^ 255, rows, labels, labels, counts
    functions.histograms(
        kernel.library().number, *sizes, *(a.ctypes.data for a in arrays)
    )


def main():
    functions = library.load(sys.argv[1])
    library._functions = lambda: functions
    assert kernel.path() == os.environ[library.VARIABLE]
    check_all()
    print("all equal", flush=True)
    overflow(functions)
    print("no overflow was seen", flush=True)


if __name__ == "__main__":
    main()
