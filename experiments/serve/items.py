"""The items of a service: those of the run's data and those that were added.

An item has a number, which is its data row, or for an added one the number of
data rows plus its place in the store.
"""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

from common.data import arrays
from common.runs import finished as finished_runs
from experiments.serve import store as service_store


class MissingError(LookupError):
    """There is no such item, or it has no such part."""


@dataclasses.dataclass(frozen=True)
class Item:
    """What a service tells of an item.

    Attributes:
        number: See above.
        id: Its name; several rows of a data set may share one.
        caption: Its text as it was written, or its known words.
        labels: Names of its labels.
        metadata: Further columns of text.
        added: Whether it came after the run.
    """

    number: int
    id: str
    caption: str
    labels: tuple[str, ...]
    metadata: Mapping[str, str]
    added: bool


@dataclasses.dataclass(frozen=True)
class NewItem:
    """What someone wants to add.

    Attributes:
        content: A picture file's content.
        caption: Text, or empty.
        id: Its name; empty takes a new one.
        labels: Names of labels.
        metadata: Further columns of text.
    """

    content: bytes
    caption: str = ""
    id: str = ""
    labels: tuple[str, ...] = ()
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)


class RunItems:
    """The items of a run's data that its split has, with their codes.

    Attributes:
        rows: Their data rows, [n] int64, ascending.
        image_codes: Packed codes, [n, ceil(K / 8)] uint8, in that order.
        text_codes: The same.
    """

    def __init__(self, finished: finished_runs.FinishedRun):
        # Imports TensorFlow.
        from common.runs import encoding

        stored = encoding.load(finished.directory / "codes.npz")
        split = finished.split
        rows = np.concatenate([split.query, split.retrieval])
        order = np.argsort(rows, kind="stable")
        self.rows = rows[order]
        self.image_codes = np.concatenate(
            [stored.query_image.rows, stored.retrieval_image.rows]
        )[order]
        self.text_codes = np.concatenate(
            [stored.query_text.rows, stored.retrieval_text.rows]
        )[order]
        self.data: arrays.CrossModalData = finished.data
        ids = self.data.ids[self.rows]
        self._by_id = np.argsort(ids, kind="stable")
        self._ids = ids[self._by_id]

    def rows_of(self, item: str) -> list[int]:
        """Data rows of an id, ascending; none where there is no such item."""
        asked = np.array(item, self._ids.dtype)
        # One that is too long, or ends with zeros, was cut.
        if str(asked) != item:
            return []
        first, last = (
            np.searchsorted(self._ids, asked, side)
            for side in ("left", "right")
        )
        return sorted(self.rows[self._by_id[first:last]].tolist())

    def place(self, row: int) -> int:
        """Where a data row is among `rows`."""
        return int(np.searchsorted(self.rows, row))

    @functools.lru_cache(maxsize=1 << 14)  # noqa: B019 - lives as long as self
    def item(self, row: int) -> Item:
        """What is told of a data row."""
        # Imports matplotlib.
        from common.reports import figures

        data = self.data
        columns = {} if data.originals is None else data.originals.columns
        return Item(
            row,
            str(data.ids[row]),
            figures.caption(data, row),
            figures.label_list(data, row),
            {name: texts[row] for name, texts in columns.items()},
            added=False,
        )


def added_item(record: service_store.Record, first: int) -> Item:
    """What is told of an added item.

    Args:
        record: Out of the store.
        first: Number of data rows.
    """
    return Item(
        first + record.number,
        record.id,
        record.caption,
        record.labels,
        record.metadata,
        added=True,
    )
