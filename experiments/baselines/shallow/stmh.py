"""STMH, semantic topic multimodal hashing.

Wang, Gao, Wang, He: "Semantic Topic Multimodal Hashing for Cross-Media
Retrieval", IJCAI 2015. Rows are items: X images, Y texts, F1 and F2 the
topics' features, G1 (real) and G2 (half ones) the items' topics.
"""

import dataclasses
from typing import ClassVar

import numpy as np
import scipy.linalg

from common.models.settings import setting
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.shallow import algebra


@dataclasses.dataclass(frozen=True, eq=False)
class HalfOnes:
    """The floor(K / 2) largest of K affine scores are ones, in every code.

    Attributes:
        mean: Mean of the training features, [d].
        weights: [d, K].
        offsets: Added to the scores, [K].
        unit_rows: Whether features are scaled to length 1 before.
    """

    mean: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray
    unit_rows: np.ndarray

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self.weights.shape[1]

    def encode(self, features: np.ndarray) -> np.ndarray:
        """Hashes features [n, d] to booleans [n, K]."""
        if self.unit_rows:
            features = algebra.unit_rows(features)
        scores = (features - self.mean) @ self.weights + self.offsets
        return largest_half(scores)


def largest_half(scores: np.ndarray) -> np.ndarray:
    """Marks the floor(K / 2) largest scores of each row, [n, K] bool."""
    order = np.argsort(-scores, axis=1, kind="stable")
    marked = np.zeros(scores.shape, np.bool_)
    half = scores.shape[1] // 2
    np.put_along_axis(marked, order[:, :half], True, axis=1)
    return marked


@dataclasses.dataclass(frozen=True)
class STMH(method.Method):
    """Topics of texts, found by clustering, that images must predict.

    Every code has exactly floor(K / 2) ones, so Hamming distances are even.
    """

    views: ClassVar[tuple[type, type]] = (HalfOnes, HalfOnes)

    reconstruction: float = setting(
        0.5, "r, weight of both views' reconstruction.", minimum=1e-12
    )
    agreement: float = setting(
        0.5, "lam, weight of the images' topics as the texts'.", minimum=1e-12
    )
    ridge: float = setting(1e-4, "gamma.", minimum=1e-12)
    rounds: int = setting(10, "Rounds over all unknowns.", minimum=1)
    unit_rows: bool = setting(False, "Scale features to length 1 at first.")

    def _fit(self, pairs, bits, rng, report) -> models.Model:
        if bits < 2:
            raise ValueError(
                f"STMH sets half of the bits, so it needs at least 2; received "
                f"{bits}."
            )
        prepared = algebra.unit_rows if self.unit_rows else np.asarray
        means, views = zip(
            *(algebra.centre(prepared(x)) for x in (pairs.image, pairs.text)),
            strict=True,
        )
        state = _Topics(self, *views, bits, rng)
        for done in range(self.rounds):
            state.round()
            report(done + 1, self.rounds, state.objective())
        unit = np.array(self.unit_rows)
        image, (text, offsets) = state.image_map(), state.text_map()
        return models.Model(
            HalfOnes(means[0], image, np.zeros(bits), unit),
            HalfOnes(means[1], text, offsets, unit),
        )


class _Topics:
    """F1, F2, G1, G2, the map R from G1 to G2, and the rows' weights d."""

    def __init__(self, config, image, text, bits, rng):
        self._r, self._lam = config.reconstruction, config.agreement
        self._gamma = config.ridge
        self._image, self._text = image, text
        self.image_topics = rng.normal(size=(len(image), bits))
        self.text_topics = largest_half(rng.random((len(image), bits))) * 1.0
        self.robust = np.ones(len(image))
        self.image_features = self.text_features = self.link = None

    def round(self) -> None:
        """Updates F1, F2, R, G1, G2 and d in turn."""
        weighted = self.image_topics * self.robust[:, None]
        ridge = self._gamma / self._r
        self.image_features = algebra.solve(
            _gram(self.image_topics, weighted, ridge), weighted.T @ self._image
        )
        from_texts = algebra.ridge_map(self.text_topics, ridge)
        self.text_features = from_texts @ self._text
        to_texts = algebra.ridge_map(self.image_topics, self._gamma / self._lam)
        self.link = to_texts @ self.text_topics
        self.image_topics = self._next_image_topics()
        self.text_topics = self._next_text_topics()
        residual = self._image - self.image_topics @ self.image_features
        lengths = np.linalg.norm(residual, axis=1)
        self.robust = np.maximum(
            0.5 * self._r / np.maximum(lengths, 1e-12), 1e-8
        )

    def _next_image_topics(self) -> np.ndarray:
        """Solves a ridge regression of its own weight d for every row.

        All share the eigenvectors of one generalised eigenproblem, so that no
        row needs a factorisation.
        """
        rows = self._r * self.robust
        right = rows[:, None] * (self._image @ self.image_features.T)
        right += self._lam * self.text_topics @ self.link.T
        fixed = algebra.gram(self.link.T * np.sqrt(self._lam), self._gamma)
        moving = self.image_features @ self.image_features.T
        values, vectors = scipy.linalg.eigh(moving, fixed)
        return (right @ vectors / (1 + np.outer(rows, values))) @ vectors.T

    def _next_text_topics(self) -> np.ndarray:
        weights, offsets = self.text_map()
        scores = self._r * (self._text @ weights + offsets)
        scores += 2 * self._lam * self.image_topics @ self.link
        return largest_half(scores) * 1.0

    def image_map(self) -> np.ndarray:
        """Weights [p, K] from an image to its topics as a text's."""
        topics = algebra.ridge_map(
            self.image_features.T, self._gamma / self._r
        ).T
        return topics @ self.link

    def text_map(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights [q, K] and offsets: 2 y'f - |f|^2, nearer is larger."""
        features = self.text_features
        return 2 * features.T, -np.sum(features**2, axis=1)

    def objective(self) -> float:
        """Weighted errors of both views and of the link."""
        image = self._image - self.image_topics @ self.image_features
        text = self._text - self.text_topics @ self.text_features
        link = self.image_topics @ self.link - self.text_topics
        return float(
            self._r**2 * np.linalg.norm(image, axis=1).sum()
            + self._r * np.vdot(text, text)
            + self._lam * np.vdot(link, link)
        )


def _gram(left, right, ridge) -> np.ndarray:
    return left.T @ right + ridge * np.eye(left.shape[1])


METHODS = {"stmh": STMH()}
