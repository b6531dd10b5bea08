"""SCM, semantic correlation maximisation, orthogonal and sequential.

Zhang, Li: "Large-Scale Supervised Multimodal Hashing with Semantic
Correlation Maximization", AAAI 2014.
"""

import dataclasses
from typing import ClassVar

import numpy as np

from common.models.settings import setting
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.shallow import algebra


@dataclasses.dataclass(frozen=True)
class SCM(method.Method):
    """Linear codes whose inner products follow the cosine of the labels.

    The semantic similarity S = 2 L L' - 1 1', with the rows of L scaled to
    length 1, is never formed; only X' S Y is needed.
    """

    supervised: ClassVar[bool] = True
    draws: ClassVar[bool] = False

    sequential: bool = setting(
        True, "One bit after the other, on what the others left."
    )
    ridge: float = setting(
        1.0,
        "Added to both covariances' diagonals, relative to their mean.",
        minimum=1e-12,
    )

    def _fit(self, pairs, bits, rng, report) -> models.Model:
        method.check_bits(self, bits, pairs)
        image_mean, image = algebra.centre(pairs.image)
        text_mean, text = algebra.centre(pairs.text)
        whitening = algebra.Whitening(image, text, self.ridge)
        covariance = semantic_covariance(image, text, pairs.labels, bits)
        if self.sequential:
            directions = _sequential(
                image, text, whitening, covariance, bits, report
            )
        else:
            directions = algebra.canonical_directions(
                whitening, covariance, bits
            )[:2]
        return models.Model(
            models.linear(image_mean, directions[0]),
            models.linear(text_mean, directions[1]),
        )


def semantic_covariance(
    image: np.ndarray, text: np.ndarray, labels: np.ndarray, bits: int
) -> np.ndarray:
    """K X' S Y without the n x n matrix S, [p, q].

    Args:
        image: X, [n, p].
        text: Y, [n, q].
        labels: Multi-hot, [n, c]; a row without labels has cosine 0 to all.
        bits: K.
    """
    semantic = algebra.unit_rows(np.asarray(labels, np.float64))
    similar = (image.T @ semantic) @ (text.T @ semantic).T
    return bits * (2 * similar - np.outer(image.sum(axis=0), text.sum(axis=0)))


def _sequential(image, text, whitening, covariance, bits, report):
    """Directions of each bit in turn; the residual loses what a bit explains.

    Where the residual has no falling singular value left, the remaining
    bits stay canonical projections of the pairs, the weakest first.
    """
    directions = [
        part[:, ::-1].copy()
        for part in algebra.canonical_directions(
            whitening, image.T @ text, bits
        )[:2]
    ]
    image_white, text_white = whitening.features(image, text)
    residual = whitening.cross(covariance)
    last = np.inf
    for bit in range(bits):
        u, value, v = algebra.leading_singular(residual, 1)
        if value[0] > last:
            break
        last = value[0]
        directions[0][:, bit] = whitening.image_directions(u[:, 0])
        directions[1][:, bit] = whitening.text_directions(v[:, 0])
        # Scores of whitened features are those of the features.
        image_bits = np.where(image_white @ u[:, 0] >= 0, 1.0, -1.0)
        text_bits = np.where(text_white @ v[:, 0] >= 0, 1.0, -1.0)
        residual -= np.outer(
            image_white.T @ image_bits, text_white.T @ text_bits
        )
        report(bit + 1, bits, float(value[0]))
    return directions


METHODS = {
    "scm_orth": SCM(sequential=False),
    "scm_seq": SCM(sequential=True),
}
