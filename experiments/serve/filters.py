"""Which items of a service a query asks for, by label and metadata."""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

from common.data import arrays
from experiments.serve.items import Item


@dataclasses.dataclass(frozen=True)
class Filter:
    """Items that have all of these labels and values.

    Attributes:
        labels: Names of labels.
        metadata: Value of columns by their name.
    """

    labels: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.labels or self.metadata)

    @classmethod
    def of(cls, labels=(), metadata: Mapping[str, str] | None = None):
        """The filter of a request's fields."""
        pairs = sorted((metadata or {}).items())
        return cls(tuple(sorted(set(labels))), tuple(pairs))

    def passes(self, item: Item) -> bool:
        """Whether an item is asked for."""
        return set(self.labels) <= set(item.labels) and all(
            item.metadata.get(name) == value for name, value in self.metadata
        )


class RowFilter:
    """Filters rows of a data set.

    Args:
        data: The data set.
    """

    def __init__(self, data: arrays.CrossModalData):
        self._data = data

    @functools.lru_cache(maxsize=64)  # noqa: B019 - lives as long as self
    def passing(self, asked: Filter) -> np.ndarray:
        """Whether each row passes, [n] bool, not to be changed."""
        passing = np.ones(len(self._data), np.bool_)
        for label in asked.labels:
            passing &= self._labelled(label)
        for name, value in asked.metadata:
            passing &= self._valued(name, value)
        return passing

    def _labelled(self, label: str) -> np.ndarray:
        names = self.label_names
        if label not in names:
            return np.zeros(len(self._data), np.bool_)
        return self._data.labels[:, names.index(label)] != 0

    def _valued(self, name: str, value: str) -> np.ndarray:
        originals = self._data.originals
        texts = None if originals is None else originals.columns.get(name)
        if texts is None:
            return np.zeros(len(self._data), np.bool_)
        return np.fromiter((text == value for text in texts), np.bool_)

    @functools.cached_property
    def label_names(self) -> list[str]:
        """Names of the labels; numbers where there are no names."""
        data = self._data
        if data.labels is None:
            return []
        if data.label_names is None:
            return list(map(str, range(data.labels.shape[1])))
        return list(map(str, data.label_names))
