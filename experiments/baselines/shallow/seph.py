"""SePH, semantics-preserving hashing, with kernel logistic regression.

Lin, Ding, Hu, Wang: "Semantics-Preserving Hashing for Cross-View Retrieval",
CVPR 2015; its variant SePH_km, whose anchors come from k-means.
"""

import dataclasses
from typing import ClassVar

import numpy as np
import scipy.linalg
from scipy import special

from common.models.settings import setting
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.shallow import algebra
from experiments.baselines.shallow import classifiers
from experiments.baselines.shallow import kernels


@dataclasses.dataclass(frozen=True, eq=False)
class Kernel:
    """Signs of kernel scores, k(x, anchors) W >= 0.

    Attributes:
        mean: Mean of the training features, [d].
        anchors: [m, d].
        scale: Of the kernel.
        weights: W, [m, K].
    """

    mean: np.ndarray
    anchors: np.ndarray
    scale: np.ndarray
    weights: np.ndarray

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self.weights.shape[1]

    def encode(self, features: np.ndarray) -> np.ndarray:
        """Hashes features [n, d] to booleans [n, K]."""
        kernel = kernels.AnchorKernel(self.anchors, self.scale)
        return kernel(features - self.mean) @ self.weights >= 0


@dataclasses.dataclass(frozen=True)
class SePH(method.Method):
    """Codes whose distances follow the labels, then a regression a bit.

    The codes H minimise the divergence of P, the cosine of the labels as a
    distribution over pairs, from Q, that of 1 / (1 + d^2 / 4), and are drawn
    to -1 and 1. Every item is hashed from one view alone, where the paper
    hashes database items from both.
    """

    supervised: ClassVar[bool] = True
    views: ClassVar[tuple[type, type]] = (Kernel, Kernel)

    quantization: float = setting(0.01, "alpha.", minimum=0.0)
    rounds: int = setting(100, "Steps of gradient descent.", minimum=1)
    step: float = setting(500.0, "Step size.", minimum=0.0)
    momentum: float = setting(0.5, "Of the descent.", minimum=0.0)
    anchors: int = setting(500, "Anchors of each view.", minimum=1)
    penalty: float = setting(
        0.01, "C, weight of the regressions' squared norm.", minimum=1e-12
    )
    max_pairs: int = setting(
        5000,
        "Training pairs that are used, the first; memory grows with their "
        "square.",
        minimum=2,
    )

    def _fit(self, pairs, bits, rng, report) -> models.Model:
        pairs = pairs.first(self.max_pairs)
        codes = self._codes(pairs.labels, bits, rng, report)
        targets = np.where(codes >= 0, 1.0, -1.0)
        seed = int(rng.integers(2**31))
        return models.Model(
            *(
                self._view(features, targets, seed)
                for features in (pairs.image, pairs.text)
            )
        )

    def _codes(self, labels, bits, rng, report) -> np.ndarray:
        """Descends as t-SNE does, with a gain for every number of H."""
        affinity = label_affinity(labels)
        codes = 1e-4 * rng.normal(size=(len(labels), bits)).astype(np.float32)
        least = entropy(affinity)
        gains = np.ones_like(codes)
        velocity = np.zeros_like(codes)
        lowest, best = np.inf, codes
        for done in range(self.rounds):
            cost, gradient = cost_and_gradient(
                codes, affinity, self.quantization
            )
            if cost < lowest:
                lowest, best = cost, codes
            turned = np.sign(gradient) != np.sign(velocity)
            gains = np.maximum(np.where(turned, gains + 0.2, 0.8 * gains), 0.01)
            velocity = self.momentum * velocity - self.step * gains * gradient
            codes = codes + velocity
            codes = codes - codes.mean(axis=0)
            report(done + 1, self.rounds, lowest - least)
        last, _ = cost_and_gradient(codes, affinity, self.quantization)
        return codes if last < lowest else best

    def _view(self, features, targets, seed) -> Kernel:
        mean, centred = algebra.centre(features)
        kernel = kernels.anchor_kernel(centred, self.anchors, seed)
        # With k L^-T as features, w'K w of the anchors' kernel is |v|^2.
        root = kernel.root()
        mapped = scipy.linalg.solve_triangular(
            root, kernel(centred).T, lower=True
        ).T
        found = classifiers.logistic_regressions(mapped, targets, self.penalty)
        weights = scipy.linalg.solve_triangular(
            root, found, lower=True, trans="T"
        )
        return Kernel(mean, kernel.anchors, kernel.scale, weights)


def label_affinity(labels: np.ndarray) -> np.ndarray:
    """P: cosines of multi-hot labels [n, c] that sum to 1, [n, n] float32.

    Raises:
        ValueError: No two items share a label.
    """
    unit = algebra.unit_rows(np.asarray(labels, np.float32))
    affinity = unit @ unit.T
    np.fill_diagonal(affinity, 0)
    total = affinity.sum(dtype=np.float64)
    if not total > 0:
        raise ValueError(
            "SePH needs training pairs that share a label; no two do."
        )
    affinity /= total
    return affinity


def cost_and_gradient(
    codes: np.ndarray, affinity: np.ndarray, quantization: float
) -> tuple[float, np.ndarray]:
    """Cross entropy of P and Q + alpha / (n K) sum (|h| - 1)^2.

    The divergence KL(P | Q) is less by the entropy of P, which is constant.

    Args:
        codes: H, [n, K].
        affinity: P, symmetric, sum 1, zero diagonal, [n, n].
        quantization: alpha.

    Returns:
        The cost and its gradient, [n, K].
    """
    squares = np.einsum("ij,ij->i", codes, codes)
    near = codes @ codes.T
    near *= -0.5
    near += (0.25 * squares + 1)[:, None]
    near += 0.25 * squares
    # Rounding may bring a distance below 0.
    np.maximum(near, 1, out=near)
    work = np.log(near)
    cost = np.vdot(affinity, work)
    np.reciprocal(near, out=near)
    np.fill_diagonal(near, 0)
    total = near.sum(dtype=np.float64)
    cost += np.log(total)
    np.multiply(near, -1 / near.dtype.type(total), out=work)
    work += affinity
    work *= near
    gradient = work.sum(axis=1)[:, None] * codes - work @ codes
    away = np.abs(codes) - 1
    weight = quantization / codes.size
    cost += weight * np.vdot(away, away)
    return float(cost), gradient + 2 * weight * away * np.sign(codes)


def entropy(affinity: np.ndarray) -> float:
    """Entropy of P, the least that the cross entropy can be."""
    return -float(special.xlogy(affinity, affinity).sum(dtype=np.float64))


METHODS = {"seph": SePH()}
