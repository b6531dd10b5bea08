"""Fitted hash functions of two views, in memory and on disk."""

import dataclasses
import os
from typing import Protocol

import numpy as np

from common.system import files
from experiments.baselines.shallow import algebra


class View(Protocol):
    """Hash function of one view; a dataclass whose fields are arrays."""

    @property
    def bits(self) -> int:
        """K, the code length."""

    def encode(self, features: np.ndarray) -> np.ndarray:
        """Hashes features [n, d] to booleans [n, K]."""


@dataclasses.dataclass(frozen=True, eq=False)
class Linear:
    """Thresholds of linear scores: (x - mean) W >= t.

    Attributes:
        mean: Mean of the training features, [d].
        weights: W, [d, K].
        thresholds: t, [K].
        unit_rows: Whether x is scaled to length 1 before.
    """

    mean: np.ndarray
    weights: np.ndarray
    thresholds: np.ndarray
    unit_rows: np.ndarray

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self.weights.shape[1]

    def scores(self, features: np.ndarray) -> np.ndarray:
        """Real-valued scores, [n, K]; a score of the threshold is a 1."""
        if self.unit_rows:
            features = algebra.unit_rows(features)
        return (features - self.mean) @ self.weights - self.thresholds

    def encode(self, features: np.ndarray) -> np.ndarray:
        """Hashes features [n, d] to booleans [n, K]."""
        return self.scores(features) >= 0


def linear(
    mean: np.ndarray,
    weights: np.ndarray,
    thresholds: np.ndarray | float = 0.0,
    unit_rows: bool = False,
) -> Linear:
    """A linear view from what a method has learned."""
    count = weights.shape[1]
    return Linear(
        np.asarray(mean, np.float64),
        np.asarray(weights, np.float64),
        np.broadcast_to(np.asarray(thresholds, np.float64), count).copy(),
        np.array(unit_rows),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Model:
    """The hash functions of both views.

    Attributes:
        image: Of image features.
        text: Of bags of words.
    """

    image: View
    text: View

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self.image.bits

    def image_bits(self, images: np.ndarray) -> np.ndarray:
        """Hashes image features [n, p] to booleans [n, K]."""
        return self.image.encode(_checked(images))

    def text_bits(self, texts: np.ndarray) -> np.ndarray:
        """Hashes bags of words [n, q] to booleans [n, K]."""
        return self.text.encode(_checked(texts))

    def save(self, path: str | os.PathLike) -> None:
        """Writes both views' arrays as one `.npz`."""
        stored = {}
        for side in ("image", "text"):
            view = getattr(self, side)
            stored[side] = np.array(type(view).__name__)
            for field in dataclasses.fields(view):
                stored[f"{side}.{field.name}"] = getattr(view, field.name)
        files.write_npz(path, **stored)


def load(path: str | os.PathLike, image: type, text: type) -> Model:
    """Reads what `Model.save` wrote.

    Args:
        path: The file.
        image: Kind of the image view.
        text: Kind of the text view.

    Raises:
        ValueError: The file does not hold views of these kinds.
    """
    stored = files.read_npz(path)
    views = []
    for side, kind in (("image", image), ("text", text)):
        names = [field.name for field in dataclasses.fields(kind)]
        missing = [n for n in names if f"{side}.{n}" not in stored]
        found = str(stored.get(side, "nothing"))
        if found != kind.__name__ or missing:
            raise ValueError(
                f"{path} holds no such model: its {side} view should be a "
                f"{kind.__name__} of {', '.join(names)}; found {found}."
            )
        views.append(kind(**{n: stored[f"{side}.{n}"] for n in names}))
    return Model(*views)


def _checked(features) -> np.ndarray:
    features = np.asarray(features, np.float64)
    if features.ndim != 2:
        raise ValueError(
            "Features to hash are a matrix [items, features]; received shape "
            f"{features.shape}."
        )
    return features
