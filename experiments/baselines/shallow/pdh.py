"""PDH, predictable dual-view hashing.

Rastegari, Choi, Fakhraei, Hal, Davis: "Predictable Dual-View Hashing", ICML
2013.
"""

import dataclasses
from typing import ClassVar

import numpy as np

from common.models.settings import setting
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.shallow import algebra
from experiments.baselines.shallow import classifiers


@dataclasses.dataclass(frozen=True)
class PDH(method.Method):
    """Bits of each view that a linear machine predicts from the other view.

    In turn, each view's machines learn the other view's decorrelated bits.
    As the paper has it this collapses to constant bits; thresholds at the
    median, views of equal scale and a start from regularised canonical
    correlation keep it from doing so.
    """

    draws: ClassVar[bool] = False

    cost: float = setting(0.1, "C of the machines.", minimum=1e-12)
    rounds: int = setting(5, "Rounds over both views.", minimum=1)
    ridge: float = setting(
        1.0,
        "Of the start's canonical correlation, relative to the covariances' "
        "mean diagonal.",
        minimum=1e-12,
    )
    max_pairs: int = setting(
        10000, "Training pairs that are used, the first.", minimum=2
    )

    def _fit(self, pairs, bits, rng, report) -> models.Model:
        pairs = pairs.first(self.max_pairs)
        method.check_bits(self, bits, pairs)
        means, views = zip(
            *(algebra.centre(x) for x in (pairs.image, pairs.text)),
            strict=True,
        )
        scores = self._first_scores(*views, bits)
        # Mean squared length of a row is 1, so that C means the same.
        scales = [np.sqrt(len(x) / np.vdot(x, x)) for x in views]
        views = [x * scale for x, scale in zip(views, scales, strict=True)]
        machines = [None, None]
        for done in range(self.rounds):
            for side in (0, 1):
                targets = decorrelated(balanced_bits(scores[1 - side]))
                machines[side] = classifiers.support_vector_machines(
                    views[side], targets, self.cost, start=machines[side]
                )
                scores[side] = views[side] @ machines[side][:-1]
            report(done + 1, self.rounds, _agreement(*scores))
        return models.Model(
            *(
                models.linear(
                    mean, scale * machine[:-1], np.median(score, axis=0)
                )
                for mean, scale, machine, score in zip(
                    means, scales, machines, scores, strict=True
                )
            )
        )

    def _first_scores(self, image, text, bits) -> list[np.ndarray]:
        whitening = algebra.Whitening(image, text, self.ridge)
        directions = algebra.canonical_directions(
            whitening, image.T @ text, bits
        )
        return [image @ directions[0], text @ directions[1]]


def balanced_bits(scores: np.ndarray) -> np.ndarray:
    """-1 below each column's median, 1 from it on, [n, K]."""
    return np.where(scores >= np.median(scores, axis=0), 1.0, -1.0)


def decorrelated(bits: np.ndarray) -> np.ndarray:
    """The balanced bits next to uncorrelated scores, [n, K] of -1 and 1."""
    return balanced_bits(whitened(bits))


def whitened(bits: np.ndarray, floor: float = 1e-2) -> np.ndarray:
    """B M^(-1/2) with M = B'B / n, for centred B.

    Args:
        bits: B, -1 and 1, [n, K].
        floor: Smallest eigenvalue of M that is divided by.

    Returns:
        Real scores with covariance I, [n, K].
    """
    centred = bits - bits.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(bits))
    root = vectors / np.sqrt(np.maximum(values, floor)) @ vectors.T
    return centred @ root


def _agreement(image_scores, text_scores) -> float:
    """Share of bits on which the two views of an item agree."""
    same = balanced_bits(image_scores) == balanced_bits(text_scores)
    return float(same.mean())


METHODS = {"pdh": PDH()}
