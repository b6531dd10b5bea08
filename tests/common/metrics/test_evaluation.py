import json

import numpy as np
import pytest

from common.hamming import codes
from common.metrics import evaluation
from common.metrics import histograms
from common.metrics import retrieval

DIRECTION_KEYS = {
    "map_all",
    "map_all_optimistic",
    "map_all_pessimistic",
    "map_at_50",
    "chance",
    "base_rate",
    "precision_at",
    "precision_within_radius_2",
    "queries",
    "queries_without_relevant",
}


def _pack(bits):
    return codes.PackedCodes.from_bits(np.asarray(bits, dtype=bool))


def _case(bits=16, seed=0, noise=0.3):
    """Codes of 10 queries and 80 items that know the first of 4 labels."""
    random = np.random.default_rng((seed, bits))
    centres = random.random((4, bits)) < 0.5
    classes = random.integers(0, 4, 90)

    def side():
        flipped = random.random((90, bits)) < noise
        return centres[classes] ^ flipped

    image, text = side(), side()
    labels = np.eye(4, dtype=int)[classes]
    return (
        _pack(image[:10]),
        _pack(text[:10]),
        _pack(image[10:]),
        _pack(text[10:]),
        labels[:10],
        labels[10:],
    )


def _permuted(case, order):
    queries = case[:2]
    database = [packed.take(order) for packed in case[2:4]]
    return *queries, *database, case[4], case[5][order]


def test_the_shape_of_the_result():
    metrics = evaluation.Evaluation(*_case()).metrics()

    assert set(metrics) == {"bits", "i2t", "t2i", "codes"}
    assert metrics["bits"] == 16
    for direction in ("i2t", "t2i"):
        assert set(metrics[direction]) == DIRECTION_KEYS
        ranks = ["1", "10", "50", "100", "500", "1000"]
        assert list(metrics[direction]["precision_at"]) == ranks
        assert metrics[direction]["queries"] == 10
    for modality in ("image", "text"):
        assert set(metrics["codes"][modality]) == {
            "bit_balance",
            "constant_bits",
            "distinct_codes",
        }
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_i2t_asks_with_images_for_texts():
    # Image query 0 equals the relevant text 0; text query 0 equals the
    # irrelevant image 1.
    metrics = evaluation.Evaluation(
        query_image=_pack([[0, 0]]),
        query_text=_pack([[1, 1]]),
        database_image=_pack([[0, 1], [1, 1]]),
        database_text=_pack([[0, 0], [0, 1]]),
        query_labels=np.array([[1, 0]]),
        database_labels=np.array([[1, 0], [0, 1]]),
    ).metrics()

    assert metrics["i2t"]["map_all"] == 1.0
    assert metrics["i2t"]["precision_at"]["1"] == 1.0
    assert metrics["t2i"]["map_all"] == 0.5
    assert metrics["t2i"]["precision_at"]["1"] == 0.0


def test_numbers_by_hand():
    # Both directions rank 4 constant codes, 2 of them relevant and first.
    query, database = _pack([[0, 1]]), _pack([[0, 1]] * 4)
    query_labels = np.array([[1]])
    database_labels = np.array([[1], [1], [0], [0]])

    metrics = evaluation.Evaluation(
        query, query, database, database, query_labels, database_labels
    ).metrics()

    assert metrics["i2t"] == metrics["t2i"]
    found = metrics["i2t"]
    # 49/72 is the mean over the orders of [4] items, [2] relevant.
    assert found["map_all"] == pytest.approx(49 / 72)
    assert found["map_at_50"] == pytest.approx(49 / 72)
    assert found["chance"] == pytest.approx(49 / 72)
    assert found["map_all_optimistic"] == pytest.approx(1)
    assert found["map_all_pessimistic"] == pytest.approx(5 / 12)
    assert found["base_rate"] == 0.5
    assert found["precision_at"]["1"] == 0.5
    assert found["precision_at"]["10"] == pytest.approx(0.2)
    assert found["precision_within_radius_2"] == 0.5
    assert metrics["codes"]["image"] == {
        "bit_balance": {"min": 0.0, "max": 1.0, "mean": 0.5},
        "constant_bits": [0, 1],
        "distinct_codes": 1,
    }


