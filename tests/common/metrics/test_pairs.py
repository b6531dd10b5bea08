import itertools

import numpy as np
import pytest

from common.hamming import codes
from common.metrics import pairs


def _packed(rows):
    return codes.PackedCodes.from_bits(np.array(rows, bool))


def test_every_own_pair_first_is_a_recall_of_1():
    same = _packed([[0, 0], [0, 1], [1, 1], [1, 0]])

    found = pairs.scores(same, same)

    for direction in ("i2t", "t2i"):
        assert found[direction]["recall_at_1"] == 1
        assert found[direction]["median_rank"] == 1
        assert found[direction]["pairs"] == 4


def test_directions_and_ranks_worked_by_hand():
    image = _packed([[0, 0, 0], [1, 1, 1], [0, 1, 1]])
    text = _packed([[0, 0, 1], [1, 1, 1], [0, 0, 0]])

    found = pairs.scores(image, text)

    # Distances of images to texts: 1 3 0 / 2 0 3 / 1 1 2. Own ranks: 2, 1 and
    # 3.
    assert found["i2t"]["recall_at_1"] == pytest.approx(1 / 3)
    assert found["i2t"]["median_rank"] == 2
    # Of texts to images: 1 2 1 / 3 0 1 / 0 3 2. The first own one ties with
    # another: rank 1 or 2; the others have 1 and 2.
    assert found["t2i"]["recall_at_1"] == pytest.approx((0.5 + 1 + 0) / 3)
    assert found["t2i"]["median_rank"] == 1.5


def test_constant_codes_score_chance():
    constant = _packed(np.ones([20, 8]))

    found = pairs.scores(constant, constant)["i2t"]

    assert found["recall_at_5"] == pytest.approx(5 / 20)
    assert found["chance_recall_at_5"] == pytest.approx(5 / 20)
    assert found["median_rank"] == found["chance_median_rank"] == 10.5


@pytest.mark.parametrize("rank", range(1, 7))
def test_recall_under_ties_is_the_mean_over_all_orders(rank):
    nearer, tied, own = 1, 4, 2
    hits = [
        min(order[:own]) + nearer < rank
        for order in itertools.permutations(range(tied))
    ]

    found = pairs.recall_at(
        rank, np.array([nearer]), np.array([tied]), np.array([own])
    )

    np.testing.assert_allclose(found, [np.mean(hits)], atol=1e-12)


def test_the_expected_rank_is_the_mean_over_all_orders():
    nearer, tied, own = 1, 4, 2
    ranks = [
        nearer + 1 + min(order[:own])
        for order in itertools.permutations(range(tied))
    ]

    found = pairs.expected_rank(
        np.array([nearer]), np.array([tied]), np.array([own])
    )

    assert found == pytest.approx(np.mean(ranks))


def test_any_caption_of_the_picture_counts():
    image = _packed([[0, 0], [0, 0], [1, 1]])
    text = _packed([[1, 1], [0, 0], [1, 0]])

    alone = pairs.scores(image, text)["i2t"]
    together = pairs.scores(image, text, np.array([7, 7, 3]))["i2t"]

    # The first picture's second caption is at distance 0.
    assert alone["recall_at_1"] == pytest.approx(1 / 3)
    assert together["recall_at_1"] == pytest.approx(2 / 3)
    # Blindly, two of three items are the first picture's.
    assert together["chance_recall_at_1"] == pytest.approx(
        (2 / 3 + 2 / 3 + 1 / 3) / 3
    )


def test_no_more_pairs_are_asked_than_is_said(monkeypatch):
    monkeypatch.setattr(pairs, "MOST_PAIRS", 3)
    same = _packed(np.eye(5))

    assert pairs.scores(same, same)["i2t"]["pairs"] == 3


def test_codes_that_do_not_pair_up_are_refused():
    with pytest.raises(ValueError, match="received 2 image and 3 text"):
        pairs.scores(_packed(np.eye(3)[:2]), _packed(np.eye(3)))
