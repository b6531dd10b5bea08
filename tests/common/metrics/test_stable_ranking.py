import numpy as np
import pytest

from common.hamming import codes
from common.hamming import kernel
from common.metrics import histograms
from common.metrics import relevance
from common.metrics import retrieval
from common.metrics import stable_ranking

QUERY = codes.PackedCodes.from_bits(np.zeros((1, 3), bool))
# Distances 1, 0, 1, 2, 0, so the ranking is items 1, 4, 0, 2, 3.
DATABASE = codes.PackedCodes.from_bits(
    np.array([[1, 0, 0], [0, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0]], bool)
)
QUERY_LABELS = np.array([[1]])
# Items 0, 2 and 4 are relevant: ranks 2, 3 and 4.
DATABASE_LABELS = np.array([[1], [0], [1], [0], [1]])


def _random_case(bits, seed=0, items=40):
    random = np.random.default_rng((seed, bits))
    return (
        codes.PackedCodes.from_bits(random.random((6, bits)) < 0.5),
        codes.PackedCodes.from_bits(random.random((items, bits)) < 0.5),
        random.random((6, 4)) < 0.4,
        random.random((items, 4)) < 0.3,
    )


def test_average_precision_breaks_ties_by_database_order(scans):
    found = stable_ranking.stable_average_precision(
        QUERY, DATABASE, QUERY_LABELS, DATABASE_LABELS
    )

    np.testing.assert_allclose(found, [(1 / 2 + 2 / 3 + 3 / 4) / 3])


@pytest.mark.parametrize(
    ("denominator", "expected"),
    (
        # Ranks 2 and 3 are hits inside the first 3; R = 3.
        ("relevant", (1 / 2 + 2 / 3) / 3),
        ("hits", (1 / 2 + 2 / 3) / 2),
        ("min", (1 / 2 + 2 / 3) / 3),
    ),
)
def test_each_denominator_with_a_cutoff_of_3(scans, denominator, expected):
    found = stable_ranking.stable_average_precision(
        QUERY,
        DATABASE,
        QUERY_LABELS,
        DATABASE_LABELS,
        cutoff=3,
        denominator=denominator,
    )

    np.testing.assert_allclose(found, [expected])


@pytest.mark.parametrize(
    ("denominator", "expected"), (("relevant", 1 / 6), ("min", 1 / 4))
)
def test_relevant_and_min_differ_when_the_cutoff_is_below_r(
    scans, denominator, expected
):
    # One hit at rank 2 inside the first 2; R = 3, min(R, 2) = 2.
    found = stable_ranking.stable_average_precision(
        QUERY,
        DATABASE,
        QUERY_LABELS,
        DATABASE_LABELS,
        cutoff=2,
        denominator=denominator,
    )

    np.testing.assert_allclose(found, [expected])


def test_no_hit_within_the_cutoff_scores_zero(scans):
    for denominator in stable_ranking.DENOMINATORS:
        found = stable_ranking.stable_average_precision(
            QUERY,
            DATABASE,
            QUERY_LABELS,
            DATABASE_LABELS,
            cutoff=1,
            denominator=denominator,
        )

        assert found.tolist() == [0.0]


@pytest.mark.parametrize("bits", (1, 7, 8, 63, 64, 65, 128, 200, 300))
def test_it_agrees_with_a_sort_of_tuples(scans, bits):
    queries, database, query_labels, database_labels = _random_case(bits)
    query_bits, database_bits = queries.to_bits(), database.to_bits()

    found = stable_ranking.stable_average_precision(
        queries, database, query_labels, database_labels
    )

    for query in range(6):
        distance = (database_bits != query_bits[query]).sum(axis=1)
        ranking = sorted(range(40), key=lambda item: (distance[item], item))  # noqa: B023
        relevant = [
            bool(np.any(database_labels[item] & query_labels[query]))
            for item in ranking
        ]
        precisions = [
            sum(relevant[: rank + 1]) / (rank + 1)
            for rank in range(40)
            if relevant[rank]
        ]
        expected = np.mean(precisions) if precisions else np.nan
        np.testing.assert_allclose(found[query], expected)


