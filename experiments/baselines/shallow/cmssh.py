"""CMSSH, cross-modality similarity-sensitive hashing.

Bronstein, Bronstein, Michel, Paragios: "Data Fusion through Cross-modality
Metric Learning using Similarity-Sensitive Hashing", CVPR 2010.
"""

import dataclasses
from typing import ClassVar

import numpy as np
import scipy.sparse

from common.models.settings import setting
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.shallow import algebra


@dataclasses.dataclass(frozen=True)
class CMSSH(method.Method):
    """Boosted bits: each pair of projections tells similar pairs apart.

    A weak classifier of a pair is the product of its image's and its text's
    bit. AdaBoost weighs the pairs that are still classified wrongly higher.
    """

    supervised: ClassVar[bool] = True

    pairs: int = setting(
        20000, "Pairs that are drawn, half of them similar.", minimum=2
    )
    thresholds: int = setting(
        63, "Thresholds that are tried on each side, quantiles.", minimum=1
    )

    def _fit(self, pairs, bits, rng, report) -> models.Model:
        image_mean, image = _single(pairs.image)
        text_mean, text = _single(pairs.text)
        drawn = draw_pairs(pairs.labels, self.pairs, rng)
        weights = np.full(len(drawn.sign), 1 / len(drawn.sign))
        bound, found = 1.0, []
        for done in range(bits):
            weak = self._weak_classifier(image, text, drawn, weights)
            reached = min(weak.correlation, 0.999)
            if reached > 0:
                alpha = 0.5 * np.log((1 + reached) / (1 - reached))
                weights = weights * np.exp(-alpha * weak.votes)
                bound *= float(weights.sum())
                weights = weights / weights.sum()
            found.append(weak)
            report(done + 1, bits, bound)
        return models.Model(
            _view(image_mean, [weak.image for weak in found]),
            _view(text_mean, [weak.text for weak in found]),
        )

    def _weak_classifier(self, image, text, drawn, weights) -> "_Weak":
        signed = weights * drawn.sign
        p, _, q = algebra.leading_singular(
            pair_covariance(image, text, drawn, weights), 1
        )
        a = (image @ p[:, 0])[drawn.image]
        b = (text @ q[:, 0])[drawn.text]
        best_a, best_b, value = best_thresholds(a, b, signed, self.thresholds)
        turn = 1.0 if value >= 0 else -1.0
        votes = drawn.sign * np.where(a >= best_a, 1, -1)
        votes = votes * np.where(turn * b >= turn * best_b, 1, -1)
        return _Weak(
            (p[:, 0], best_a),
            (turn * q[:, 0], turn * best_b),
            votes,
            float(weights @ votes),
        )


@dataclasses.dataclass(frozen=True, eq=False)
class DrawnPairs:
    """N pairs of an image's row and a text's row.

    Attributes:
        image: Rows of images, [N].
        text: Rows of texts, [N].
        sign: 1 where the two share a label, else -1, [N].
    """

    image: np.ndarray
    text: np.ndarray
    sign: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class _Weak:
    """Direction and threshold of both views, votes [N], their mean."""

    image: tuple[np.ndarray, float]
    text: tuple[np.ndarray, float]
    votes: np.ndarray
    correlation: float


def draw_pairs(
    labels: np.ndarray, count: int, rng: np.random.Generator
) -> DrawnPairs:
    """Draws as many similar as dissimilar pairs.

    Raises:
        ValueError: All pairs are similar, or none.
    """
    labels = np.asarray(labels, np.float32)
    half = count // 2
    left, right = rng.integers(len(labels), size=(2, 100 * half))
    kept = {1: [], -1: []}
    for start in range(0, len(left), 4 * half):
        at = slice(start, start + 4 * half)
        shared = np.einsum("ij,ij->i", labels[left[at]], labels[right[at]]) > 0
        kept[1].append(start + np.flatnonzero(shared))
        kept[-1].append(start + np.flatnonzero(~shared))
        if all(sum(map(len, found)) >= half for found in kept.values()):
            break
    chosen = [np.concatenate(found)[:half] for found in kept.values()]
    if not all(len(found) for found in chosen):
        raise ValueError(
            "CMSSH needs pairs that share a label and pairs that do not; "
            "the labels of the training items give only one kind."
        )
    both = np.concatenate(chosen)
    sign = np.repeat([1.0, -1.0], [len(found) for found in chosen])
    return DrawnPairs(left[both], right[both], sign)


def pair_covariance(
    image: np.ndarray,
    text: np.ndarray,
    drawn: DrawnPairs,
    weights: np.ndarray,
) -> np.ndarray:
    """Sum over pairs of w s (x - xb)(y - yb)', with weighted means, [p, q]."""
    shape = len(image), len(text)
    at = drawn.image, drawn.text
    signed = scipy.sparse.csr_array(
        ((weights * drawn.sign).astype(image.dtype), at), shape
    )
    share = scipy.sparse.csr_array((weights.astype(image.dtype), at), shape)
    image = image - share.sum(axis=1) @ image
    text = text - share.sum(axis=0) @ text
    return image.T @ (signed @ text)


def best_thresholds(
    a: np.ndarray, b: np.ndarray, signed: np.ndarray, count: int
) -> tuple[float, float, float]:
    """Thresholds with the largest |sum w s sgn(a - t) sgn(b - u)|.

    Args:
        a: Image scores of the pairs, [N].
        b: Text scores of the pairs, [N].
        signed: w s of the pairs, [N].
        count: Thresholds tried on each side.

    Returns:
        t, u and the sum at them.
    """
    levels = np.arange(1, count + 1) / (count + 1)
    tried = [np.quantile(scores, levels) for scores in (a, b)]
    cells = [
        np.searchsorted(t, scores, side="right")
        for t, scores in zip(tried, (a, b), strict=True)
    ]
    width = count + 1
    mass = np.bincount(cells[0] * width + cells[1], signed, width**2)
    # A score in cell c has passed the thresholds 0 to c - 1.
    passed = np.where(np.arange(width) > np.arange(count)[:, None], 1.0, -1.0)
    sums = passed @ mass.reshape(width, width) @ passed.T
    row, column = np.unravel_index(np.argmax(np.abs(sums)), sums.shape)
    return tried[0][row], tried[1][column], float(sums[row, column])


def _single(features):
    mean, centred = algebra.centre(features)
    return mean, centred.astype(np.float32)


def _view(mean, sides) -> models.Linear:
    directions, thresholds = zip(*sides, strict=True)
    return models.linear(mean, np.stack(directions, axis=1), thresholds)


METHODS = {"cmssh": CMSSH()}
