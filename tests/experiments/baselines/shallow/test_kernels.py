import numpy as np

from experiments.baselines.shallow import kernels


def test_the_kernel_falls_with_the_squared_distance():
    kernel = kernels.AnchorKernel(np.array([[0.0, 0.0], [3.0, 4.0]]), 5.0)

    values = kernel(np.array([[0.0, 0.0]]))

    # Squared distances 0 and 25, over 5.
    np.testing.assert_allclose(values, [[1.0, np.exp(-5.0)]])


def test_anchors_of_separate_clusters_are_their_centres():
    rows = np.array([[0.0, 0], [2, 0], [100, 0], [100, 2]])

    kernel = kernels.anchor_kernel(rows, 2, seed=0)

    found = kernel.anchors[np.argsort(kernel.anchors[:, 0])]
    np.testing.assert_allclose(found, [[1, 0], [100, 1]])


def test_there_are_no_more_anchors_than_different_rows():
    rows = np.repeat(np.eye(3), 4, axis=0)

    kernel = kernels.anchor_kernel(rows, 10, seed=0)

    assert len(kernel.anchors) == 3
    own = kernel(kernel.anchors)
    np.testing.assert_allclose(kernel.root() @ kernel.root().T, own, atol=1e-6)
