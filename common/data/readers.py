"""Data sets from disk: the embedded one, an `.npz`, a folder of `.npy`."""

import importlib.resources
import os
import pathlib
from collections.abc import Callable

import numpy as np

from common.data import arrays
from common.data import originals
from common.data import splits
from common.data.layouts import recognition

OPENCLIPART = "openclipart"

# Name in `CrossModalData` and the keys it is read from, first match wins.
_KEYS = {
    "image": ("image",),
    "text": ("text",),
    "labels": ("labels",),
    "ids": ("ids", "item", "image_id"),
    "vocabulary": ("vocab", "vocabulary"),
    "label_names": ("label_names",),
    "image_scale": ("image_scale",),
    "extractor": ("extractor",),
    "groups": ("groups",),
}


class DataError(ValueError):
    """A data set that cannot be read; the message says what to do."""

    def __init__(self, message: str):
        # Names out of a damaged file may hold anything.
        super().__init__(" ".join(message.split()))


def read(
    source: str | os.PathLike, trust_pickle: bool = False
) -> arrays.CrossModalData:
    """Reads a data set by name or path.

    Args:
        source: `openclipart` (embedded), a `.npz` file, or a folder of
            `.npy` files, which are memory-mapped. Keys or file names:
            `image`, `text`, and optionally `labels`, `ids`, `vocab`,
            `label_names`, `image_scale`, `extractor`, `groups`, what
            `common.data.originals` reads, and the rows `query`, `retrieval`,
            `train` and `validation` of a data set that comes split. Or files
            of another project, see `common.data.layouts`.
        trust_pickle: Whether files may be unpickled where a layout needs it.

    Raises:
        DataError: Nothing is there, or it does not hold a data set.
    """
    try:
        if _is_foreign(source):
            fields = recognition.read(pathlib.Path(source), trust_pickle)
        else:
            fields = _own_fields(source)
        return arrays.CrossModalData(**fields)
    except DataError:
        raise
    except (ValueError, OSError) as error:
        raise DataError(f"{source}: {error}") from error


def read_rows(source: str | os.PathLike, key: str) -> np.ndarray:
    """Reads a selection of row numbers stored beside the arrays, [m] int64.

    Raises:
        DataError: The key is absent or does not hold row numbers.
    """
    keys, load = _open(source)
    if key not in keys:
        raise DataError(
            f"{source} has no rows `{key}`; it holds {', '.join(sorted(keys))}."
        )
    rows = load(key)
    if rows.ndim != 1 or rows.dtype.kind not in "ui":
        raise DataError(
            f"Rows `{key}` of {source} must be a list of row numbers; received "
            f"shape {rows.shape}, dtype {rows.dtype}."
        )
    return rows.astype(np.int64)


def _is_foreign(source) -> bool:
    """Whether a path holds files of another project."""
    path = pathlib.Path(source)
    if str(source) == OPENCLIPART or path.suffix == ".npz":
        return False
    if (path / "image.npy").is_file() and (path / "text.npy").is_file():
        return False
    return recognition.is_there(path)


def _own_fields(source) -> dict:
    keys, load = _open(source)
    found = {
        name: next((key for key in options if key in keys), None)
        for name, options in _KEYS.items()
    }
    missing = [name for name in ("image", "text") if found[name] is None]
    if missing:
        raise DataError(
            f"{source} has no {' and no '.join(missing)}; it holds "
            f"{', '.join(sorted(keys)) or 'nothing'}. A data set needs "
            "`image` [n, d] or [n, height, width, 3] and `text` [n, t]."
        )
    fields = {name: load(key) for name, key in found.items() if key}
    if fields.get("ids") is not None:
        fields["ids"] = fields["ids"].astype(str)
    if "extractor" in fields:
        fields["extractor"] = str(fields["extractor"])
    elif str(source) == OPENCLIPART:
        fields["extractor"] = embedded("extractor.json").read_text("utf-8")
    place = pathlib.Path(source).absolute().parent
    fields["originals"] = originals.read(place, keys, load)
    if {"query", "retrieval"} <= keys:
        fields["parts"] = {
            part: read_rows(source, part)
            for part in splits.PARTS
            if part in keys
        }
    return fields


def embedded(name: str) -> pathlib.Path:
    """Path of a file of the embedded OpenClipart data set."""
    return pathlib.Path(
        str(importlib.resources.files("common.data.openclipart") / name)
    )


def _open(
    source: str | os.PathLike,
) -> tuple[set[str], Callable[[str], np.ndarray]]:
    """Returns the keys of a data set and a function that loads one."""
    path = pathlib.Path(source)
    if str(source) == OPENCLIPART:
        path = embedded("openclipart.npz")
    if path.is_dir():
        keys = {file.stem for file in path.glob("*.npy")}
        return keys, lambda key: _load_npy(path / f"{key}.npy")
    if not path.is_file():
        raise DataError(
            f"No data set at {source}: expected `{OPENCLIPART}`, a .npz file, "
            "a folder of .npy files, or files of another project (README.md)."
        )
    try:
        with np.load(path, allow_pickle=False) as archive:
            keys = set(archive.files)
    # zipfile and NumPy report damage in more ways than they document.
    except Exception as error:
        raise DataError(
            f"{path} is not a readable .npz archive ({error}); it may be "
            "truncated or of another format."
        ) from error
    return keys, lambda key: _load_member(path, key)


def _load_npy(path: pathlib.Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{path} is not a readable array: {error}") from error


def _load_member(path: pathlib.Path, key: str) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive[key]
    except Exception as error:
        # zlib, zipfile and NumPy each report a damaged member in their way.
        raise DataError(
            f"Cannot read `{key}` of {path} ({error}); the file may be damaged."
        ) from error
