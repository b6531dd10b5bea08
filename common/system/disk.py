"""Reads rows of memory-mapped files without mapping their pages.

Pages that a map has touched count as the process's own memory until the
system takes them back, and a fault brings in one page after the other. A read
of a whole row does neither, and the system is told of all rows in advance.
"""

import mmap
import os
from collections.abc import Iterator

import numpy as np


def take(array: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
    """Copies the chosen rows of an array, in memory or on disk.

    Args:
        array: [n, ...]; anything but a whole memory-mapped file is indexed
            as usual.
        rows: Row numbers, [m] integers in any order, or a slice.

    Raises:
        IndexError: A row number is outside the array.
        OSError: The file cannot be read, or became shorter.
    """
    if not is_whole_file(array):
        return array[rows]
    if isinstance(rows, slice):
        rows = np.arange(*rows.indices(len(array)))
    rows = np.asarray(rows)
    if rows.dtype.kind not in "ui" or rows.ndim != 1:
        return array[rows]
    if len(rows) and not -len(array) <= rows.min() <= rows.max() < len(array):
        raise IndexError(
            f"Rows reach from {rows.min()} to {rows.max()}, but the array has "
            f"{len(array)}."
        )
    return _read_rows(array, np.where(rows < 0, rows + len(array), rows))


def blocks(array: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """The rows of an array in order, `size` at a time."""
    for start in range(0, len(array), size):
        yield take(array, slice(start, start + size))


def is_whole_file(array: np.ndarray) -> bool:
    """Whether an array is all of a memory-mapped file that is only read."""
    # A part of a map keeps the attributes of the whole, its offset too.
    return (
        isinstance(array, np.memmap)
        and isinstance(array.base, mmap.mmap)
        and array.flags.c_contiguous
        and array.mode == "r"
        and array.filename is not None
    )


def _read_rows(array: np.memmap, rows: np.ndarray) -> np.ndarray:
    """Reads rows in the order of the file, each stretch of them at once."""
    order = np.argsort(rows, kind="stable")
    found = np.empty((len(rows), *array.shape[1:]), array.dtype)
    if not found.nbytes:
        return found
    width = found.nbytes // len(rows)
    starts = array.offset + rows[order].astype(np.int64) * width
    breaks = np.flatnonzero(np.diff(starts) != width) + 1
    firsts = starts[np.concatenate([[0], breaks])].tolist()
    counts = np.diff([0, *breaks, len(rows)]).tolist()
    # Rows lie in the buffer as in the file and are put in order at the end.
    buffer = memoryview(found).cast("B")
    with open(array.filename, "rb", buffering=0) as file:
        # Neither macOS nor Windows has it.
        if hasattr(os, "posix_fadvise"):
            for start, count in zip(firsts, counts, strict=True):
                os.posix_fadvise(
                    file.fileno(), start, count * width, os.POSIX_FADV_WILLNEED
                )
        place = 0
        for start, count in zip(firsts, counts, strict=True):
            size = count * width
            file.seek(start)
            _read(file, buffer[place : place + size])
            place += size
    if np.array_equal(order, np.arange(len(rows))):
        return found
    sought = np.empty(len(rows), np.int64)
    sought[order] = np.arange(len(rows))
    return found[sought]


def _read(file, buffer: memoryview) -> None:
    done = 0
    # One call reads 2 GiB at most.
    while done < len(buffer):
        read = file.readinto(buffer[done:])
        if not read:
            raise OSError("The file became shorter while it was read.")
        done += read
