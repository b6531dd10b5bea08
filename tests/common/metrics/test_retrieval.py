import itertools
from fractions import Fraction

import numpy as np
import pytest

from common.metrics import retrieval

# (items per distance, relevant per distance, cutoff, expected AP)
GOLDEN = (
    ([2, 3, 1], [1, 1, 1], None, Fraction(319, 540)),
    ([2, 3, 1], [1, 1, 1], 3, Fraction(35, 108)),
    ([1, 1, 1], [1, 0, 1], None, Fraction(5, 6)),
    ([4], [2], None, Fraction(49, 72)),
    ([3, 0, 4], [2, 0, 1], None, Fraction(10991, 15120)),
    ([3, 0, 4], [2, 0, 1], 4, Fraction(259, 432)),
    ([1, 1, 1, 1, 1], [0, 1, 0, 1, 1], None, Fraction(8, 15)),
)
GOLDEN_BOUNDS = (
    ([2, 3, 1], [1, 1, 1], Fraction(13, 18), Fraction(7, 15)),
    ([1, 1, 1], [1, 0, 1], Fraction(5, 6), Fraction(5, 6)),
    ([4], [2], 1, Fraction(5, 12)),
    ([3, 0, 4], [2, 0, 1], Fraction(11, 12), Fraction(67, 126)),
    ([1, 1, 1, 1, 1], [0, 1, 0, 1, 1], Fraction(8, 15), Fraction(8, 15)),
)
CUTOFFS = (1, 2, 3, 5, 8, 100)


def _orders(items, relevant):
    """Every equally likely 0/1 sequence that the tie orders can give.

    The orders of a tied group put its relevant items on each set of places
    equally often, so one sequence per set is enough.
    """
    groups = []
    for n, r in zip(items, relevant, strict=True):
        places = itertools.combinations(range(n), r)
        groups.append([[int(i in set_) for i in range(n)] for set_ in places])
    for choice in itertools.product(*groups):
        yield list(itertools.chain(*choice))


def _precision_sum(order, cutoff=None):
    """Sum of R_k / k over the relevant ranks."""
    total, hits = Fraction(0), 0
    for rank, is_relevant in enumerate(order[:cutoff], start=1):
        hits += is_relevant
        total += Fraction(hits, rank) * is_relevant
    return total


def _values(items, relevant, cutoff):
    """AP of every order, divided by min(R, cutoff)."""
    total = sum(relevant) if cutoff is None else min(sum(relevant), cutoff)
    for order in _orders(items, relevant):
        yield _precision_sum(order, cutoff) / total


def _mean(values):
    values = list(values)
    return float(Fraction(sum(values), len(values)))


def _cases(count, levels=5, largest=4):
    """Random histograms that have a relevant item and few enough orders."""
    random = np.random.default_rng(7)
    while count:
        items = random.integers(0, largest + 1, levels)
        relevant = random.integers(0, items + 1)
        if relevant.any():
            count -= 1
            yield items.tolist(), relevant.tolist()


def _row(counts):
    return np.array([counts], np.int64)


@pytest.mark.parametrize(("items", "relevant", "cutoff", "value"), GOLDEN)
def test_expected_average_precision_has_the_golden_value(
    items, relevant, cutoff, value
):
    found = retrieval.expected_average_precision(
        _row(items), _row(relevant), cutoff
    )

    np.testing.assert_allclose(found, [float(value)], rtol=1e-13)


@pytest.mark.parametrize(("items", "relevant", "cutoff", "value"), GOLDEN)
def test_the_golden_values_are_means_over_all_orders(
    items, relevant, cutoff, value
):
    values = list(_values(items, relevant, cutoff))

    assert Fraction(sum(values), len(values)) == value


@pytest.mark.parametrize(("items", "relevant", "best", "worst"), GOLDEN_BOUNDS)
def test_bounds_have_the_golden_values(items, relevant, best, worst):
    counts = _row(items), _row(relevant)

    optimistic = retrieval.optimistic_average_precision(*counts)
    pessimistic = retrieval.pessimistic_average_precision(*counts)

    np.testing.assert_allclose(optimistic, [float(best)], rtol=1e-13)
    np.testing.assert_allclose(pessimistic, [float(worst)], rtol=1e-13)


