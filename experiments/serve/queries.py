"""What is asked of a service, and what it answers."""

import dataclasses

import numpy as np

from experiments.serve.codes import MODALITIES
from experiments.serve.filters import Filter
from experiments.serve.items import Item


@dataclasses.dataclass(frozen=True, eq=False)
class Query:
    """A question. One of `bag`, `features` and `code` is given.

    Attributes:
        bag: Bag of words, [d_text] float32.
        features: Image features, [d_image] float32.
        code: Packed code, [ceil(K / 8)] uint8.
        target: Of which half of the items codes are compared, `image` or
            `text`.
        k: Most items of the answer, at least 1.
        radius: Largest distance of the answer, or None.
        where: Which items may be in it.
        notes: What to tell about how the question was understood.
    """

    bag: np.ndarray | None = None
    features: np.ndarray | None = None
    code: np.ndarray | None = None
    target: str = "image"
    k: int = 20
    radius: int | None = None
    where: Filter = Filter()
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        """Refuses numbers and names that are out of range."""
        if self.target not in MODALITIES:
            raise ValueError(
                f"`target` is image or text, received {self.target!r}."
            )
        if self.k < 1:
            raise ValueError(f"`k` is at least 1, received {self.k}.")
        if self.radius is not None and self.radius < 0:
            raise ValueError(f"`radius` is at least 0, received {self.radius}.")


@dataclasses.dataclass(frozen=True, eq=False)
class Answer:
    """What was found.

    Attributes:
        items: Nearest first; equal distances are ordered by number.
        distances: Hamming distance of each.
        code: Packed code of the query, [ceil(K / 8)] uint8.
        notes: See `Query`.
    """

    items: tuple[Item, ...]
    distances: tuple[int, ...]
    code: np.ndarray
    notes: tuple[str, ...] = ()
