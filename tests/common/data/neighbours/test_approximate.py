import numpy as np
import pytest

from common.data.neighbours import approximate
from common.data.neighbours import cells
from common.data.neighbours import exact
from common.data.neighbours import sparse


def _features(count=900, dim=300, seed=0):
    """Rows about 30 scenes, in a few directions and a little noise."""
    random = np.random.default_rng(seed)
    spread = np.arange(1, 41) ** -0.5
    scenes = random.normal(size=(30, 40)) * spread
    latent = scenes[random.integers(30, size=count)]
    latent += 0.7 * spread * random.normal(size=(count, 40))
    features = latent @ random.normal(size=(40, dim))
    features += 0.1 * random.normal(size=(count, dim))
    return np.maximum(features, 0).astype(np.float32)


def _bags(count=700, words=400, seed=1):
    """Bags of about four of many words; some are empty, many coincide."""
    random = np.random.default_rng(seed)
    bags = (random.random((count, words)) < 4 / words).astype(np.float32)
    bags[5] = bags[300:310] = bags[2]
    bags[7] = 0
    return bags


def _recall(found, features, metric):
    """Share of neighbours no farther than the last of the exact ones."""
    points = features.astype(np.float64)
    if metric == "cosine":
        norms = np.linalg.norm(points, axis=1, keepdims=True)
        points = points / np.where(norms == 0, 1, norms)
    distances = np.square(points).sum(axis=1) - 2 * points @ points.T
    np.fill_diagonal(distances, np.inf)
    last = np.partition(distances, found.shape[1] - 1, axis=1)
    limit = last[:, found.shape[1] - 1] + 1e-6
    reached = np.take_along_axis(distances, found.astype(np.int64), axis=1)
    return (reached <= limit[:, None]).mean()


@pytest.fixture(autouse=True)
def _many_blocks(monkeypatch):
    """Blocks so small that a few hundred rows fill several."""
    for module in (cells, sparse):
        monkeypatch.setattr(module, "_ITEM_BLOCK", 256)
        monkeypatch.setattr(module, "_QUERY_BLOCK", 64)
    monkeypatch.setattr(cells, "_BLOCK", 96)
    monkeypatch.setattr(cells, "_GROUP", 12)
    monkeypatch.setattr(sparse, "_READ_BLOCK", 96)


@pytest.mark.parametrize("metric", exact.METRICS)
def test_nearly_all_neighbours_of_dense_rows_are_found(metric, monkeypatch):
    # Fewer components than the rows have directions.
    monkeypatch.setattr(cells, "_COMPONENTS", 30)
    features = _features()

    found = approximate.nearest(features.__getitem__, 900, 10, metric)

    assert found.dtype == np.int32
    assert _recall(found, features, metric) >= 0.98
    for item, others in enumerate(found):
        assert len({item, *others.tolist()}) == 11


def test_what_is_found_is_in_the_order_of_the_original_space(monkeypatch):
    monkeypatch.setattr(cells, "_COMPONENTS", 5)
    features = _features()

    found = approximate.nearest(features.__getitem__, 900, 10)

    points = features.astype(np.float64)
    away = points[found] - points[:, None]
    lengths = np.square(away).sum(axis=2)
    assert (np.diff(lengths, axis=1) >= -1e-3).all()


def test_candidates_of_few_components_are_not_all(monkeypatch):
    # So that the recall above could fail.
    monkeypatch.setattr(cells, "_COMPONENTS", 1)
    features = _features()

    found = approximate.nearest(features.__getitem__, 900, 10)

    assert _recall(found, features, "euclidean") < 0.9


@pytest.mark.parametrize("metric", exact.METRICS)
def test_bags_of_words_miss_nothing(metric):
    bags = _bags()

    found = approximate.nearest(bags.__getitem__, 700, 9, metric)

    assert _recall(found, bags, metric) == 1
    assert not (found == np.arange(700)[:, None]).any()


def test_whole_numbers_have_the_ties_of_the_exact_neighbours():
    bags = _bags()

    found = approximate.nearest(bags.__getitem__, 700, 9)

    expected = exact.nearest(bags.__getitem__, 700, 9)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("make", (_features, _bags))
def test_a_seed_gives_the_same_neighbours_again(make):
    features = make()

    first, second, other = (
        approximate.nearest(
            features.__getitem__, len(features), 6, "cosine", seed
        )
        for seed in (3, 3, 4)
    )

    np.testing.assert_array_equal(first, second)
    assert (first == other).mean() > 0.9


@pytest.mark.parametrize("count", (2, 5, 40))
def test_few_rows_are_all_compared(count):
    features = _features(count)

    found = approximate.nearest(features.__getitem__, count, count - 1)

    expected = exact.nearest(features.__getitem__, count, count - 1)
    np.testing.assert_array_equal(found, expected)


def test_progress_reaches_the_number_of_rows():
    seen = []

    approximate.nearest(_features().__getitem__, 900, 3, progress=seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == 900


def test_a_number_of_neighbours_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="between 1 and 4.*received 5"):
        approximate.nearest(np.eye(5, dtype=np.float32).__getitem__, 5, 5)


def test_groups_are_small_hold_every_row_and_what_is_near_together():
    random = np.random.default_rng(2)
    far = np.repeat([[0, 0], [9, 1], [50, 0], [59, 1]], 10, axis=0)
    rows = (far + random.normal(size=(40, 2)) * 0.1).astype(np.float32)
    shuffled = random.permutation(40)

    groups = cells._groups(rows[shuffled])

    assert sorted(len(group) for group in groups) == [10] * 4
    clusters = [set(shuffled[group] // 10) for group in groups]
    assert sorted(clusters, key=min) == [{0}, {1}, {2}, {3}]
    assert sorted(np.concatenate(groups)) == list(range(40))


def test_groups_of_equal_rows_are_small_too():
    groups = cells._groups(np.ones((40, 3), np.float32))

    assert max(map(len, groups)) <= 12
    assert sorted(np.concatenate(groups)) == list(range(40))