def test_average_precision_is_the_mean_over_all_orders():
    cases = list(_cases(60))
    items, relevant = (np.array(side) for side in zip(*cases, strict=True))

    for cutoff in (None, *CUTOFFS):
        found = retrieval.expected_average_precision(items, relevant, cutoff)

        expected = [_mean(_values(*case, cutoff)) for case in cases]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_bounds_are_the_extremes_over_all_orders():
    cases = list(_cases(60))
    items, relevant = (np.array(side) for side in zip(*cases, strict=True))

    best = retrieval.optimistic_average_precision(items, relevant)
    worst = retrieval.pessimistic_average_precision(items, relevant)

    values = [list(_values(*case, None)) for case in cases]
    expected = [float(max(row)) for row in values]
    np.testing.assert_allclose(best, expected, rtol=1e-12)
    expected = [float(min(row)) for row in values]
    np.testing.assert_allclose(worst, expected, rtol=1e-12)


def test_precision_at_is_the_mean_over_all_orders():
    cases = list(_cases(60))
    items, relevant = (np.array(side) for side in zip(*cases, strict=True))

    found = retrieval.expected_precision_at(items, relevant, CUTOFFS)

    for row, case in zip(found, cases, strict=True):
        orders = list(_orders(*case))
        expected = [
            _mean(Fraction(sum(order[:cutoff]), cutoff) for order in orders)
            for cutoff in CUTOFFS
        ]
        np.testing.assert_allclose(row, expected, rtol=1e-12)


@pytest.mark.parametrize("bits", (1, 7, 8, 63, 64, 65, 128, 200))
def test_without_ties_every_definition_agrees(bits):
    random = np.random.default_rng(bits)
    items = np.ones((6, bits + 1), np.int64)
    relevant = random.integers(0, 2, (6, bits + 1))
    relevant[:, 0] = 1
    hits = np.cumsum(relevant, axis=1)
    precision = hits / np.arange(1, bits + 2)
    expected = (relevant * precision).sum(axis=1) / hits[:, -1]

    for metric in (
        retrieval.expected_average_precision,
        retrieval.optimistic_average_precision,
        retrieval.pessimistic_average_precision,
    ):
        np.testing.assert_allclose(metric(items, relevant), expected)


def test_constant_codes_give_the_closed_form():
    n, r = 1000, 300
    constant = np.zeros((1, 65), np.int64), np.zeros((1, 65), np.int64)
    constant[0][0, 31], constant[1][0, 31] = n, r

    found = retrieval.expected_average_precision(*constant)
    chance = retrieval.chance_level(*constant)

    # Rank k is relevant with chance r/n; then (k - 1)(r - 1)/(n - 1) of the
    # items before it are expected to be, and itself makes one more.
    k = np.arange(1, n + 1)
    expected = ((1 + (k - 1) * (r - 1) / (n - 1)) / k).mean()
    np.testing.assert_allclose(found, [expected], rtol=1e-12)
    np.testing.assert_allclose(chance, [expected], rtol=1e-12)
    assert 0.3 < expected < 0.3 + np.log(n) / n


def test_chance_level_and_base_rate_forget_the_distances():
    items, relevant = _row([3, 0, 4]), _row([2, 0, 1])

    chance = retrieval.chance_level(items, relevant)
    rate = retrieval.base_rate(items, relevant)

    expected = _mean(_values([7], [3], None))
    np.testing.assert_allclose(chance, [expected], rtol=1e-12)
    np.testing.assert_allclose(rate, [3 / 7])


