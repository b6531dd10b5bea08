"""Finds the compiled scans and chooses the code path.

`pip install` builds them if it finds a C compiler. Without one, and where the
file is damaged or of another version, everything works and answers alike, on
NumPy and more slowly; one warning says so.
"""

import ctypes
import dataclasses
import logging
import os
import pathlib
import sys
from importlib import machinery

from common.hamming.native import signatures
from common.system import elf

# Must be what `scan_version` returns: an older build is not called.
VERSION = 5
# Forces a code path, by its name; `numpy` does without the compiled scans.
VARIABLE = "CMH_SCAN_PATH"
NUMPY = "numpy"
PATHS = ("avx512", "avx2", "popcnt", "portable", NUMPY)
_FOLDER = pathlib.Path(__file__).parents[1]


class NotUsableError(Exception):
    """There are no compiled scans that can be called; says what to do."""


@dataclasses.dataclass(frozen=True)
class Library:
    """The compiled scans with the code path that is to run.

    Attributes:
        functions: Of the C files.
        path: Name of the code path.
        number: Of the path, which functions take first.
    """

    functions: ctypes.CDLL
    path: str
    number: int


def find() -> Library | None:
    """The compiled scans, or None where NumPy does their work.

    Raises:
        ValueError: `CMH_SCAN_PATH` asks for a path that is not there.
    """
    forced = os.environ.get(VARIABLE, "")
    if forced and forced not in PATHS:
        raise ValueError(
            f"{VARIABLE} is one of {', '.join(PATHS)}; received {forced!r}."
        )
    if forced == NUMPY:
        return None
    try:
        return _with_path(_functions(), forced)
    except NotUsableError as error:
        if forced:
            raise ValueError(
                f"{VARIABLE} asks for the path {forced}. {error}"
            ) from error
        logging.warning(
            "%s Until then searches and evaluations use NumPy and are many "
            "times slower.",
            error,
        )
        return None


def paths(functions: ctypes.CDLL) -> dict[str, bool]:
    """The code paths of a build, and whether this processor can run them."""
    found, number = {}, 0
    while (name := functions.path_name(number)) is not None:
        found[name.decode()] = bool(functions.path_supported(number))
        number += 1
    return found


def _with_path(functions: ctypes.CDLL, forced: str) -> Library:
    known = paths(functions)
    usable = [name for name, supported in known.items() if supported]
    if forced and forced not in usable:
        raise ValueError(
            f"{VARIABLE} asks for the path {forced}, which this processor "
            f"cannot run; it can run {', '.join([*usable, NUMPY])}."
        )
    path = forced or usable[0]
    return Library(functions, path, list(known).index(path))


def _functions() -> ctypes.CDLL:
    for suffix in machinery.EXTENSION_SUFFIXES:
        path = _FOLDER / f"_scan{suffix}"
        if path.exists():
            return load(path)
    raise NotUsableError(
        "The compiled scans are not built; install a C compiler and repeat "
        "`pip install`."
    )


def load(path: str | os.PathLike) -> ctypes.CDLL:
    """The functions of one file.

    Raises:
        NotUsableError: It is damaged or not of this version.
    """
    try:
        if sys.platform == "linux" and sys.maxsize > 1 << 32:
            elf.check(path)
        found = ctypes.CDLL(os.fspath(path))
        version = found.scan_version()
        if version != VERSION:
            raise ValueError(f"it is of version {version}, not {VERSION}")
        found.path_name.restype = ctypes.c_char_p
        for name in signatures.SIGNATURES:
            getattr(found, name).argtypes = signatures.c_types(name)
    except (OSError, AttributeError, ValueError) as error:
        raise NotUsableError(
            f"The compiled scans in {path} cannot be used ({error}); repeat "
            "`pip install`."
        ) from error
    return found
