import numpy as np
import pytest

from common.data import draws


def graph(count=40, size=3):
    others = (np.arange(count)[:, None] + 1 + np.arange(size)) % count
    own = np.arange(count)[:, None]
    return np.concatenate([own, others], axis=1).astype(np.int32)


def test_an_epoch_visits_each_row_at_most_once():
    pairs = draws.PairDraws(count=23, batch_size=5, seed=1)

    epoch = [pairs(step)["index"] for step in range(pairs.steps_per_epoch)]

    assert pairs.steps_per_epoch == 4
    assert len(np.unique(epoch)) == 20


def test_epochs_differ_and_seeds_differ():
    first = draws.PairDraws(count=50, batch_size=50, seed=1)
    other = draws.PairDraws(count=50, batch_size=50, seed=2)

    assert (first(0)["index"] != first(1)["index"]).any()
    assert (first(0)["index"] != other(0)["index"]).any()


def test_a_batch_depends_on_its_number_alone():
    one = draws.GraphDraws(graph(), 8, 10, seed=5)
    another = draws.GraphDraws(graph(), 8, 10, seed=5)
    for step in range(7):
        one(step)

    late, at_once = one(9), another(9)

    for name, value in late.items():
        np.testing.assert_array_equal(value, at_once[name])


def test_positives_are_graph_neighbours():
    neighbours = graph()
    found = draws.GraphDraws(neighbours, 40, 10, seed=0)(0)

    positives = neighbours[found["index"]]
    assert (positives == found["positive"][:, None]).any(axis=1).all()
    # Uniform over four: all pairs, or none, has odds of 1 in 10^24.
    assert 0 < np.mean(found["positive"] == found["index"]) < 1


def test_the_pair_share_is_kept():
    always = draws.GraphDraws(graph(), 40, 10, seed=0, pair_share=1.0)(0)

    np.testing.assert_array_equal(always["positive"], always["index"])


def test_candidates_are_distinct_and_positives_among_them_are_marked():
    neighbours = graph()
    found = draws.GraphDraws(neighbours, 12, 20, seed=3)(2)

    assert len(np.unique(found["pool"])) == 20
    for row, known in zip(found["index"], found["known"], strict=True):
        expected = [item in neighbours[row] for item in found["pool"]]
        assert known.tolist() == expected


@pytest.mark.parametrize("size", [0, 41])
def test_a_batch_must_fit_the_rows(size):
    with pytest.raises(ValueError, match=f"between 1 and the 40.*{size}"):
        draws.PairDraws(count=40, batch_size=size, seed=0)


@pytest.mark.parametrize("size", [1, 41])
def test_a_pool_must_fit_the_rows(size):
    with pytest.raises(ValueError, match=f"between 2 and the 40.*{size}"):
        draws.GraphDraws(graph(), 8, size, seed=0)


def test_a_batch_is_at_most_all_rows():
    drawn = draws.PairDraws.at_most(90, 1000, 3)

    assert (drawn.count, drawn.batch_size, drawn.seed) == (90, 90, 3)
