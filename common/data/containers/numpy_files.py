"""`.npy` files, memory-mapped, and `.npz` archives, member by member.

A member of an archive that lists the SHA-256 of its arrays is held against it.
"""

import dataclasses
import functools
import pathlib
import zipfile
from typing import BinaryIO

import numpy as np

from common.data.containers import limits
from common.data.containers.variable import NUMBERS
from common.data.containers.variable import STRINGS
from common.data.containers.variable import UNREADABLE
from common.data.containers.variable import Variable
from common.system import digests


def of_npy(path: pathlib.Path) -> dict[str, Variable]:
    """The one array of a `.npy`, by the file's name."""
    try:
        with open(path, "rb") as file:
            shape, _, dtype = _header(file)
            missing = limits.size(shape, dtype.itemsize) - (
                path.stat().st_size - file.tell()
            )
        if missing > 0:
            raise ValueError(f"{missing} of its bytes are missing")
    # The header is Python's syntax: damage is reported in many ways.
    except Exception as error:
        why = f"not a readable array: {error}"
        return {path.stem: _unreadable(path, path.stem, why)}
    return {path.stem: _variable(path, path.stem, shape, dtype, _mapped(path))}


def load_npy(path: pathlib.Path) -> np.ndarray:
    """Memory-maps a `.npy`.

    Raises:
        ValueError: It is damaged or needs unpickling.
    """
    return of_npy(path)[path.stem].load()


def of_npz(path: pathlib.Path) -> dict[str, Variable]:
    """The arrays of a `.npz`.

    Raises:
        ValueError: It is no archive, or others are in it than it lists.
    """
    found, comment = _members(path)
    listed = found.pop(digests.MEMBER, None)
    if listed is None:
        digests.check(path, {}, set(found), None, False, comment)
        return found
    return _checked(path, found, listed)


def _members(path) -> tuple[dict[str, Variable], bytes]:
    """An archive's arrays, and its comment."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = {
                member.filename.removesuffix(".npy"): _member(
                    path, archive, member
                )
                for member in archive.infolist()
                if _is_array(archive, member)
            }
            return found, archive.comment
    # zipfile reports damage in more ways than it documents.
    except Exception as error:
        raise ValueError(
            f"{path.name} is not a readable .npz archive ({error}); it may be "
            "truncated or of another format"
        ) from error


def _is_array(archive, member) -> bool:
    """Whether a member is an array, and not another file.

    Raises:
        zipfile.BadZipFile: The list of members has another name for it than
            stands beside it. One damaged name may swallow all that follow.
    """
    if member.filename.endswith(".npy"):
        return True
    archive.open(member).close()
    return False


def _member(path, archive, member) -> Variable:
    name = member.filename.removesuffix(".npy")
    try:
        with archive.open(member) as file:
            shape, _, dtype = _header(file)
            declared = limits.size(shape, dtype.itemsize)
            held = member.file_size - file.tell()
        if declared != held:
            raise ValueError(f"it declares {declared} bytes and holds {held}")
    except Exception as error:
        return _unreadable(path, name, f"not a readable array: {error}")

    def read():
        limits.check(declared, member.compress_size)
        with zipfile.ZipFile(path) as opened, opened.open(member) as file:
            return np.lib.format.read_array(file, allow_pickle=False)

    return _variable(path, name, shape, dtype, read)


def _checked(path, found, listed) -> dict[str, Variable]:
    """The same arrays, each held against its SHA-256 when it is read."""
    lines, names = listed.load(), set(found)
    digests.check(path, {}, names, lines, False)

    def read(variable):
        array = variable.read()
        digests.check(path, {variable.name: array}, names, lines, False)
        return array

    for variable in found.values():
        if variable.kind == UNREADABLE:
            # Else a data set would do without it.
            raise ValueError(f"`{variable.name}` is {variable.why}")
    return {
        name: dataclasses.replace(
            variable, read=functools.partial(read, variable), checked=True
        )
        for name, variable in found.items()
    }


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order and type of an array; what follows is its content."""
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    if version > (2, 0):
        raise ValueError(f"its format is {version}, and 2.0 is the newest read")
    shape, by_columns, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("it holds pickled objects, which are never loaded")
    if dtype.fields is not None or dtype.subdtype is not None:
        raise ValueError("it holds records, not plain numbers")
    return shape, by_columns, dtype


def _variable(path, name, shape, dtype, read) -> Variable:
    kind = STRINGS if dtype.kind in "US" else NUMBERS
    return Variable(path, name, shape, kind, read, rows_are_items=True)


def _unreadable(path, name, why) -> Variable:
    return Variable(
        path,
        name,
        (),
        UNREADABLE,
        rows_are_items=True,
        why=" ".join(why.split()),
    )


def _mapped(path):
    return lambda: np.load(path, mmap_mode="r", allow_pickle=False)
