"""Linear algebra that several compared methods share."""

import numpy as np
import scipy.linalg
import scipy.sparse.linalg


def unit_rows(features: np.ndarray) -> np.ndarray:
    """Scales rows to length 1; a row of zeros stays one."""
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.where(norms > 0, norms, 1)


def centre(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean row [d] and the centred features [n, d], float64."""
    mean = features.mean(axis=0, dtype=np.float64)
    return mean, features - mean


def gram(features: np.ndarray, ridge: float) -> np.ndarray:
    """X'X + ridge I, [d, d]."""
    product = features.T @ features
    product[np.diag_indices_from(product)] += ridge
    return product


def ridge_map(features: np.ndarray, ridge: float) -> np.ndarray:
    """(X'X + ridge I)^-1 X', which maps targets [n, K] to weights, [d, n]."""
    return solve(gram(features, ridge), features.T)


def mean_square(features: np.ndarray) -> float:
    """Mean of the diagonal of X'X: what a relative ridge is relative to.

    Raises:
        ValueError: Centred features are all 0.
    """
    mean = np.sum(features**2, dtype=np.float64) / features.shape[1]
    if not mean > 0:
        raise ValueError(
            "The features of all training items are equal in one view; there "
            "is nothing to learn from."
        )
    return float(mean)


def solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solves a symmetric positive definite system by Cholesky."""
    return scipy.linalg.cho_solve(scipy.linalg.cho_factor(matrix), right)


def nearest_rotation(matrix: np.ndarray) -> np.ndarray:
    """The R with orthonormal columns that maximises tr(R' M), [p, d]."""
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    return left @ right


class Whitening:
    """Cholesky factors of two views' covariances, X'X + r I = R R'.

    r is `ridge` times the mean of the diagonal of X'X, so that a setting
    fits features of any scale and number.

    Args:
        image: Centred image features, [n, p].
        text: Centred texts, [n, q].
        ridge: Relative ridge, > 0.

    Raises:
        ValueError: The items of a view are all equal.
    """

    def __init__(self, image: np.ndarray, text: np.ndarray, ridge: float):
        self.image = _factor(image, ridge)
        self.text = _factor(text, ridge)

    def cross(self, covariance: np.ndarray) -> np.ndarray:
        """Rx^-1 C Ry^-T of a cross-covariance C, [p, q]."""
        return _whiten(self.text, _whiten(self.image, covariance).T).T

    def features(
        self, image: np.ndarray, text: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Features [n, p] and [n, q] whose scores are U's and V's."""
        return _whiten(self.image, image.T).T, _whiten(self.text, text.T).T

    def image_directions(self, whitened: np.ndarray) -> np.ndarray:
        """Rx^-T U: directions [p, K] of whitened ones."""
        return _unwhiten(self.image, whitened)

    def text_directions(self, whitened: np.ndarray) -> np.ndarray:
        """Ry^-T V: directions [q, K] of whitened ones."""
        return _unwhiten(self.text, whitened)


def canonical_directions(
    whitening: Whitening, covariance: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions of largest correlation, strongest first.

    Solves the generalised eigenproblem of regularised canonical correlation
    analysis by a singular value decomposition.

    Args:
        whitening: Of both views.
        covariance: C, the cross-covariance to maximise, [p, q].
        count: K.

    Returns:
        Image directions [p, K], text directions [q, K] and what each pair
        reaches [K], falling.
    """
    left, values, right = leading_singular(whitening.cross(covariance), count)
    return (
        whitening.image_directions(left),
        whitening.text_directions(right),
        values,
    )


def leading_singular(
    matrix: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The largest singular values [K], falling, with their vectors.

    Args:
        matrix: [p, q].
        count: K, at most min(p, q).

    Returns:
        Left vectors [p, K], values [K], right vectors [q, K].
    """
    smallest = min(matrix.shape)
    if 4 * count < smallest:
        # A few pairs of many; the start is fixed so that results repeat.
        start = np.random.default_rng(0).normal(size=smallest)
        left, values, right = scipy.sparse.linalg.svds(
            matrix, k=count, v0=start
        )
        order = np.argsort(-values)
        return left[:, order], values[order], right[order].T
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    return left[:, :count], values[:count], right[:count].T


def _factor(features, ridge) -> np.ndarray:
    covariance = gram(features, ridge * mean_square(features))
    return scipy.linalg.cholesky(covariance, lower=True)


def _whiten(factor, columns) -> np.ndarray:
    return scipy.linalg.solve_triangular(factor, columns, lower=True)


def _unwhiten(factor, directions) -> np.ndarray:
    return scipy.linalg.solve_triangular(
        factor, directions, lower=True, trans="T"
    )
