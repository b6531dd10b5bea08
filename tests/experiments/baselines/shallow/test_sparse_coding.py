import numpy as np
import pytest
from sklearn import linear_model

from experiments.baselines.shallow import algebra
from experiments.baselines.shallow import sparse_coding


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    atoms = algebra.unit_rows(rng.normal(size=(8, 5)))
    return rng.normal(size=(6, 5)), atoms


def test_sparse_codes_are_those_of_a_lasso_of_each_row(problem):
    features, atoms = problem

    codes = sparse_coding.lasso(features, atoms, 0.3, 500)

    for row, code in zip(features, codes, strict=True):
        # Its loss is divided by the 5 numbers of a row.
        penalty = 0.3 * np.abs(atoms @ row).max() / 5
        one = linear_model.Lasso(penalty, fit_intercept=False, tol=1e-10)
        one.fit(atoms.T, row)
        np.testing.assert_allclose(code, one.coef_, atol=1e-3)


def test_the_whole_penalty_leaves_no_atom(problem):
    assert not sparse_coding.lasso(*problem, 1.0, 50).any()


def test_a_dictionary_s_error_never_grows_and_its_atoms_stay_short(problem):
    features, atoms = problem
    codes = np.random.default_rng(1).normal(size=(6, 8))
    errors = []

    for _ in range(5):
        errors.append(np.sum((features - codes @ atoms) ** 2))
        atoms = sparse_coding.dictionary(features, codes, atoms)

    assert np.all(np.diff(errors) < 0)
    assert np.linalg.norm(atoms, axis=1).max() <= 1 + 1e-9


def test_an_atom_that_nobody_uses_stays(problem):
    features, atoms = problem
    codes = np.ones((6, 8))
    codes[:, 3] = 0

    found = sparse_coding.dictionary(features, codes, atoms)

    np.testing.assert_array_equal(found[3], atoms[3])
