"""What items were before they became numbers: captions, paths, columns.

Strings are kept as their UTF-8 bytes, one after the other, with the place
where each begins: an array of strings would take the room of its longest for
every one of them.
"""

import dataclasses
import pathlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

# What a data set's array of offsets is called after that of the bytes.
_OFFSET = "_offset"
_COLUMN = "column."


@dataclasses.dataclass(frozen=True, eq=False)
class Originals:
    """What is known of n items besides their features.

    Attributes:
        captions: Text of each as it was written, or None.
        paths: Path of each one's picture, or None.
        columns: Further columns of text by name.
    """

    captions: Sequence[str] | None = None
    paths: Sequence[str] | None = None
    columns: Mapping[str, Sequence[str]] = dataclasses.field(
        default_factory=dict
    )

    def lengths(self) -> dict[str, int]:
        """Number of items of each that there is, by its name."""
        found = {"captions": self.captions, "paths": self.paths, **self.columns}
        return {
            name: len(texts)
            for name, texts in found.items()
            if texts is not None
        }


class Strings(Sequence):
    """n strings, decoded on request.

    Args:
        utf8: Bytes of all, [b] uint8.
        offset: Where each begins, and the end of the last, [n + 1] integers.

    Raises:
        ValueError: The two do not fit together.
    """

    def __init__(self, utf8: np.ndarray, offset: np.ndarray):
        if (
            utf8.ndim != 1
            or utf8.dtype != np.uint8
            or offset.ndim != 1
            or offset.dtype.kind not in "ui"
            or not len(offset)
            or offset[0] != 0
            or offset[-1] != len(utf8)
            or (np.diff(offset.astype(np.int64)) < 0).any()
        ):
            raise ValueError(
                "Strings need bytes of uint8 and ascending offsets from 0 to "
                f"their number; received {utf8.dtype} {utf8.shape}, "
                f"{offset.dtype} {offset.shape}."
            )
        self._utf8 = utf8
        self._offset = offset

    def __len__(self) -> int:
        return len(self._offset) - 1

    def __getitem__(self, place: int) -> str:
        place = range(len(self))[place]
        start, stop = self._offset[place], self._offset[place + 1]
        return self._utf8[start:stop].tobytes().decode("utf-8", "replace")


def pack(name: str, texts: Iterable[str]) -> dict[str, np.ndarray]:
    """Arrays of n strings, for a `.npz`."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    offset = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    utf8 = np.frombuffer(b"".join(encoded), np.uint8)
    return {name: utf8, f"{name}{_OFFSET}": offset}


def arrays(
    captions: Sequence[str],
    paths: Sequence[str],
    folder: str,
    columns: Mapping[str, Sequence[str]],
) -> dict[str, np.ndarray]:
    """Arrays that `read` understands.

    Args:
        captions: Text of each item.
        paths: Path of each one's picture below the folder.
        folder: That folder, absolute or from the data set's own.
        columns: Further columns.
    """
    found = pack("captions", captions) | pack("paths", paths)
    found["folder"] = np.array(folder)
    for name, texts in columns.items():
        found |= pack(f"{_COLUMN}{name}", texts)
    return found


def read(
    place: pathlib.Path, keys: Iterable[str], load: Callable
) -> Originals | None:
    """Reads what a data set keeps of its items; None where that is nothing.

    Args:
        place: Folder of the data set, from which a relative one counts.
        keys: Names of its arrays.
        load: Returns one.

    Raises:
        ValueError: Arrays do not fit together.
    """
    keys = set(keys)
    captions = _strings("captions", keys, load)
    paths = _strings("paths", keys, load)
    columns = {
        key.removeprefix(_COLUMN): _strings(key, keys, load)
        for key in sorted(keys)
        if key.startswith(_COLUMN) and not key.endswith(_OFFSET)
    }
    if captions is None and paths is None and not columns:
        return None
    if paths is not None and "folder" in keys:
        folder = place / str(load("folder"))
        paths = _Below(folder, paths)
    return Originals(captions, paths, columns)


class _Below(Sequence):
    """Paths below a folder."""

    def __init__(self, folder, paths):
        self._folder, self._paths = folder, paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, place: int) -> str:
        return str(self._folder / self._paths[place])


def _strings(name, keys, load) -> Sequence[str] | None:
    if name not in keys:
        return None
    array = load(name)
    if f"{name}{_OFFSET}" in keys:
        return Strings(array, load(f"{name}{_OFFSET}"))
    if array.ndim != 1 or array.dtype.kind not in "US":
        raise ValueError(
            f"`{name}` must be a list of strings; received shape "
            f"{array.shape}, dtype {array.dtype}."
        )
    return array.astype(str)
