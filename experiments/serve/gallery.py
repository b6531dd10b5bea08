"""The pictures of a service's items, as they were and small."""

from common.data import thumbnails as data_thumbnails
from common.runs import finished as finished_runs
from experiments.serve import pictures
from experiments.serve import store as service_store
from experiments.serve.items import Item
from experiments.serve.items import MissingError


class Gallery:
    """Pictures of a run's data and of its store. Threads may share one.

    Args:
        finished: The run.
        store: What was added to it.
    """

    def __init__(
        self, finished: finished_runs.FinishedRun, store: service_store.Store
    ):
        run = finished.record["run"]
        self._thumbnails = data_thumbnails.for_dataset(
            run["dataset"], run["thumbnails"]
        )
        self._originals = finished.data.originals
        self._first = len(finished.data)
        self._store = store

    def picture(self, item: Item) -> tuple[str, bytes]:
        """Media type and content of an item's picture, small if need be.

        Raises:
            MissingError: It has none.
        """
        if item.added:
            found = self._store.picture(item.number - self._first)
            if found is None:
                raise MissingError(f"The item {item.id!r} has been removed.")
            return found.media_type, found.content
        path = self._path(item)
        if path is None:
            return "image/jpeg", self.thumbnail(item)
        try:
            return pictures.read(path)
        except ValueError as error:
            raise MissingError(f"No picture of {item.id!r}: {error}") from error

    def thumbnail(self, item: Item) -> bytes:
        """A small JPEG of an item.

        Raises:
            MissingError: It has none.
        """
        if item.added:
            found = self._store.thumbnail(item.number - self._first)
        elif self._thumbnails is not None and item.number in self._thumbnails:
            found = self._thumbnails.jpeg(item.number)
        else:
            path = self._path(item)
            found = None if path is None else pictures.small(path)
        if found is None:
            raise MissingError(f"The item {item.id!r} has no picture.")
        return found

    def _path(self, item: Item) -> str | None:
        originals = self._originals
        if originals is None or originals.paths is None:
            return None
        return originals.paths[item.number]
