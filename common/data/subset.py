"""Some rows of a data set, which are read when they are needed."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from common.data.arrays import CrossModalData


@dataclasses.dataclass(frozen=True, eq=False)
class Subset:
    """Rows of a data set; `data[split.train]` makes one and copies nothing.

    Attributes:
        data: The data set.
        rows: Its rows in this order, [n] int64.

    Raises:
        IndexError: The data set has no such row.
    """

    data: "CrossModalData"
    rows: np.ndarray

    def __post_init__(self):
        rows = np.asarray(self.rows, np.int64)
        count = len(self.data)
        if rows.ndim != 1 or (rows < 0).any() or (rows >= count).any():
            raise IndexError(
                f"Rows are a list of numbers from 0 to {count - 1}; received "
                f"{self.rows}."
            )
        object.__setattr__(self, "rows", rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: np.ndarray | slice) -> "Subset":
        """Rows of these rows."""
        return Subset(self.data, self.rows[rows])

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of an image: (d_image,) of features, else (H, W, 3)."""
        return self.data.image_shape

    @property
    def text_dim(self) -> int:
        """Width of the bag of words or embedding."""
        return self.data.text_dim

    @property
    def label_dim(self) -> int | None:
        """Number of labels; None where the data set has none."""
        labels = self.data.labels
        return None if labels is None else labels.shape[1]

    @property
    def labels(self) -> np.ndarray | None:
        """Multi-hot labels of the rows, [n, c], or None."""
        labels = self.data.labels
        return None if labels is None else labels[self.rows]

    @property
    def groups(self) -> np.ndarray | None:
        """Number of the picture that a row shares with others, or None."""
        groups = self.data.groups
        return None if groups is None else groups[self.rows]

    def image_features(self, at: np.ndarray | slice) -> np.ndarray:
        """Features or pixels of some of the rows, [m, ...] float32."""
        return self.data.image_features(self.rows[at])

    def text_features(self, at: np.ndarray | slice) -> np.ndarray:
        """Bag of words or embedding of some rows, [m, d_text] float32."""
        return self.data.text_features(self.rows[at])
