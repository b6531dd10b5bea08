"""Linear classifiers of all bits at once, for methods with one a bit.

The objectives are convex and add up over bits, so one run of L-BFGS with
matrix products solves them all, hundreds of times faster than one by one.
"""

from collections.abc import Callable

import numpy as np
import scipy.optimize


def support_vector_machines(
    features: np.ndarray,
    targets: np.ndarray,
    cost: float,
    iterations: int = 100,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Linear support vector machines with squared hinge loss.

    Minimises for each bit, with both classes weighing the same,

        1/2 |w|^2 + C sum_i c_i max(0, 1 - t_i (w'x_i))^2

    with an intercept as the last, constant feature, as LIBLINEAR has it.

    Args:
        features: [n, d].
        targets: -1 or 1, [n, K].
        cost: C.
        iterations: Largest number of L-BFGS iterations.
        start: Weights to start from.

    Returns:
        Weights [d + 1, K]; the last row holds the intercepts.
    """
    features = np.pad(features, ((0, 0), (0, 1)), constant_values=1.0)
    weights = cost * _balanced(targets)

    def loss(scores):
        slack = np.maximum(0, 1 - targets * scores)
        total = np.vdot(weights, slack**2)
        return total, -2 * weights * slack * targets

    return _minimise(features, targets.shape[1], loss, 0.5, iterations, start)


def logistic_regressions(
    features: np.ndarray,
    targets: np.ndarray,
    penalty: float,
    iterations: int = 100,
) -> np.ndarray:
    """Logistic regressions without intercept.

    Minimises sum_i log(1 + exp(-t_i w'x_i)) + penalty |w|^2 for each bit.

    Args:
        features: [n, d].
        targets: -1 or 1, [n, K].
        penalty: Weight of the squared length.
        iterations: Largest number of L-BFGS iterations.

    Returns:
        Weights [d, K].
    """

    def loss(scores):
        margins = targets * scores
        total = np.logaddexp(0, -margins).sum()
        # The logistic function of -margin, which cannot overflow.
        return total, -targets * 0.5 * (1 - np.tanh(margins / 2))

    return _minimise(
        features, targets.shape[1], loss, penalty, iterations, None
    )


def _balanced(targets: np.ndarray) -> np.ndarray:
    """Weights n / (2 n_class) that let both classes count alike."""
    ones = (targets > 0).mean(axis=0)
    share = np.where(targets > 0, ones, 1 - ones)
    return 0.5 / share


def _minimise(
    features: np.ndarray,
    count: int,
    loss: Callable,
    penalty: float,
    iterations: int,
    start: np.ndarray | None,
) -> np.ndarray:
    shape = features.shape[1], count
    # Products take nearly all of the time, and single precision halves it.
    features = np.asarray(features, np.float32)

    def objective(flat):
        weights = flat.reshape(shape)
        scores = features @ weights.astype(np.float32)
        total, slope = loss(scores.astype(np.float64))
        total += penalty * np.vdot(weights, weights)
        back = features.T @ slope.astype(np.float32)
        return total, (back + 2 * penalty * weights).ravel()

    first = np.zeros(shape) if start is None else start
    found = scipy.optimize.minimize(
        objective,
        first.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": iterations},
    )
    return found.x.reshape(shape)
