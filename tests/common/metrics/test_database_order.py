"""How a MAP that comes from a sort relates to the metrics, as README says."""

import itertools
import pathlib
from fractions import Fraction

import numpy as np
import pytest

from common import metrics
from common.hamming import codes

README = pathlib.Path(metrics.__file__).with_name("README.md")
NAMES = ("map_all_pessimistic", "map_all", "map_all_optimistic")


def _by_sorting(queries, database, query_labels, database_labels):
    """MAP of sorting (distance, position), over queries with a relevant item.

    All of them are bits and labels, [q or n, K or c] booleans.
    """
    values = []
    for query, wanted in zip(queries, query_labels, strict=True):
        distances = (database != query).sum(axis=1)
        order = sorted(range(len(database)), key=lambda i: (distances[i], i))  # noqa: B023
        relevant = (database_labels[order] & wanted).any(axis=1)
        ranks = 1 + np.flatnonzero(relevant)
        if len(ranks):
            values.append((np.arange(1, len(ranks) + 1) / ranks).mean())
    return np.mean(values)


def _scores(queries, database, query_labels, database_labels):
    """The three MAPs of the evaluation, in the order of `NAMES`."""
    asked, found = (
        codes.PackedCodes.from_bits(bits) for bits in (queries, database)
    )
    evaluated = metrics.Evaluation(
        asked, asked, found, found, query_labels, database_labels
    )
    return [evaluated.metrics()["i2t"][name] for name in NAMES]


def _random_case(bits, items=40):
    random = np.random.default_rng(bits)
    return (
        random.random((6, bits)) < 0.5,
        random.random((items, bits)) < 0.5,
        random.random((6, 4)) < 0.4,
        random.random((items, 4)) < 0.3,
    )


def _example(place):
    """Three items at distance 0, the relevant one at `place`, one beyond."""
    labels = np.zeros((4, 1), bool)
    labels[[place, 3]] = True
    bits = np.array([[0], [0], [0], [1]], bool)
    return np.zeros((1, 1), bool), bits, np.ones((1, 1), bool), labels


def test_the_example_of_the_readme():
    cases = [_example(place) for place in range(3)]

    by_sorting = [_by_sorting(*case) for case in cases]
    scores = [_scores(*case) for case in cases]

    expected = [Fraction(3, 4), Fraction(1, 2), Fraction(5, 12)]
    mean = sum(expected) / 3
    np.testing.assert_allclose(by_sorting, [float(one) for one in expected])
    for found in scores:
        np.testing.assert_allclose(
            found, [float(expected[2]), float(mean), float(expected[0])]
        )
    text = README.read_text(encoding="utf-8")
    assert f"| first | {expected[0]}, `map_all_optimistic` |" in text
    assert f"| second | {expected[1]} |" in text
    assert f"| third | {expected[2]}, `map_all_pessimistic` |" in text
    assert f"| mean of the three | {mean}, `map_all` |" in text


def test_every_database_order_lies_between_the_bounds_and_some_reach_them():
    queries, database, query_labels, database_labels = _random_case(2, items=6)

    values = [
        _by_sorting(
            queries[:1],
            database[list(order)],
            np.ones((1, 1), bool),
            database_labels[list(order), :1],
        )
        for order in itertools.permutations(range(6))
    ]
    low, mean, high = _scores(
        queries[:1], database, np.ones((1, 1), bool), database_labels[:, :1]
    )

    assert low < mean < high
    np.testing.assert_allclose(
        [min(values), np.mean(values), max(values)], [low, mean, high]
    )
    between = np.setdiff1d(np.round(values, 9), np.round([low, high], 9))
    assert len(between)


@pytest.mark.parametrize("bits", (1, 16, 65))
def test_a_sorted_map_lies_between_the_bounds_and_equals_neither(bits):
    case = _random_case(bits)

    low, mean, high = _scores(*case)
    by_sorting = _by_sorting(*case)

    assert low + 1e-4 < by_sorting < high - 1e-4
    assert abs(by_sorting - mean) > 1e-6


@pytest.mark.parametrize("bits", (1, 8, 64))
def test_random_database_orders_average_to_the_tie_aware_map(bits):
    queries, database, query_labels, database_labels = _random_case(bits)
    random = np.random.default_rng(3)

    values = [
        _by_sorting(
            queries, database[order], query_labels, database_labels[order]
        )
        for order in (random.permutation(40) for _ in range(400))
    ]

    expected = _scores(queries, database, query_labels, database_labels)[1]
    error = 5 * np.std(values) / np.sqrt(400)
    np.testing.assert_allclose(np.mean(values), expected, atol=error + 1e-12)


def test_without_ties_sorting_gives_all_three():
    # Distances 0 to 7, each once.
    database = np.tri(8, 7, -1, dtype=bool)
    queries, wanted = np.zeros((1, 7), bool), np.ones((1, 1), bool)
    labels = np.array([[0], [1], [0], [0], [1], [1], [0], [1]], bool)
    order = np.random.default_rng(0).permutation(8)
    case = queries, database[order], wanted, labels[order]

    np.testing.assert_allclose(_scores(*case), _by_sorting(*case))
