import numpy as np
import pytest
from sklearn import linear_model
from sklearn import svm

from experiments.baselines.shallow import classifiers


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 4))
    scores = features @ rng.normal(size=(4, 3)) + rng.normal(size=(60, 3))
    return features, np.where(scores >= 0.4, 1.0, -1.0)


def test_all_machines_at_once_are_liblinear_s_one_by_one(problem):
    features, targets = problem

    weights = classifiers.support_vector_machines(features, targets, 0.3, 500)

    for bit in range(3):
        one = svm.LinearSVC(
            C=0.3, class_weight="balanced", dual=False, tol=1e-8
        ).fit(features, targets[:, bit])
        np.testing.assert_allclose(
            weights[:, bit], [*one.coef_[0], one.intercept_[0]], atol=1e-3
        )


def test_all_regressions_at_once_are_scikit_learn_s_one_by_one(problem):
    features, targets = problem

    weights = classifiers.logistic_regressions(features, targets, 0.25, 500)

    for bit in range(3):
        # Its penalty is |w|^2 / 2 and weighs the data by C: C = 1 / (2 0.25).
        one = linear_model.LogisticRegression(
            C=2.0, fit_intercept=False, tol=1e-8
        ).fit(features, targets[:, bit])
        np.testing.assert_allclose(weights[:, bit], one.coef_[0], atol=1e-3)


def test_a_bit_of_one_class_gives_finite_weights(problem):
    features, _ = problem

    weights = classifiers.support_vector_machines(
        features, np.ones((60, 1)), 1.0
    )

    assert np.isfinite(weights).all()
    assert (features @ weights[:-1] + weights[-1] > 0).all()
