"""Items with their codes, as they are at this moment.

A change is committed to the store first and shown to searches then, at once
for all of it: a search sees a change whole or not at all, and what a caller was
told is done can be found, or not, by every search that begins later.
"""

import threading
from collections.abc import Sequence

import numpy as np

from common.runs import finished as finished_runs
from experiments.serve import codes as service_codes
from experiments.serve import filters
from experiments.serve import items as service_items
from experiments.serve import store as service_store
from experiments.serve.items import Item
from experiments.serve.items import MissingError
from experiments.serve.queries import Answer
from experiments.serve.queries import Query


class TakenError(ValueError):
    """There is an item of this id already."""


class Collection:
    """The items of a run and of its store. Threads may share one.

    Args:
        finished: The run.
        store: What was added to it and removed.
        codes: Where codes are searched; filled here.
    """

    def __init__(
        self,
        finished: finished_runs.FinishedRun,
        store: service_store.Store,
        codes: service_codes.Codes,
    ):
        self.store = store
        self.codes = codes
        self.run_items = service_items.RunItems(finished)
        self.row_filter = filters.RowFilter(finished.data)
        self._first = len(finished.data)
        self._removed = set(store.removed())
        self._added = {record.number: record for record in store.records()}
        self._numbers = {one.id: one.number for one in self._added.values()}
        # One change after the other; searches wait for the last part only.
        self._changing = threading.Lock()
        self._showing = threading.Lock()
        self._fill()

    def __len__(self) -> int:
        """Returns the number of items."""
        own = len(self.run_items.rows) - len(self._removed)
        return own + len(self._added)

    def find(self, item: str) -> Item:
        """The item of an id.

        Raises:
            MissingError: There is none.
        """
        record = self._added.get(self._numbers.get(item, 0))
        if record is not None:
            return service_items.added_item(record, self._first)
        rows = self._rows(item)
        if not rows:
            raise MissingError(f"There is no item {item!r}.")
        return self.run_items.item(rows[0])

    def code(self, item: Item, modality: str) -> np.ndarray:
        """An item's packed code, [ceil(K / 8)] uint8.

        Raises:
            MissingError: It has been removed, or has no caption of known words.
        """
        if not item.added:
            rows = getattr(self.run_items, f"{modality}_codes")
            return rows[self.run_items.place(item.number)]
        record = self._added.get(item.number - self._first)
        code = record and getattr(record, f"{modality}_code")
        if code is None:
            raise MissingError(f"The item {item.id!r} has no {modality} code.")
        return np.frombuffer(code, np.uint8)

    def add(
        self,
        records: Sequence[service_store.Record],
        shown: Sequence[service_store.Picture],
    ) -> list[Item]:
        """Adds items, all or none; they are on disk when this returns.

        Raises:
            TakenError: An id is given twice or is there already.
        """
        with self._changing:
            self._refuse_taken([record.id for record in records])
            stored = self.store.add(records, shown)
            with self._showing:
                for record in stored:
                    self._added[record.number] = record
                    self._numbers[record.id] = record.number
                self._add_codes(stored)
        return [service_items.added_item(one, self._first) for one in stored]

    def remove(self, item: str) -> None:
        """Removes the items of an id; that is on disk when this returns.

        Raises:
            MissingError: There is none.
        """
        self.remove_all([item])

    def remove_all(self, ids: Sequence[str]) -> None:
        """Removes the items of several ids at once, all or none.

        Raises:
            MissingError: There is none of an id; nothing is removed then.
        """
        with self._changing:
            numbers, rows = [], []
            for item in dict.fromkeys(ids):
                number, own = self._numbers.get(item), self._rows(item)
                if number is None and not own:
                    raise MissingError(f"There is no item {item!r}.")
                numbers += [] if number is None else [number]
                rows += own
            self.store.remove(numbers, rows)
            with self._showing:
                self._hide(numbers, rows)

    def answer(self, queries: Sequence[Query]) -> list[Answer]:
        """Answers queries that have codes, with what is there at one moment.

        Those without filter that compare the same half share one scan.
        """
        passing = [
            self.row_filter.passing(query.where) if query.where else None
            for query in queries
        ]
        answers: dict[int, Answer] = {}
        with self._showing:
            for target in service_codes.MODALITIES:
                plain = [
                    place
                    for place, query in enumerate(queries)
                    if query.target == target and not query.where
                ]
                if plain:
                    found = self._scan([queries[place] for place in plain])
                    answers.update(zip(plain, found, strict=True))
            for place, query in enumerate(queries):
                if query.where:
                    answers[place] = self._filtered(query, passing[place])
        return [answers[place] for place in range(len(queries))]

    def _scan(self, queries) -> list[Answer]:
        k = max(query.k for query in queries)
        rows = np.stack([query.code for query in queries])
        found = self.codes.search(queries[0].target, rows, k)
        return [
            self._answer(query, *nearest)
            for query, *nearest in zip(queries, *found, strict=True)
        ]

    def _filtered(self, query: Query, rows: np.ndarray) -> Answer:
        """Takes more of the nearest until enough of them pass."""
        added = [
            number + self._first
            for number, record in self._added.items()
            if query.where.passes(service_items.added_item(record, self._first))
        ]
        count = self.codes.count(query.target)
        most = min(count, self.codes.most)
        hope = count * query.k // max(1, np.count_nonzero(rows) + len(added))
        k = min(most, 2 * hope + 64)
        while k:
            found = self.codes.search(query.target, query.code[None], k)
            distances, numbers = found[0][0], found[1][0]
            own = numbers < self._first
            passes = np.isin(numbers, added)
            passes[own] = rows[numbers[own]]
            if passes.sum() >= query.k or k >= most:
                return self._answer(query, distances[passes], numbers[passes])
            k = min(most, 4 * k)
        return self._answer(query, np.empty(0), np.empty(0))

    def _answer(self, query, distances, numbers) -> Answer:
        distances, numbers = distances[: query.k], numbers[: query.k]
        if query.radius is not None:
            # Ascending.
            count = np.searchsorted(distances, query.radius, "right")
            distances, numbers = distances[:count], numbers[:count]
        return Answer(
            tuple(self._item(number) for number in numbers.tolist()),
            tuple(distances.tolist()),
            query.code,
            query.notes,
        )

    def _item(self, number: int) -> Item:
        if number < self._first:
            return self.run_items.item(number)
        record = self._added[number - self._first]
        return service_items.added_item(record, self._first)

    def _rows(self, item: str) -> list[int]:
        rows = self.run_items.rows_of(item)
        return [row for row in rows if row not in self._removed]

    def _refuse_taken(self, ids) -> None:
        for place, item in enumerate(ids):
            if item in self._numbers or self._rows(item) or item in ids[:place]:
                raise TakenError(
                    f"There is an item {item!r} already; remove it first or "
                    "take another id."
                )

    def _hide(self, numbers, rows) -> None:
        gone = [self._added.pop(number) for number in numbers]
        for record in gone:
            del self._numbers[record.id]
        self._removed.update(rows)
        for modality in service_codes.MODALITIES:
            coded = [
                record.number + self._first
                for record in gone
                if getattr(record, f"{modality}_code") is not None
            ]
            if coded or rows:
                numbers = np.array([*rows, *coded], np.int64)
                self.codes.remove(modality, numbers)

    def _add_codes(self, records) -> None:
        for modality in service_codes.MODALITIES:
            coded = [
                (getattr(record, f"{modality}_code"), record.number)
                for record in records
                if getattr(record, f"{modality}_code") is not None
            ]
            if coded:
                rows, numbers = zip(*coded, strict=True)
                self.codes.add(
                    modality,
                    np.stack([np.frombuffer(row, np.uint8) for row in rows]),
                    np.array(numbers, np.int64) + self._first,
                )

    def _fill(self) -> None:
        """Gives the codes what is there."""
        own = self.run_items
        kept = ~np.isin(own.rows, list(self._removed))
        for modality in service_codes.MODALITIES:
            rows = getattr(own, f"{modality}_codes")
            self.codes.add(modality, rows[kept], own.rows[kept])
        self._add_codes(list(self._added.values()))
        gone = np.array(self.store.gone(), np.int64) + self._first
        self.codes.forget(np.concatenate([own.rows[~kept], gone]))
