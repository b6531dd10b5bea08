import numpy as np

from experiments.baselines.shallow import fsh


def test_the_objective_rises_until_the_codes_stay(pairs, reported):
    fsh.FSH(anchors=20, neighbours=5).fit(pairs, 6, report=reported)

    assert 2 < len(reported) < 100
    # Codes are single precision.
    assert np.all(np.diff(reported) > -1e-5 * np.abs(reported[1:]))


def test_the_fused_similarity_is_the_mean_of_both_paths():
    image = np.array([[0.0], [1.0], [10.0]])
    text = np.array([[5.0], [0.0], [0.2]])

    fused = fsh.fused_similarity(image, text, np.array([0, 1, 2]), 1)

    # With one neighbour and all items as anchors, N and J are the identity.
    kernels = [np.exp(-abs(view - view.T) / 2) for view in (image, text)]
    np.testing.assert_allclose(fused, (kernels[0] + kernels[1]) / 2)


def test_an_item_shares_its_weight_among_its_nearest_anchors():
    near = fsh._nearest(np.array([[0.0]]), np.array([[3.0], [1.0], [2.0]]), 2)

    np.testing.assert_allclose(near, [[0, 0.5, 0.5]])
