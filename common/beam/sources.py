"""Shards of features: `.npy` arrays, Parquet tables and TFRecord files."""

import glob
import os
import pathlib
from collections.abc import Iterator

import numpy as np

from common.beam import parquet
from common.beam import rows as rows_lib
from common.beam import tfrecord
from common.system import disk

SUFFIXES = (".npy", ".parquet", ".tfrecord")


def find(pattern: str) -> list[pathlib.Path]:
    """The shards of a pattern such as `features-*.npy`, by name.

    Raises:
        ValueError: If there are none, they are of several formats or of an
            unknown one, or two have the same name.
    """
    found = sorted(map(pathlib.Path, glob.glob(os.path.expanduser(pattern))))
    if not found:
        raise ValueError(f"No file fits {pattern}.")
    suffixes = {path.suffix for path in found}
    if len(suffixes) > 1 or not suffixes <= set(SUFFIXES):
        raise ValueError(
            f"Shards are all {', all '.join(SUFFIXES[:-1])} or all "
            f"{SUFFIXES[-1]}; {pattern} fits {', '.join(sorted(suffixes))}."
        )
    names = [path.stem for path in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(
            "Shards need different names, because what becomes of them is "
            f"named alike; {pattern} fits two called {min(twice)}."
        )
    return found


def count(path: pathlib.Path) -> int:
    """Number of rows in a shard.

    Raises:
        ValueError: If nobody can tell.
    """
    try:
        if path.suffix == ".npy":
            return len(np.load(path, mmap_mode="r", allow_pickle=False))
        return _module(path).count(path)
    except (ValueError, EOFError, TypeError, OSError) as error:
        raise ValueError(
            f"Ids are counted, but nobody can tell how many rows {path} has: "
            f"{error}; mend it or take it away."
        ) from error


def read(
    path: pathlib.Path, columns: rows_lib.Columns
) -> Iterator[rows_lib.Rows | rows_lib.DeadLetter]:
    """Reads a shard in order, a block at a time.

    Raises:
        ImportError: If its format needs a package that is not installed.
    """
    if path.suffix == ".npy":
        return _read_npy(path, columns)
    return _module(path).read(path, columns)


def _module(path):
    return parquet if path.suffix == ".parquet" else tfrecord


def _read_npy(path, columns):
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        yield rows_lib.DeadLetter(None, None, f"no readable .npy: {error}")
        return
    if array.dtype.kind not in "fuib" or array.shape[1:] != columns.shape:
        shape = ", ".join(map(str, ("n", *columns.shape)))
        yield rows_lib.DeadLetter(
            None,
            len(array) if array.ndim else None,
            f"holds {array.dtype} {list(array.shape)}, and the model takes "
            f"numbers [{shape}]",
        )
        return
    for number, block in enumerate(disk.blocks(array, columns.block)):
        start = number * columns.block
        yield rows_lib.Rows(np.arange(start, start + len(block)), block, None)
