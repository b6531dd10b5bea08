"""FSH, fusion similarity hashing.

Liu, Ji, Wu, Huang, Zhang: "Cross-Modality Binary Code Learning via Fusion
Similarity Hashing", CVPR 2017.
"""

import dataclasses

import numpy as np
from scipy.spatial import distance

from common.models.settings import setting
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.shallow import algebra


@dataclasses.dataclass(frozen=True)
class FSH(method.Method):
    """Codes that keep a similarity fused from both views, by anchors.

    Maximises over codes B of items and S of anchors, all -1 and 1,

        tr(S' D' B) - lam (|B - X Wx|^2 + |B - Y Wy|^2
                           + rx |Wx|^2 + ry |Wy|^2)

    with the fused similarity D of items to anchors.
    """

    anchors: int = setting(50, "m, pairs that stand for all.", minimum=1)
    neighbours: int = setting(10, "Nearest anchors of an item.", minimum=1)
    agreement: float = setting(300.0, "lam.", minimum=0.0)
    ridge: float = setting(
        1.0,
        "rx and ry, relative to the covariances' mean diagonal. The released "
        "1e-3, absolute, fits features of few dimensions: with as many as "
        "there are items, codes stay at their random start.",
        minimum=1e-12,
    )
    rounds: int = setting(100, "Rounds at most.", minimum=1)

    def _fit(self, pairs, bits, rng, report) -> models.Model:
        means, views = zip(
            *(
                algebra.centre(algebra.unit_rows(x))
                for x in (pairs.image, pairs.text)
            ),
            strict=True,
        )
        anchors = rng.permutation(len(pairs))[: self.anchors]
        fused = fused_similarity(*views, anchors, self.neighbours)
        fused = fused.astype(np.float32)
        ridges = [self.ridge * algebra.mean_square(x) for x in views]
        to_maps = [
            algebra.ridge_map(x, ridge).astype(np.float32)
            for x, ridge in zip(views, ridges, strict=True)
        ]
        views = [x.astype(np.float32) for x in views]
        maps = [
            rng.normal(size=(x.shape[1], bits)).astype(np.float32)
            for x in views
        ]
        anchor_codes = views[1][anchors] @ maps[1]
        scores = [x @ w for x, w in zip(views, maps, strict=True)]
        before = -np.inf
        for done in range(self.rounds):
            votes = fused @ anchor_codes + 2 * self.agreement * sum(scores)
            codes = _signs(votes)
            anchor_codes = _signs(fused.T @ codes)
            maps = [to_map @ codes for to_map in to_maps]
            scores = [x @ w for x, w in zip(views, maps, strict=True)]
            value = self._value(
                fused, codes, anchor_codes, scores, maps, ridges
            )
            report(done + 1, self.rounds, value)
            if value <= before:
                break
            before = value
        return models.Model(
            *(
                models.linear(mean, weights, unit_rows=True)
                for mean, weights in zip(means, maps, strict=True)
            )
        )

    def _value(self, fused, codes, anchor_codes, scores, maps, ridges) -> float:
        kept = np.vdot(fused @ anchor_codes, codes)
        lost = sum(np.sum((codes - s) ** 2, dtype=np.float64) for s in scores)
        size = sum(
            ridge * np.sum(w**2, dtype=np.float64)
            for w, ridge in zip(maps, ridges, strict=True)
        )
        return float(kept - self.agreement * (lost + size))


def fused_similarity(
    image: np.ndarray, text: np.ndarray, anchors: np.ndarray, neighbours: int
) -> np.ndarray:
    """Similarity of items to anchors, the mean of two paths.

    From an item to its nearest anchors in one view, on to anchors that are
    similar in that view, and to those near them in the other view.

    Args:
        image: [n, p].
        text: [n, q].
        anchors: Rows of the m anchors.
        neighbours: k, nearest anchors that share an item's weight.

    Returns:
        [n, m].
    """
    near_image = _nearest(image, image[anchors], neighbours)
    near_text = _nearest(text, text[anchors], neighbours)
    paths = (
        (near_image, image[anchors], near_text),
        (near_text, text[anchors], near_image),
    )
    return 0.5 * sum(
        near @ np.exp(-distance.cdist(own, own) / 2) @ other[anchors].T
        for near, own, other in paths
    )


def _nearest(features, anchors, count) -> np.ndarray:
    """1 / k at each row's k nearest anchors, [n, m]."""
    distances = distance.cdist(features, anchors)
    count = min(count, len(anchors))
    nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
    share = np.zeros(distances.shape)
    np.put_along_axis(share, nearest, 1 / count, axis=1)
    return share


def _signs(scores) -> np.ndarray:
    return np.where(scores >= 0, np.float32(1), np.float32(-1))


METHODS = {"fsh": FSH()}
