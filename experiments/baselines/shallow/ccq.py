"""CCQ, composite correlation quantisation.

Long, Cao, Wang, Yu: "Composite Correlation Quantization for Efficient
Multimodal Retrieval", SIGIR 2016. Rows are items: X and Y are views, Rx and Ry
their maps with orthonormal columns, and every pair is a sum of one word from
each of M codebooks of 256 words.
"""

import dataclasses
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import scipy.sparse

from common.models.settings import setting
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.shallow import algebra

WORDS = 256
_BITS_A_WORD = 8


@dataclasses.dataclass(frozen=True, eq=False)
class Quantised:
    """Codebook words of a mapped view; a code is their numbers.

    Attributes:
        mean: Mean of the training features, [d].
        scale: What centred features are multiplied by, [d].
        projection: From scaled features to the codebooks' space, [d, K].
        codebooks: [M, 256, K].
    """

    mean: np.ndarray
    scale: np.ndarray
    projection: np.ndarray
    codebooks: np.ndarray

    @property
    def bits(self) -> int:
        """K, eight a codebook."""
        return _BITS_A_WORD * len(self.codebooks)

    def mapped(self, features: np.ndarray) -> np.ndarray:
        """Features in the codebooks' space, [n, K], not quantised."""
        return ((features - self.mean) * self.scale) @ self.projection

    def encode(self, features: np.ndarray) -> np.ndarray:
        """The numbers of the words, eight bits each, [n, K] bool."""
        words = nearest_words(self.mapped(features), self.codebooks)
        numbers = words.astype(np.uint8)
        return np.unpackbits(numbers, axis=1).view(np.bool_)

    def decode(self, bits: np.ndarray) -> np.ndarray:
        """The sums of words that codes [n, K] stand for, [n, K]."""
        return composed(np.packbits(bits, axis=1), self.codebooks)


