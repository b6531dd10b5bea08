import numpy as np
import pytest

from experiments.baselines.shallow import cmfh


def test_the_objective_falls_in_every_round(pairs, reported):
    cmfh.CMFH(rounds=12, tolerance=0.0).fit(pairs, 4, report=reported)

    assert len(reported) == 12
    assert np.all(np.diff(reported) < 0)


def test_rounds_end_when_the_objective_hardly_falls(pairs, reported):
    cmfh.CMFH(tolerance=0.5).fit(pairs, 4, report=reported)

    falls = -np.diff(reported) / reported[1:]
    assert np.all(falls[:-1] >= 0.5)
    assert falls[-1] < 0.5


@pytest.mark.parametrize("part", ["latent", "bases", "maps"])
def test_each_update_is_a_minimum_of_the_objective(pairs, part):
    config = cmfh.CMFH(projection_weight=3.0, ridge=0.2, image_weight=0.3)
    state = cmfh._Factors(
        config, [pairs.image, pairs.text], 4, np.random.default_rng(0)
    )
    state.round()
    if part == "bases":
        # Found before V and W changed: once more for these.
        kept = state.latent, state.maps
        state.round()
        state.latent, state.maps = kept
    if part == "latent":
        state.latent = state._shared()
    best = state.objective()

    rng = np.random.default_rng(1)
    for _ in range(5):
        values = getattr(state, part)
        if part == "latent":
            state.latent = values + 1e-2 * rng.normal(size=values.shape)
        else:
            changed = [v + 1e-2 * rng.normal(size=v.shape) for v in values]
            setattr(state, part, changed)
        assert state.objective() > best
        setattr(state, part, values)
