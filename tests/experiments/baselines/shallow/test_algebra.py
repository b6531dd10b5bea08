import numpy as np
import pytest

from experiments.baselines.shallow import algebra


@pytest.fixture
def views():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(80, 3))
    image = shared @ rng.normal(size=(3, 9)) + rng.normal(size=(80, 9))
    text = shared @ rng.normal(size=(3, 7)) + rng.normal(size=(80, 7))
    return image - image.mean(axis=0), text - text.mean(axis=0)


def test_rows_of_zeros_stay_when_rows_become_unit():
    rows = algebra.unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))

    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0]])


def test_a_ridge_map_solves_a_ridge_regression(views):
    image, text = views

    weights = algebra.ridge_map(image, 2.0) @ text

    # The gradient of |X W - Y|^2 + 2 |W|^2 vanishes.
    gradient = image.T @ (image @ weights - text) + 2.0 * weights
    np.testing.assert_allclose(gradient, 0, atol=1e-9)


def test_the_nearest_rotation_has_orthonormal_columns_and_the_largest_trace():
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(6, 3))

    best = algebra.nearest_rotation(matrix)

    np.testing.assert_allclose(best.T @ best, np.eye(3), atol=1e-12)
    for _ in range(20):
        other, _ = np.linalg.qr(rng.normal(size=(6, 3)))
        assert np.trace(other.T @ matrix) <= np.trace(best.T @ matrix)


@pytest.mark.parametrize("count", [1, 7])
def test_canonical_directions_solve_the_generalised_eigenproblem(views, count):
    image, text = views
    cross = image.T @ text
    whitening = algebra.Whitening(image, text, 0.1)

    a, b, values = algebra.canonical_directions(whitening, cross, count)

    cxx = algebra.gram(image, 0.1 * np.trace(image.T @ image) / 9)
    cyy = algebra.gram(text, 0.1 * np.trace(text.T @ text) / 7)
    # Cxy b = s Cxx a and Cyx a = s Cyy b, with unit variances.
    np.testing.assert_allclose(cross @ b, cxx @ a * values, atol=1e-8)
    np.testing.assert_allclose(cross.T @ a, cyy @ b * values, atol=1e-8)
    np.testing.assert_allclose(a.T @ cxx @ a, np.eye(count), atol=1e-8)
    assert np.all(np.diff(values) <= 0)


def test_scores_of_whitened_features_are_those_of_the_features(views):
    whitening = algebra.Whitening(*views, 0.1)
    directions = np.random.default_rng(2).normal(size=(9, 2))

    image, _ = whitening.features(*views)

    np.testing.assert_allclose(
        image @ directions, views[0] @ whitening.image_directions(directions)
    )


def test_equal_items_are_refused(views):
    with pytest.raises(ValueError, match="are equal in one view"):
        algebra.Whitening(np.zeros((80, 9)), views[1], 0.1)
