import numpy as np
import pytest

from experiments.baselines.shallow import seph


def test_the_affinity_is_the_cosine_of_the_labels_as_a_distribution():
    affinity = seph.label_affinity(np.array([[1, 1], [1, 0], [0, 1]]))

    # Cosines .7071 twice and 0, each both ways: shares of a quarter.
    quarter = [[0, 0.25, 0.25], [0.25, 0, 0], [0.25, 0, 0]]
    np.testing.assert_allclose(affinity, quarter, atol=1e-6)


def test_labels_that_nobody_shares_are_refused():
    with pytest.raises(ValueError, match="no two do"):
        seph.label_affinity(np.eye(4))


def test_the_cost_is_the_divergence_written_out():
    rng = np.random.default_rng(0)
    codes, affinity = rng.normal(size=(5, 3)), _affinity(rng)

    cost, _ = seph.cost_and_gradient(codes, affinity, 0.3)

    near = np.zeros((5, 5))
    for i in range(5):
        for j in range(5):
            if i != j:
                near[i, j] = 1 / (1 + np.sum((codes[i] - codes[j]) ** 2) / 4)
    share = near / near.sum()
    kept = affinity > 0
    expected = np.sum(affinity[kept] * np.log(affinity[kept] / share[kept]))
    expected += 0.3 / 15 * np.sum((abs(codes) - 1) ** 2)
    divergence = cost - seph.entropy(affinity)
    assert divergence == pytest.approx(expected, rel=1e-5)


def test_the_gradient_is_the_slope_of_the_cost():
    rng = np.random.default_rng(0)
    codes, affinity = rng.normal(size=(5, 3)), _affinity(rng)

    _, gradient = seph.cost_and_gradient(codes, affinity, 0.3)

    def cost(step):
        return seph.cost_and_gradient(codes + step, affinity, 0.3)[0]

    for index in np.ndindex(codes.shape):
        step = np.zeros(codes.shape)
        step[index] = 1e-5
        slope = (cost(step) - cost(-step)) / 2e-5
        assert gradient[index] == pytest.approx(slope, abs=1e-6)


def test_the_lowest_cost_so_far_falls(pairs, reported):
    seph.SePH(rounds=60, anchors=20).fit(pairs, 6, report=reported)

    assert np.all(np.diff(reported) <= 0)
    assert reported[-1] < 0.5 * reported[0]


def _affinity(rng):
    return seph.label_affinity(rng.random((5, 4)) < 0.6)
