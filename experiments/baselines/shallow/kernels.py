"""Gaussian kernels to anchors that stand for a data set."""

import dataclasses

import numpy as np
import scipy.linalg
from scipy.spatial import distance
from sklearn import cluster


@dataclasses.dataclass(frozen=True, eq=False)
class AnchorKernel:
    """k(x, a) = exp(-|x - a|^2 / s) to m anchors.

    Attributes:
        anchors: [m, d].
        scale: s, the mean squared distance of training rows to anchors.
    """

    anchors: np.ndarray
    scale: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Kernel of each row with each anchor, [n, m]."""
        squared = distance.cdist(features, self.anchors, "sqeuclidean")
        return np.exp(-squared / self.scale)

    def root(self) -> np.ndarray:
        """A lower L with L L' the anchors' own kernel, [m, m]."""
        own = self(self.anchors)
        # Anchors may coincide; the jitter is far below what a bit needs.
        own[np.diag_indices_from(own)] += 1e-8
        return scipy.linalg.cholesky(own, lower=True)


def anchor_kernel(
    features: np.ndarray, count: int, seed: int, iterations: int = 30
) -> AnchorKernel:
    """Anchors at the k-means centres of training rows [n, d].

    Args:
        features: Training rows.
        count: m; at most n anchors are made.
        seed: Seed of the clustering.
        iterations: Largest number of rounds of k-means.
    """
    count = min(count, len(np.unique(features, axis=0)))
    found = cluster.KMeans(
        count, n_init=1, max_iter=iterations, random_state=seed
    ).fit(features)
    squared = distance.cdist(features, found.cluster_centers_, "sqeuclidean")
    return AnchorKernel(found.cluster_centers_, np.array(squared.mean()))
