"""A sanity check of the pairing: linear CCA on a part, tried on the rest.

Where a held-out image does not prefer its own text to another's, images and
texts are not in the same order; where it does and the MAP is at chance, the
labels are not.
"""

import dataclasses

import numpy as np

from common.data import arrays
from common.metrics import relevance
from common.metrics import retrieval

_ITEMS = 4000
_SHARE_OF_QUERIES = 0.25
_COMPONENTS = 128
_DIMENSIONS = 32


@dataclasses.dataclass(frozen=True)
class Pairing:
    """What real-valued CCA makes of items that it was not fitted to.

    Attributes:
        matched: How often an image is nearer to its own text than to
            another's, 0 to 1; 0.5 is chance.
        margin: Four standard errors of `matched` where nothing is paired.
        i2t: MAP over all ranks, image queries; None without labels.
        t2i: The same for text queries.
        chance: MAP of a ranking that knows nothing.
        items: Items that were used.
    """

    matched: float
    margin: float
    i2t: float | None
    t2i: float | None
    chance: float | None
    items: int


def check_pairing(data: arrays.CrossModalData, seed: int = 0) -> Pairing | None:
    """Fits CCA to a part of the items and retrieves among the others.

    Args:
        data: The data set.
        seed: Seed of the part, at most 4,000 items.

    Returns:
        None where there are too few items to tell, or pixels, of which a
        linear map makes little.
    """
    if len(data) < 40 or data.has_pixels:
        return None
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(data))[:_ITEMS]
    fit, held_out = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    image, text = _project(data, fit, held_out)
    scores = image @ text.T
    own = np.diag(scores)[:, None]
    matched = ((scores < own) + 0.5 * (scores == own)).mean()
    # A share that is uniform in 0..1 deviates by 0.29.
    margin = 4 * 0.29 / np.sqrt(len(held_out))
    i2t, t2i, chance = _mean_average_precisions(data, held_out, scores)
    return Pairing(float(matched), float(margin), i2t, t2i, chance, len(rows))


def _mean_average_precisions(data, rows, scores):
    """MAP of both directions and of chance; None where nothing is relevant."""
    if data.labels is None:
        return None, None, None
    count = int(len(rows) * _SHARE_OF_QUERIES)
    words = relevance.label_words(data.labels[rows])
    relevant = relevance.share_label(words[:count], words[count:])
    kept = relevant.any(axis=1)
    if not kept.any():
        return None, None, None
    relevant = relevant[kept]
    items = np.full((len(relevant), 1), relevant.shape[1])
    chance = retrieval.chance_level(items, relevant.sum(axis=1, keepdims=True))
    return (
        _mean_average_precision(scores[:count, count:][kept], relevant),
        _mean_average_precision(scores[count:, :count].T[kept], relevant),
        float(chance.mean()),
    )


def _project(data, fit, rows) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors in the common space of canonical correlation analysis."""
    views = [
        _whiten(features(fit), features(rows))
        for features in (data.image_features, data.text_features)
    ]
    (image, new_image), (text, new_text) = views
    left, strength, right = np.linalg.svd(image.T @ text / len(fit))
    size = min(_DIMENSIONS, len(strength))
    projected = (
        new_image @ left[:, :size] * strength[:size],
        new_text @ right[:size].T * strength[:size],
    )
    return tuple(_unit(values) for values in projected)


def _whiten(fit, others) -> tuple[np.ndarray, np.ndarray]:
    from sklearn import decomposition

    size = min(_COMPONENTS, fit.shape[1], len(fit) // 4)
    pca = decomposition.PCA(
        size, whiten=True, svd_solver="randomized", random_state=0
    )
    reduced = pca.fit_transform(fit)
    # Directions without variance whiten to noise.
    useful = pca.explained_variance_ > 1e-6 * pca.explained_variance_[0]
    return reduced[:, useful], pca.transform(others)[:, useful]


def _unit(values: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.maximum(norms, np.finfo(np.float32).tiny)


def _mean_average_precision(scores: np.ndarray, relevant: np.ndarray) -> float:
    order = np.argsort(-scores, axis=1, kind="stable")
    ranked = np.take_along_axis(relevant, order, axis=1)
    hits = np.cumsum(ranked, axis=1)
    precision = hits / np.arange(1, ranked.shape[1] + 1)
    average = (precision * ranked).sum(axis=1) / ranked.sum(axis=1)
    return float(average.mean())