def test_large_ties_stay_exact():
    # Against the sum over ranks, without any closed form.
    items, relevant = _row([50_000, 100_000]), _row([20_000, 1_000])
    k = np.arange(1, 50_001)
    near = 0.4 * ((1 + (k - 1) * 19_999 / 49_999) / k).sum()
    k = np.arange(1, 100_001)
    inner = (k - 1) * 999 / 99_999
    far = 0.01 * ((20_001 + inner) / (50_000 + k)).sum()

    found = retrieval.expected_average_precision(items, relevant)

    np.testing.assert_allclose(found, [(near + far) / 21_000], rtol=1e-11)


def test_precision_at_divides_by_n_even_beyond_the_database():
    found = retrieval.expected_precision_at(
        _row([2, 0, 2]), _row([1, 0, 2]), [1, 2, 3, 4, 10]
    )

    np.testing.assert_allclose(found, [[0.5, 0.5, 2 / 3, 0.75, 0.3]])


def test_precision_within_radius_counts_an_empty_look_up_as_zero():
    items = np.array([[0, 0, 0, 5], [1, 2, 1, 0], [4, 0, 0, 1]])
    relevant = np.array([[0, 0, 0, 2], [1, 0, 1, 0], [0, 0, 0, 0]])

    found = retrieval.precision_within_radius(items, relevant)
    equal = retrieval.precision_within_radius(items, relevant, radius=0)

    np.testing.assert_allclose(found, [0, 0.5, np.nan])
    np.testing.assert_allclose(equal, [0, 1, np.nan])


def test_curves_by_radius():
    # The third query has nothing to retrieve and must not matter.
    items = np.array([[0, 0, 4], [0, 2, 2], [4, 0, 0]])
    relevant = np.array([[0, 0, 1], [0, 2, 1], [0, 0, 0]])

    curves = retrieval.precision_recall_by_radius(items, relevant)

    # Radius 1 finds 2 items of query 1 only, both relevant, of 4 in all.
    np.testing.assert_allclose(curves.micro_precision, [np.nan, 1, 4 / 8])
    np.testing.assert_allclose(curves.micro_recall, [0, 2 / 4, 1])
    # At radius 1 query 0 has no precision and recall 0; query 1 has 1 and
    # 2/3. At radius 2 the precisions are 1/4 and 3/4.
    np.testing.assert_allclose(curves.macro_precision, [np.nan, 1, 0.5])
    np.testing.assert_allclose(curves.macro_recall, [0, 1 / 3, 1])


def test_curves_without_any_query_are_undefined():
    curves = retrieval.precision_recall_by_radius(_row([4, 0]), _row([0, 0]))

    assert np.isnan(curves).all()
    assert np.shape(curves) == (4, 2)


def test_a_query_without_relevant_items_has_no_value():
    items = np.array([[1, 3], [1, 3]])
    relevant = np.array([[0, 0], [1, 0]])

    for metric in (
        retrieval.expected_average_precision,
        retrieval.optimistic_average_precision,
        retrieval.pessimistic_average_precision,
        retrieval.precision_within_radius,
        retrieval.chance_level,
        retrieval.base_rate,
    ):
        found = metric(items, relevant)
        assert found.dtype == np.float64
        assert np.isnan(found).tolist() == [True, False]
    found = retrieval.expected_precision_at(items, relevant, [1, 2])
    assert np.isnan(found).tolist() == [[True, True], [False, False]]


def test_an_empty_database_or_no_queries_are_no_error():
    for shape in ((2, 9), (0, 9)):
        nothing = np.zeros(shape, np.int64), np.zeros(shape, np.int64)

        found = [
            retrieval.expected_average_precision(*nothing),
            retrieval.expected_average_precision(*nothing, cutoff=5),
            retrieval.optimistic_average_precision(*nothing),
            retrieval.pessimistic_average_precision(*nothing),
            retrieval.chance_level(*nothing),
        ]

        assert np.shape(found) == (5, shape[0])
        assert np.isnan(found).all()


def test_ranks_start_at_one():
    counts = _row([3, 1]), _row([1, 1])

    with pytest.raises(ValueError, match="from 1, received 0"):
        retrieval.expected_average_precision(*counts, cutoff=0)
    with pytest.raises(ValueError, match="from 1, received 0"):
        retrieval.expected_precision_at(*counts, [5, 0])
