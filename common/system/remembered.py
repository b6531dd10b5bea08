"""Checks and digests of files, remembered while nothing changes.

A checksum over a file that is memory-mapped takes as long as reading all of it.
Once it was taken, it need not be taken again until the file is another or was
written to, which its device, number, size and times tell. A check is remembered
in this process, a digest in a folder, for later ones too.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import time
from collections.abc import Callable
from collections.abc import Sequence
from typing import BinaryIO

from common.system import files

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
    stamp = _stamp(file.fileno())
    if stamp in _passed:
        return
    check()
    # What was written to in between, or just before, is checked again.
    if _is_settled(stamp) and _stamp(file.fileno()) == stamp:
        _passed.add(stamp)


def digest_once(
    folder: str | os.PathLike,
    paths: Sequence[str | os.PathLike],
    kind: str,
    digest: Callable[[], str],
) -> str:
    """SHA-256 of what files hold, unless it was taken of the same before.

    Args:
        folder: Where it is kept, in a small file; made if it can be.
        paths: The files.
        kind: Of what in them, and how; part of the name of what is kept.
        digest: Reads the files and returns 64 hexadecimal digits.
    """
    stamps = [_stamp(path) for path in paths]
    key = hashlib.sha256(json.dumps([kind, stamps]).encode()).hexdigest()
    kept = pathlib.Path(folder) / f"digest_{key[:32]}.json"
    with contextlib.suppress(OSError, ValueError):
        known = files.read_object(kept).get("sha256")
        if isinstance(known, str) and re.fullmatch("[0-9a-f]{64}", known):
            return known
    found = digest()
    same = stamps == [_stamp(path) for path in paths]
    if same and all(map(_is_settled, stamps)):
        # Without a place for it, it is taken again next time.
        with contextlib.suppress(OSError):
            files.write_json(kept, {"sha256": found})
    return found


def _is_settled(stamp: tuple[int, ...]) -> bool:
    return time.time_ns() - max(stamp[-2:]) > _SETTLED_NS


def _stamp(file: int | str | os.PathLike) -> tuple[int, ...]:
    found = os.stat(file)
    return (
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )
