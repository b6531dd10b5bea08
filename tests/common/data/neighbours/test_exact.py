import numpy as np
import pytest

from common.data.neighbours import exact

# Query and item blocks: one of each, ragged, single items, a whole block.
BLOCKS = [(512, 16384), (7, 5), (5, 7), (1, 1), (40, 13), (16, 40)]


def _distances(features, metric):
    """All squared distances in float64, infinite to oneself."""
    points = features.astype(np.float64)
    if metric == "cosine":
        norms = np.linalg.norm(points, axis=1, keepdims=True)
        points = points / np.where(norms == 0, 1, norms)
    distances = np.square(points[:, None] - points[None]).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    return distances


def _brute_force(features, count, metric):
    distances = _distances(features, metric)
    return np.argsort(distances, axis=1, kind="stable")[:, :count]


def _nearest(features, count, metric):
    return exact.nearest(
        lambda block: features[block], len(features), count, metric
    )


def _tied(seed):
    """40 points of which many coincide, with unit vectors exact in float32.

    Every row is 0, +-2^j times a unit axis, or (+-1, +-1, +-1, +-1), whose
    norm is 2.
    """
    random = np.random.default_rng(seed)
    corners = random.choice([-1.0, 1.0], (40, 4))
    axes = np.eye(4)[random.integers(4, size=40)]
    axes *= random.choice([-2.0, -1.0, 0.0, 1.0, 2.0, 4.0], (40, 1))
    chosen = np.where(random.random((40, 1)) < 0.5, corners, axes)
    return chosen.astype(np.float32)


@pytest.fixture(params=BLOCKS, ids=lambda sizes: f"{sizes[0]}x{sizes[1]}")
def _blocks(request, monkeypatch):
    monkeypatch.setattr(exact, "QUERY_BLOCK", request.param[0])
    monkeypatch.setattr(exact, "_ITEM_BLOCK", request.param[1])


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("metric", exact.METRICS)
@pytest.mark.parametrize("count", [1, 4, 39])
def test_ties_go_to_the_lower_item_in_every_blocking(metric, count):
    features = _tied(seed=count)

    found = _nearest(features, count, metric)

    np.testing.assert_array_equal(found, _brute_force(features, count, metric))
    assert found.dtype == np.int32


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("metric", exact.METRICS)
def test_distances_are_the_smallest_ones(metric):
    features = np.random.default_rng(5).normal(size=(50, 9))
    features = features.astype(np.float32)

    found = _nearest(features, 8, metric)

    distances = _distances(features, metric)
    np.testing.assert_allclose(
        np.take_along_axis(distances, found.astype(np.int64), axis=1),
        np.sort(distances, axis=1)[:, :8],
        rtol=1e-5,
    )


@pytest.mark.parametrize("metric", exact.METRICS)
def test_all_other_items_are_neighbours_when_k_is_one_less_than_n(metric):
    features = np.random.default_rng(6).normal(size=(9, 3)).astype(np.float32)

    found = _nearest(features, 8, metric)

    for item, others in enumerate(found):
        assert sorted(others) == [i for i in range(9) if i != item]


def test_coinciding_items_are_each_others_neighbours_but_not_their_own():
    features = np.ones((5, 3), np.float32)

    found = _nearest(features, 3, "euclidean")

    # All distances are 0, so the first three others by number.
    expected = [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]
    assert found.tolist() == expected


def test_cosine_does_not_see_length_and_euclidean_does():
    # Item 1 has the direction of item 0, item 2 is closer to it.
    features = np.array([[1, 0], [10, 0], [1, 1]], np.float32)

    assert _nearest(features, 1, "cosine")[0, 0] == 1
    assert _nearest(features, 1, "euclidean")[0, 0] == 2


def test_a_zero_vector_is_nearer_than_an_orthogonal_one_by_cosine():
    # Squared distances of unit vectors: 2 to item 1, 1 to the zero vector.
    features = np.array([[3, 0], [0, 3], [0, 0]], np.float32)

    assert _nearest(features, 2, "cosine")[0].tolist() == [2, 1]


def test_progress_counts_the_items(monkeypatch):
    monkeypatch.setattr(exact, "QUERY_BLOCK", 4)
    monkeypatch.setattr(exact, "_GROUP", 1)
    features = np.eye(10, dtype=np.float32)
    seen = []

    exact.nearest(lambda block: features[block], 10, 1, progress=seen.append)

    assert seen == [4, 8, 10]


@pytest.mark.parametrize("count", [0, -1, 5, 6])
def test_a_number_of_neighbours_that_does_not_fit_is_refused(count):
    with pytest.raises(ValueError) as error:
        _nearest(np.eye(5, dtype=np.float32), count, "euclidean")

    assert str(error.value) == (
        "neighbours must lie between 1 and 4, one less than the 5 items; "
        f"received {count}."
    )


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="euclidean, cosine; received 'l1'"):
        _nearest(np.eye(5, dtype=np.float32), 2, "l1")