@pytest.mark.parametrize("cutoff", (1, 50, 1500, None))
@pytest.mark.parametrize("denominator", stable_ranking.DENOMINATORS)
def test_both_scans_rank_alike_beyond_a_tile(monkeypatch, cutoff, denominator):
    case = _random_case(24, items=2500)
    arguments = {"cutoff": cutoff, "denominator": denominator}
    compiled = stable_ranking.stable_average_precision(*case, **arguments)
    monkeypatch.setattr(kernel, "library", lambda: None)

    plain = stable_ranking.stable_average_precision(*case, **arguments)

    np.testing.assert_allclose(compiled, plain, rtol=1e-12)


@pytest.mark.parametrize("bits", (1, 7, 16, 17))
def test_both_scans_count_alike_where_distances_are_few(monkeypatch, bits):
    queries, database, query_labels, database_labels = _random_case(
        bits, items=2500
    )
    words = relevance.checked_label_words(
        queries, database, query_labels, database_labels
    )
    counts, sums, hits = stable_ranking.rank_words(
        queries, database, *words, 2500
    )
    monkeypatch.setattr(kernel, "library", lambda: None)

    plain = stable_ranking.rank_words(queries, database, *words, 2500)

    np.testing.assert_array_equal(counts.items, plain[0].items)
    np.testing.assert_array_equal(counts.relevant, plain[0].relevant)
    np.testing.assert_allclose(sums, plain[1], rtol=1e-12)
    np.testing.assert_array_equal(hits, plain[2])


@pytest.mark.parametrize("bits", (1, 8, 64))
def test_random_database_orders_average_to_the_tie_aware_value(bits):
    queries, database, query_labels, database_labels = _random_case(bits)
    counts = histograms.distance_histograms(
        queries, database, query_labels, database_labels
    )
    expected = retrieval.expected_average_precision(
        counts.items, counts.relevant
    )
    random = np.random.default_rng(3)
    values = []
    for _ in range(400):
        order = random.permutation(40)
        values.append(
            stable_ranking.stable_average_precision(
                queries,
                database.take(order),
                query_labels,
                database_labels[order],
            )
        )

    found = np.mean(values, axis=0)

    error = 5 * np.nanmax(np.std(values, axis=0)) / np.sqrt(400)
    np.testing.assert_allclose(found, expected, atol=error + 1e-12)


def test_the_value_moves_with_the_database_order(scans):
    # Relevant item first among its ties, then last.
    first = stable_ranking.stable_average_precision(
        QUERY, DATABASE.take([4, 1]), QUERY_LABELS, DATABASE_LABELS[[4, 1]]
    )
    last = stable_ranking.stable_average_precision(
        QUERY, DATABASE.take([1, 4]), QUERY_LABELS, DATABASE_LABELS[[1, 4]]
    )

    assert first.tolist() == [1.0]
    assert last.tolist() == [0.5]


def test_a_query_without_relevant_items_has_no_value(scans):
    found = stable_ranking.stable_average_precision(
        QUERY, DATABASE, np.array([[0]]), DATABASE_LABELS
    )

    assert np.isnan(found).tolist() == [True]


def test_unknown_denominators_and_cutoffs_are_refused():
    case = QUERY, DATABASE, QUERY_LABELS, DATABASE_LABELS

    with pytest.raises(ValueError, match="relevant, hits, min, received 'all'"):
        stable_ranking.stable_average_precision(*case, denominator="all")
    with pytest.raises(ValueError, match="from 1, received 0"):
        stable_ranking.stable_average_precision(*case, cutoff=0)


def test_codes_of_another_length_are_refused_by_both_scans(scans):
    shorter = codes.PackedCodes.from_bits(np.zeros((1, 2), bool))

    with pytest.raises(ValueError, match="received 3 and 2 bits"):
        stable_ranking.stable_average_precision(
            shorter, DATABASE, QUERY_LABELS, DATABASE_LABELS
        )