@dataclasses.dataclass(frozen=True, eq=False)
class Model(models.Model):
    """Codes that are compared by an asymmetric score, not by Hamming distance.

    A query is mapped but not quantised: 2 q'c - |c|^2 ranks the database's
    codes c as their Euclidean distance to q does.
    """

    def text_scorer(
        self, texts: np.ndarray
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Scores of a database's coded texts, for image queries."""
        sums = self.text.decode(self.text_bits(texts))
        return lambda images: asymmetric_scores(self.image.mapped(images), sums)

    def image_scorer(
        self, images: np.ndarray
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Scores of a database's coded images, for text queries."""
        sums = self.image.decode(self.image_bits(images))
        return lambda texts: asymmetric_scores(self.text.mapped(texts), sums)


@dataclasses.dataclass(frozen=True)
class CCQ(method.Method):
    """Codebooks that both views share, after maps that align the views.

    Minimises |X - Z Rx'|^2 + lam |Y - Z Ry'|^2 over the maps, the codebooks
    and the words of each pair, whose sum is Z. Words are chosen greedily, one
    codebook after the other, so this need not fall in every round.
    """

    views: ClassVar[tuple[type, type]] = (Quantised, Quantised)

    text_weight: float = setting(1.0, "lam.", minimum=0.0)
    rounds: int = setting(100, "Rounds over all unknowns.", minimum=1)
    ridge: float = setting(1e-3, "Of the codebooks.", minimum=1e-12)
    projection_ridge: float = setting(
        1.0,
        "Of the maps of new items, relative to the covariances' mean diagonal.",
        minimum=1e-12,
    )
    max_pairs: int = setting(
        20000, "Training pairs that are used, the first.", minimum=2
    )

    def _fit(self, pairs, bits, rng, report) -> models.Model:
        pairs = pairs.first(self.max_pairs)
        self._check(bits, pairs)
        scalings, views = zip(
            *(_standardised(x) for x in (pairs.image, pairs.text)), strict=True
        )
        state = _Quantisation(self, views, bits, rng)
        for done in range(self.rounds):
            state.update_maps()
            state.update_codebooks()
            state.update_words()
            report(done + 1, self.rounds, state.objective())
        target = composed(state.words, state.codebooks)
        books = state.codebooks.astype(np.float64)
        return Model(
            *(
                Quantised(*scaling, self._new_map(x, target), books)
                for scaling, x in zip(scalings, views, strict=True)
            )
        )

    def load(self, path) -> Model:
        """Reads a model that this method fitted and `Model.save` wrote."""
        found = super().load(path)
        return Model(found.image, found.text)

    def _check(self, bits, pairs) -> None:
        if bits % _BITS_A_WORD:
            raise ValueError(
                "CCQ spends 8 bits on each codebook, so the code length is a "
                f"multiple of 8; received {bits}."
            )
        method.check_bits(self, bits, pairs)
        if len(pairs) < WORDS:
            raise ValueError(
                f"CCQ takes the {WORDS} words of a codebook from the training "
                f"pairs; received {len(pairs)}."
            )

    def _new_map(self, features, target) -> np.ndarray:
        features = features.astype(np.float64)
        ridge = self.projection_ridge * algebra.mean_square(features)
        return algebra.ridge_map(features, ridge) @ target


class _Quantisation:
    """Maps, codebooks and words of one training."""

    def __init__(self, config, views, bits, rng):
        self._weights = (1.0, config.text_weight)
        self._ridge = config.ridge
        self._views = views
        self.maps = [np.eye(x.shape[1], bits, dtype=x.dtype) for x in views]
        mapped = self._mapped()[0]
        self.codebooks = np.stack(
            [
                mapped[rng.permutation(len(mapped))[:WORDS]]
                for _ in range(bits // _BITS_A_WORD)
            ]
        )
        self.update_words()

    def update_maps(self) -> None:
        """The rotations that bring each view nearest to its words."""
        target = composed(self.words, self.codebooks)
        self.maps = [
            algebra.nearest_rotation(x.T @ target) for x in self._views
        ]

    def update_codebooks(self) -> None:
        """Ridge regression of both mapped views on the words' indicators."""
        count, books = self.words.shape
        columns = self.words + WORDS * np.arange(books)
        indicators = scipy.sparse.csr_array(
            (
                np.ones(columns.size, self.codebooks.dtype),
                columns.ravel(),
                np.arange(0, columns.size + 1, books),
            ),
            (count, WORDS * books),
        )
        weighted = sum(
            w * z for w, z in zip(self._weights, self._mapped(), strict=True)
        )
        left = sum(self._weights) * (indicators.T @ indicators).toarray()
        left[np.diag_indices_from(left)] += self._ridge
        found = algebra.solve(left, indicators.T @ weighted)
        self.codebooks = found.reshape(self.codebooks.shape)

    def update_words(self) -> None:
        """Greedy words of the views' weighted mean."""
        total = sum(self._weights)
        mean = sum(
            w / total * z
            for w, z in zip(self._weights, self._mapped(), strict=True)
        )
        self.words = nearest_words(mean, self.codebooks)

    def objective(self) -> float:
        """Weighted squared errors of both views, with the codebooks' ridge."""
        target = composed(self.words, self.codebooks)
        parts = zip(self._weights, self._views, self._mapped(), strict=True)
        lost = sum(
            w * (_square(x) - _square(z) + _square(z - target))
            for w, x, z in parts
        )
        return lost + self._ridge * _square(self.codebooks)

    def _mapped(self):
        return [x @ r for x, r in zip(self._views, self.maps, strict=True)]


def nearest_words(points: np.ndarray, codebooks: np.ndarray) -> np.ndarray:
    """Greedy words: each codebook takes the nearest to what is left.

    The nearest word to both views of a pair is the nearest to their weighted
    mean, so one list of points serves both.

    Args:
        points: [n, K].
        codebooks: [M, 256, K].

    Returns:
        [n, M] int64 in 0..255.
    """
    left = points.copy()
    words = np.empty((len(points), len(codebooks)), np.int64)
    for m, book in enumerate(codebooks):
        distances = np.sum(book**2, axis=1) - 2 * (left @ book.T)
        words[:, m] = np.argmin(distances, axis=1)
        left -= book[words[:, m]]
    return words


def composed(words: np.ndarray, codebooks: np.ndarray) -> np.ndarray:
    """Sums of the chosen words, [n, K]."""
    return sum(book[words[:, m]] for m, book in enumerate(codebooks))


def asymmetric_scores(queries: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """2 q'c - |c|^2 of every query and sum of words, [queries, n]."""
    return 2 * queries @ sums.T - np.sum(sums**2, axis=1)


def _square(array) -> float:
    return float(np.sum(array**2, dtype=np.float64))


def _standardised(features):
    """Mean and scale of a view, and it with zero mean and unit variance."""
    mean, centred = algebra.centre(features)
    spread = centred.std(axis=0)
    scale = 1 / np.where(spread > 0, spread, 1)
    return (mean, scale), (centred * scale).astype(np.float32)


METHODS = {"ccq": CCQ()}
