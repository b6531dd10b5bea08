"""Numbers that describe a data set, read block by block."""

import dataclasses
import math

import numpy as np

from common.data import arrays
from common.system import disk

_BLOCK = 4096
# Values that are read at once; a row of pixels may have 100,000.
_BLOCK_VALUES = 1 << 24


@dataclasses.dataclass(frozen=True)
class Columns:
    """One modality's matrix; of pixels, each is a column.

    Attributes:
        dtype: Type on disk.
        minimum: Smallest value.
        maximum: Largest value.
        mean: Mean value.
        zeros: Share of zeros, 0 to 1.
        whole: Whether all values are whole numbers.
        empty_rows: Rows of zeros, [m] int64.
        constant: Columns with the same value in every row, [k] int64.
        row_norm: Smallest, median and largest Euclidean norm of a row.
        repeats: First row that holds the same, for every row, [n] int64.
    """

    dtype: str
    minimum: float
    maximum: float
    mean: float
    zeros: float
    whole: bool
    empty_rows: np.ndarray
    constant: np.ndarray
    row_norm: tuple[float, float, float]
    repeats: np.ndarray

    def summary(self) -> dict:
        """The same for a JSON file, counts in place of lists."""
        return {
            "dtype": self.dtype,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "mean": self.mean,
            "zeros": self.zeros,
            "whole_numbers": self.whole,
            "empty_rows": len(self.empty_rows),
            "constant_columns": len(self.constant),
            "row_norm": dict(
                zip(
                    ("minimum", "median", "maximum"), self.row_norm, strict=True
                )
            ),
            "repeated_rows": self.num_repeated,
        }

    @property
    def num_repeated(self) -> int:
        """Rows that repeat an earlier one; empty rows do not count."""
        repeated = self.repeats != np.arange(len(self.repeats))
        repeated[self.empty_rows] = False
        return int(repeated.sum())


def of_images(data: arrays.CrossModalData) -> Columns:
    """Describes the image features or pixels as a model sees them."""
    return _columns(data.image, data.image_features)


def of_texts(data: arrays.CrossModalData) -> Columns:
    """Describes the bags of words as a model sees them."""
    return _columns(data.text, data.text_features)


def _columns(stored: np.ndarray, features) -> Columns:
    count = len(stored)
    # Pictures that stay in their file have no `size`.
    width = math.prod(stored.shape[1:])
    step = max(1, min(_BLOCK, _BLOCK_VALUES // width))
    lowest = np.full(width, np.inf)
    highest = np.full(width, -np.inf)
    total = zeros = 0.0
    whole = True
    norms = np.empty(count)
    seen, repeats = {}, np.empty(count, np.int64)
    for start in range(0, count, step):
        rows = slice(start, min(start + step, count))
        block = features(rows).reshape(-1, width)
        lowest = np.minimum(lowest, block.min(axis=0))
        highest = np.maximum(highest, block.max(axis=0))
        total += block.sum(dtype=np.float64)
        zeros += np.count_nonzero(block == 0)
        whole = whole and bool((block == np.rint(block)).all())
        norms[rows] = np.linalg.norm(block, axis=1)
        for place, row in enumerate(disk.take(stored, rows), start):
            repeats[place] = seen.setdefault(hash(row.tobytes()), place)
    return Columns(
        dtype=str(stored.dtype),
        minimum=float(lowest.min()),
        maximum=float(highest.max()),
        mean=total / (count * width),
        zeros=zeros / (count * width),
        whole=whole,
        empty_rows=np.flatnonzero(norms == 0),
        constant=np.flatnonzero(lowest == highest),
        row_norm=tuple(
            float(v) for v in (norms.min(), np.median(norms), norms.max())
        ),
        repeats=repeats,
    )


def repeated_pairs(image: Columns, text: Columns) -> np.ndarray:
    """First row whose image and text are both the same, [n] int64."""
    seen = {}
    both = zip(image.repeats.tolist(), text.repeats.tolist(), strict=True)
    return np.array(
        [seen.setdefault(pair, row) for row, pair in enumerate(both)], np.int64
    )


def label_summary(data: arrays.CrossModalData) -> dict:
    """How many items each label has, and how many labels the items."""
    frequency = data.labels.sum(axis=0, dtype=np.int64)
    per_item = data.labels.sum(axis=1, dtype=np.int64)
    names = data.label_names
    if names is None:
        names = np.arange(len(frequency))
    return {
        "labels": len(frequency),
        "labels_per_item": float(per_item.mean()),
        "items_without_label": int((per_item == 0).sum()),
        "items_per_label": {
            str(name): int(count)
            for name, count in zip(names, frequency, strict=True)
        },
    }