def test_map_at_50_stops_at_rank_50_and_divides_by_at_most_50():
    # 50 relevant items, then 40 that are not, then 10 relevant ones.
    query = _pack([[0, 0]])
    database = _pack([[0, 0]] * 50 + [[0, 1]] * 40 + [[1, 1]] * 10)
    labels = np.array([[1]] * 50 + [[0]] * 40 + [[1]] * 10)

    metrics = evaluation.Evaluation(
        query, query, database, database, np.array([[1]]), labels
    ).metrics()

    assert metrics["i2t"]["map_at_50"] == pytest.approx(1)
    assert metrics["i2t"]["map_all"] < 0.95


@pytest.mark.parametrize("bits", (1, 7, 8, 63, 64, 65, 128, 200))
def test_the_database_order_does_not_matter(bits):
    case = _case(bits, noise=0.45)
    order = np.random.default_rng(1).permutation(80)

    metrics = evaluation.Evaluation(*case).metrics()
    permuted = evaluation.Evaluation(*_permuted(case, order)).metrics()

    assert permuted == metrics


@pytest.mark.parametrize("bits", (1, 16, 65))
def test_the_bounds_enclose_the_expected_map(bits):
    metrics = evaluation.Evaluation(*_case(bits, noise=0.45)).metrics()

    for direction in ("i2t", "t2i"):
        found = metrics[direction]
        low, high = found["map_all_pessimistic"], found["map_all_optimistic"]
        assert low <= found["map_all"] <= high


def test_queries_without_relevant_items_are_counted_and_left_out():
    case = list(_case())
    without = list(case)
    without[4] = case[4].copy()
    without[4][[2, 5]] = 0
    kept = np.delete(np.arange(10), [2, 5])
    only_kept = [case[0].take(kept), case[1].take(kept), *case[2:]]
    only_kept[4] = case[4][kept]

    metrics = evaluation.Evaluation(*without).metrics()
    expected = evaluation.Evaluation(*only_kept).metrics()

    assert metrics["i2t"]["queries"] == 10
    assert metrics["i2t"]["queries_without_relevant"] == 2
    assert metrics["i2t"]["map_all"] == expected["i2t"]["map_all"]
    assert metrics["t2i"]["precision_at"] == expected["t2i"]["precision_at"]
    for bound in ("map_all_optimistic", "map_all_pessimistic"):
        assert metrics["t2i"][bound] == expected["t2i"][bound]


def test_no_query_with_a_relevant_item_gives_none_not_nan():
    case = list(_case())
    case[4] = np.zeros_like(case[4])

    metrics = evaluation.Evaluation(*case).metrics()

    json.dumps(metrics, allow_nan=False)
    assert metrics["i2t"]["map_all"] is None
    assert metrics["i2t"]["precision_at"]["1"] is None
    assert metrics["i2t"]["queries_without_relevant"] == 10
    assert evaluation.collapse_warnings(metrics) == []


def test_metrics_and_curves_share_one_count():
    case = _case()
    evaluated = evaluation.Evaluation(*case)

    counts = evaluated.counts
    evaluated.metrics()
    evaluated.curves()

    assert evaluated.counts is counts
    expected = histograms.distance_histograms(case[0], case[3], *case[4:])
    np.testing.assert_array_equal(counts["i2t"].items, expected.items)
    np.testing.assert_array_equal(counts["i2t"].relevant, expected.relevant)


def test_threads_change_nothing():
    case = _case()

    alone = evaluation.Evaluation(*case).metrics()
    together = evaluation.Evaluation(*case, threads=3).metrics()

    assert together == alone


def test_curves_agree_with_the_metrics_and_cover_every_radius():
    case = _case()

    curves = evaluation.Evaluation(*case).curves()

    metrics = evaluation.Evaluation(*case).metrics()
    counts = evaluation.Evaluation(*case).counts
    for direction in ("i2t", "t2i"):
        found = curves[direction]
        assert found["precision_at"].shape == (1000,)
        for rank, value in metrics[direction]["precision_at"].items():
            assert found["precision_at"][int(rank) - 1] == pytest.approx(value)
        expected = retrieval.precision_recall_by_radius(
            counts[direction].items, counts[direction].relevant
        )
        for name, curve in expected._asdict().items():
            assert curve.shape == (17,)
            np.testing.assert_array_equal(found[name], curve)
        assert found["micro_recall"][-1] == 1.0


