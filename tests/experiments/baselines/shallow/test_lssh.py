import numpy as np
import pytest

from experiments.baselines.shallow import algebra
from experiments.baselines.shallow import lssh


@pytest.fixture
def state(pairs):
    views = [
        algebra.unit_rows(v - v.mean(axis=0)) for v in (pairs.image, pairs.text)
    ]
    config = lssh.LSSH(atoms=20, agreement=0.7)
    return lssh._Factors(config, *views, 5, np.random.default_rng(0))


def test_topics_are_a_minimum_of_the_objective(state):
    state.topics = best = state.best_topics()
    lowest = state.objective()

    rng = np.random.default_rng(1)
    for _ in range(5):
        state.topics = best + 1e-3 * rng.normal(size=best.shape)
        assert state.objective() > lowest


def test_a_text_alone_is_mapped_as_if_images_said_nothing(state):
    state.sparse = np.zeros_like(state.sparse)

    np.testing.assert_allclose(
        state._text @ state.text_map(), state.best_topics(), atol=1e-9
    )


def test_the_errors_fall_over_the_rounds(pairs, reported):
    # The penalty is relative to the codes, so single rounds may rise.
    lssh.LSSH(atoms=30, rounds=6).fit(pairs, 5, report=reported)

    assert reported[-1] < 0.9 * reported[0]
