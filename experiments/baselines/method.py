"""What every compared method is: settings, `fit`, and a model on disk."""

import dataclasses
import os
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from common.data import arrays
from common.models import settings
from experiments.baselines import models

# Takes rounds done, rounds in all, and the objective or None.
Report = Callable[[int, int, float | None], None]


def silent(done: int, total: int, objective: float | None = None) -> None:
    """The report that tells nobody."""


@dataclasses.dataclass(frozen=True, eq=False)
class Pairs:
    """Training items: n images, their texts and, where known, labels.

    Attributes:
        image: Image features, [n, p] float32.
        text: Bags of words, [n, q] float32.
        labels: Multi-hot labels, [n, c] of 0 and 1, or None.
    """

    image: np.ndarray
    text: np.ndarray
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.image)

    def first(self, count: int) -> "Pairs":
        """At most the first `count` pairs."""
        labels = None if self.labels is None else self.labels[:count]
        return Pairs(self.image[:count], self.text[:count], labels)

    def unlabelled(self) -> "Pairs":
        """The same pairs, for a method that may not see labels."""
        return Pairs(self.image, self.text)


def read_pairs(data: arrays.CrossModalData, rows: np.ndarray) -> Pairs:
    """The chosen rows of a data set."""
    labels = None if data.labels is None else data.labels[rows]
    return Pairs(data.image_features(rows), data.text_features(rows), labels)


@dataclasses.dataclass(frozen=True)
class Method:
    """A compared method; the fields of a subclass are its settings.

    Attributes:
        supervised: Whether it learns from labels.
        draws: Whether a seed matters to it.
        views: The kinds of its hash functions, for images and for texts.
        kept_as: Name of the file that holds what it learned.
    """

    supervised: ClassVar[bool] = False
    draws: ClassVar[bool] = True
    views: ClassVar[tuple[type, type]] = (models.Linear, models.Linear)
    kept_as: ClassVar[str] = "model.npz"

    def __post_init__(self):
        settings.check(self)

    def fit(
        self,
        pairs: Pairs,
        bits: int,
        seed: int = 0,
        report: Report = silent,
    ) -> models.Model:
        """Learns hash functions for items it has not seen.

        Args:
            pairs: Training items.
            bits: K, the code length.
            seed: Seed of everything drawn.
            report: Called after each round of long work.

        Raises:
            ValueError: The method needs labels and there are none, or K does
                not fit the method or the data.
        """
        name = type(self).__name__
        if bits < 1:
            raise ValueError(
                f"A code length is at least 1; {name} received {bits}."
            )
        if len(pairs) < 2:
            raise ValueError(
                f"{name} needs at least 2 training pairs; received "
                f"{len(pairs)}."
            )
        if self.supervised and pairs.labels is None:
            raise ValueError(
                f"{name} learns from labels, and the training pairs have "
                "none; add `labels` [n, c] of 0 and 1."
            )
        if not self.supervised:
            pairs = pairs.unlabelled()
        return self._fit(pairs, bits, np.random.default_rng(seed), report)

    def load(self, path: str | os.PathLike) -> models.Model:
        """Reads a model that this method fitted and `Model.save` wrote.

        Raises:
            ValueError: The file does not hold such a model.
        """
        return models.load(path, *self.views)

    def _fit(self, pairs, bits, rng, report) -> models.Model:
        raise NotImplementedError


def check_bits(method: Method, bits: int, pairs: Pairs) -> None:
    """Refuses more bits than there are orthogonal directions.

    Raises:
        ValueError: K exceeds both widths' minimum or the number of pairs.
    """
    largest = min(pairs.image.shape[1], pairs.text.shape[1], len(pairs) - 1)
    if bits > largest:
        raise ValueError(
            f"{type(method).__name__} gives at most {largest} bits, the "
            "smallest of the image's width, the text's width and the training "
            f"pairs less one; received {bits}."
        )
