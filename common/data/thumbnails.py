"""Small pictures of a data set's items, to look at and to learn from."""

import io
import logging
import os

import numpy as np

from common.data import readers
from common.system import files

_KEYS = ("jpeg", "offset", "index", "groups")


class Thumbnails:
    """JPEGs of some rows, decoded on request.

    Args:
        path: A `.npz` with `jpeg` (all files, one after the other, uint8),
            `offset` (where each starts, and the end of the last, int64) and
            optionally `index` (data row of each; all rows in order without),
            or `groups` (which of the pictures each data row has).

    Raises:
        readers.DataError: The file does not hold thumbnails.
    """

    def __init__(self, path: str | os.PathLike):
        try:
            stored = files.read_npz(path, _KEYS)
        except (ValueError, OSError) as error:
            raise readers.DataError(
                f"{path} holds no thumbnails: {error}"
            ) from error
        missing = [
            key
            for key in ("jpeg", "offset")
            if not np.size(stored.get(key, ()))
        ]
        if missing:
            raise readers.DataError(
                f"{path} holds no thumbnails: it lacks {' and '.join(missing)}."
            )
        self._jpeg = stored["jpeg"]
        self._offset = stored["offset"]
        for name in _KEYS:
            if name in stored:
                _check_integers(path, name, stored[name])
        count = len(self._offset) - 1
        index = stored.get("index", np.arange(count))
        if len(index) != count or self._offset[-1] != len(self._jpeg):
            raise readers.DataError(
                f"{path}: {count} offsets ending at {self._offset[-1]} do not "
                f"fit {len(index)} rows and {len(self._jpeg)} bytes."
            )
        self._place = {int(row): place for place, row in enumerate(index)}
        if "groups" in stored and "index" not in stored:
            self._place = _shared(path, stored["groups"], count)
        self._warned = False

    def __contains__(self, row: int) -> bool:
        return int(row) in self._place

    @property
    def rows(self) -> np.ndarray:
        """Data rows that have a picture, ascending, [m] int64."""
        return np.array(sorted(self._place), np.int64)

    def pixels(self, count: int) -> np.ndarray:
        """All pictures, by data row.

        Args:
            count: Number of data rows.

        Returns:
            RGB, [count, height, width, 3] uint8; rows without a picture are
            black.

        Raises:
            readers.DataError: The pictures differ in size, one cannot be
                decoded, or a row is not below `count`.
        """
        rows = self.rows
        if not len(rows) or rows[0] < 0 or rows[-1] >= count:
            raise readers.DataError(
                f"Thumbnails must belong to some of the {count} data rows; "
                f"received {len(rows)} with rows up to {rows.max(initial=-1)}."
            )
        size = self.decoded(rows[0]).shape
        pixels = np.zeros((count, *size), np.uint8)
        for row in rows:
            picture = self.decoded(row)
            if picture.shape != size:
                raise readers.DataError(
                    "Thumbnails that are learned from must have one size; row "
                    f"{rows[0]} has {size}, row {row} has {picture.shape}."
                )
            pixels[row] = picture
        return pixels

    def picture(self, row: int) -> np.ndarray | None:
        """RGB picture of a data row to look at, [height, width, 3] uint8.

        None where there is none, or a damaged one: among many that is no
        reason to lose what it was to be shown beside. The first is warned of.
        """
        if row not in self:
            return None
        try:
            return self.decoded(row)
        except readers.DataError as error:
            if not self._warned:
                logging.warning("Damaged pictures are left blank: %s", error)
            self._warned = True
            return None

    def damaged(self) -> np.ndarray:
        """Data rows whose picture cannot be decoded, ascending, [m] int64."""
        found = []
        for row in self.rows:
            try:
                self.decoded(row)
            except readers.DataError:
                found.append(row)
        return np.array(found, np.int64)

    def jpeg(self, row: int) -> bytes:
        """The file of a data row that has a picture, not decoded."""
        place = self._place[int(row)]
        start, stop = self._offset[place], self._offset[place + 1]
        return self._jpeg[start:stop].tobytes()

    def decoded(self, row: int) -> np.ndarray:
        """RGB picture of a data row that has one, see `picture`.

        Raises:
            readers.DataError: Its file is damaged.
        """
        # Every command line imports this module; few draw.
        from matplotlib import image as mpl_image

        file = io.BytesIO(self.jpeg(row))
        try:
            pixels = mpl_image.imread(file, format="jpeg")
        # Pillow reports damage in more than one way.
        except (OSError, ValueError, SyntaxError) as error:
            raise readers.DataError(
                f"The thumbnail of row {row} is no readable JPEG: {error}"
            ) from error
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[:, :, None], 3, axis=2)
        return pixels[:, :, :3]


def _shared(path, groups: np.ndarray, count: int) -> dict[int, int]:
    """Place of each row's picture, where rows share pictures."""
    if groups.min(initial=0) < 0 or groups.max(initial=0) >= count:
        raise readers.DataError(
            f"{path}: `groups` reach from {groups.min()} to {groups.max()}, "
            f"but there are {count} thumbnails."
        )
    return {row: int(place) for row, place in enumerate(groups)}


def _check_integers(path, name: str, array: np.ndarray) -> None:
    if array.ndim != 1 or array.dtype.kind not in "ui":
        raise readers.DataError(
            f"{path} holds no thumbnails: `{name}` must be a list of integers; "
            f"received shape {array.shape}, dtype {array.dtype}."
        )


def for_dataset(
    dataset: str | os.PathLike, path: str | os.PathLike = ""
) -> Thumbnails | None:
    """Thumbnails of a data set: a given file, its own, or none."""
    if path:
        return Thumbnails(path)
    if str(dataset) == readers.OPENCLIPART:
        return Thumbnails(readers.embedded("thumbnails.npz"))
    if {"jpeg", "offset"} <= files.npz_names(dataset):
        return Thumbnails(dataset)
    return None