def test_curves_without_any_query_are_undefined():
    case = list(_case())
    case[4] = np.zeros_like(case[4])

    curves = evaluation.Evaluation(*case).curves()

    for curve in curves["i2t"].values():
        assert np.isnan(curve).all()


def test_useful_codes_give_no_warning():
    metrics = evaluation.Evaluation(*_case(noise=0.1)).metrics()

    assert evaluation.collapse_warnings(metrics) == []


def test_constant_codes_are_reported_as_collapsed():
    case = list(_case(noise=0.1))
    case[3] = _pack(np.ones((80, 16)))

    metrics = evaluation.Evaluation(*case).metrics()
    warnings = evaluation.collapse_warnings(metrics)

    assert metrics["i2t"]["map_all"] == pytest.approx(metrics["i2t"]["chance"])
    assert len(warnings) == 2
    assert warnings[0].startswith("i2t: MAP")
    assert warnings[1].startswith("text: 16 of 16 bits")


def test_one_constant_bit_is_named():
    case = list(_case(noise=0.1))
    image = case[2].to_bits()
    image[:, 5] = False
    case[2] = _pack(image)

    warnings = evaluation.collapse_warnings(
        evaluation.Evaluation(*case).metrics()
    )

    assert len(warnings) == 1
    assert warnings[0].startswith("image: 1 of 16 bits")
    assert "(bit 5)" in warnings[0]


def test_without_labels_the_state_of_the_bits_is_told():
    case = _case(noise=0.1)
    whole = evaluation.Evaluation(*case).metrics()
    image = case[2].to_bits()
    image[:, 5] = True

    assert evaluation.code_statistics(*case[2:4]) == whole["codes"]
    # No label was asked for, and a constant bit is warned about all the same.
    (warning,) = evaluation.collapse_warnings(
        {
            "bits": 16,
            "codes": evaluation.code_statistics(_pack(image), case[3]),
        }
    )
    assert "(bit 5)" in warning


def test_worse_than_chance_is_reported_too():
    # The relevant item is the furthest one.
    query = _pack([[0, 0]])
    database = _pack([[0, 0], [0, 1], [1, 1]])
    metrics = evaluation.Evaluation(
        query,
        query,
        database,
        database,
        np.array([[1]]),
        np.array([[0], [0], [1]]),
    ).metrics()

    warnings = evaluation.collapse_warnings(metrics)

    assert [warning[:3] for warning in warnings] == ["i2t", "t2i"]


@pytest.mark.parametrize("position", (4, 5))
def test_missing_labels_are_refused(position):
    case = list(_case())
    case[position] = None

    with pytest.raises(ValueError, match="needs labels"):
        evaluation.Evaluation(*case).metrics()


@pytest.mark.parametrize("position", (0, 1, 2, 3))
def test_unpaired_codes_are_refused(position):
    case = list(_case())
    case[position] = case[position].take([0, 1])

    with pytest.raises(ValueError, match="pairs of an image and a text"):
        evaluation.Evaluation(*case).metrics()


def test_code_lengths_of_the_modalities_must_agree():
    case, longer = list(_case(16)), _case(24)
    case[0], case[3] = longer[0], longer[3]

    with pytest.raises(ValueError, match="24 and 16 bits"):
        evaluation.Evaluation(*case).metrics()


def test_code_lengths_of_queries_and_database_must_agree():
    case, longer = list(_case(16)), _case(24)
    case[2:4] = longer[2:4]

    with pytest.raises(ValueError, match="received 24 and 16 bits"):
        evaluation.Evaluation(*case)


def test_nothing_to_search_is_refused():
    case = list(_case())
    case[2], case[3] = case[2].take([]), case[3].take([])

    with pytest.raises(ValueError, match="received 0 image and 0 text codes"):
        evaluation.Evaluation(*case).metrics()
