import math

import numpy as np
import pytest

from common import hamming
from common.hamming import codes
from common.hamming import kernel
from common.hamming import multi_index
from common.hamming import scan
from common.hamming.choosing import automatic
from common.hamming.choosing import costs

ITEMS = 40_000
# A scan of all codes takes as long as a thousand fetches.
COSTS = costs.Costs(scan=1.0, fetch=1e-3)

needs_library = pytest.mark.skipif(
    kernel.library() is None, reason="without the compiled scans all is a scan"
)


def _uniform(count=ITEMS, seed=0):
    random = np.random.default_rng(seed)
    rows = random.integers(256, size=(count, 8), dtype=np.uint8)
    return codes.PackedCodes(rows, 64)


def _clustered(count=ITEMS):
    """Five codes, each many times, with one bit in twenty changed."""
    random = np.random.default_rng(1)
    centres = _uniform(5, 2).to_bits()
    bits = centres[random.integers(5, size=count)] ^ (
        random.random((count, 64)) < 0.05
    )
    return codes.PackedCodes.from_bits(bits.astype(bool))


def _plan(packed, given=COSTS):
    return multi_index.Plan(packed, multi_index.cut(packed), given)


def _sum_of_values(lengths, count, radius):
    """Values and candidates of uniform codes, from the counts themselves."""
    total = 0.0
    for step in range(radius + 1):
        length = lengths[step % len(lengths)]
        values = math.comb(length, step // len(lengths))
        total += values * (1 + count / 2**length)
    return total


def test_fetches_of_uniform_codes_are_those_that_counting_gives():
    packed = _uniform()
    edges = multi_index.cut(packed)

    found = costs.fetches(packed, edges)

    lengths = np.diff(edges).tolist()
    for radius in (1, 8, 20, 63):
        expected = _sum_of_values(lengths, ITEMS, radius)
        assert found[radius] == pytest.approx(expected, rel=0.1)


def test_clusters_hold_more_candidates():
    uniform, clustered = _uniform(), _clustered()
    edges = multi_index.cut(uniform)

    few, many = (
        costs.fetches(packed, edges)[3] for packed in (uniform, clustered)
    )

    assert many > 20 * few


def test_a_radius_pays_for_uniform_codes_and_not_for_clusters():
    assert _plan(_uniform()).within_saves(2) > 0.7
    assert _plan(_clustered()).within_saves(2) == 0
    # All tables hold every code.
    assert _plan(_uniform()).within_saves(64) == 0


def test_slow_memory_makes_tables_not_pay():
    slow = costs.Costs(scan=1.0, fetch=0.2)

    assert _plan(_uniform(), slow).within_saves(2) == 0


def test_the_nearest_of_uniform_codes_are_too_far_for_tables():
    plan = _plan(_uniform())

    assert plan.furthest(10) == -1
    assert plan.nearest_saves(10) == 0


def test_the_nearest_are_looked_for_where_codes_repeat():
    random = np.random.default_rng(4)
    twice = _uniform(ITEMS // 4).take(
        random.permutation(np.repeat(np.arange(ITEMS // 4), 4))
    )
    plan = _plan(twice)

    # Each code is there four times: two besides itself are at distance 0.
    assert plan.furthest(2) == 0
    assert plan.nearest_saves(2) > 0.7


def _searched(monkeypatch, packed, radius, queries, times):
    monkeypatch.setattr(costs, "measure", lambda packed: COSTS)
    engine = automatic.Automatic(packed)
    asked = packed.take(np.arange(queries))
    for _ in range(times):
        found = engine.within(asked, radius)
    for mine, other in zip(
        found, scan.Scan(packed).within(asked, radius), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    return engine


@needs_library
def test_tables_are_built_once_searches_would_have_paid_for_them(monkeypatch):
    # 40,000 codes in 4 tables are 160,000 fetches, 160 scans: 0.8 of 250.
    packed = _uniform()

    assert not _searched(monkeypatch, packed, 2, 100, 1).has_tables
    assert not _searched(monkeypatch, packed, 2, 100, 2).has_tables
    assert _searched(monkeypatch, packed, 2, 100, 4).has_tables


@needs_library
def test_clusters_are_scanned_however_many_searches_come(monkeypatch):
    assert not _searched(monkeypatch, _clustered(), 2, 100, 9).has_tables


@needs_library
def test_few_codes_are_scanned(monkeypatch):
    assert not _searched(monkeypatch, _uniform(2000), 2, 500, 9).has_tables


@needs_library
def test_searches_of_the_nearest_agree_with_the_scan(monkeypatch):
    monkeypatch.setattr(costs, "measure", lambda packed: COSTS)
    packed = _uniform(ITEMS // 4).take(np.arange(ITEMS) // 4)
    engine = automatic.Automatic(packed)
    asked = packed.take(np.arange(0, ITEMS, 40))

    for k in (2, 2, 30):
        found = engine.nearest(asked, k)

        expected = scan.Scan(packed).nearest(asked, k)
        np.testing.assert_array_equal(found, expected)
    assert engine.has_tables


@needs_library
def test_measured_costs_are_of_the_size_of_what_they_measure():
    packed = _uniform(1 << 17)

    found = costs.measure(packed)

    # A code takes a scan below 20 ns, and memory below 2 microseconds.
    assert 0 < found.scan < 20e-9 * len(packed)
    assert 0 < found.fetch < 2e-6


def test_an_index_chooses_by_itself():
    index = hamming.HammingIndex(64)
    index.add(_uniform(10))

    assert isinstance(index._state.main._searcher(), automatic.Automatic)
