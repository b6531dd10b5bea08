"""Checks of files that are made once, and remembered while nothing changes.

A checksum over a file that is memory-mapped takes as long as reading all of it.
Once it has passed, it need not be taken again in this process until the file is
another or was written to, which its device, number, size and times tell.
"""

import os
import time
from collections.abc import Callable
from typing import BinaryIO

# A write so soon after another may leave the time as it is.
_SETTLED_NS = 2_000_000_000
_passed: set[tuple[int, ...]] = set()


def check_once(file: BinaryIO, check: Callable[[], None]) -> None:
    """Checks an open file, unless the same content has passed before.

    Args:
        file: The file, open for reading.
        check: Reads it and raises an exception if it is damaged. Always the
            same check for the same file.
    """
    stamp = _stamp(file)
    if stamp in _passed:
        return
    check()
    # What was written to in between, or just before, is checked again.
    settled = time.time_ns() - max(stamp[-2:]) > _SETTLED_NS
    if settled and _stamp(file) == stamp:
        _passed.add(stamp)


def _stamp(file: BinaryIO) -> tuple[int, ...]:
    found = os.fstat(file.fileno())
    return (
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )
