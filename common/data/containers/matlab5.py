"""MATLAB files up to version 7, every number checked before it is used.

SciPy's reader believes the file: a changed byte can end the process. This one
also tells shapes from the first bytes of a variable alone.
"""

import dataclasses
import math
import pathlib

import numpy as np

from common.data.containers import fields
from common.data.containers import limits
from common.data.containers import matlab5_elements
from common.data.containers.variable import LISTS
from common.data.containers.variable import NUMBERS
from common.data.containers.variable import STRINGS
from common.data.containers.variable import UNREADABLE
from common.data.containers.variable import Variable
from common.data.containers.variable import as_lists

_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE = 1, 2, 3, 4, 5
_CLASSES = {
    6: "f8",
    7: "f4",
    8: "i1",
    9: "u1",
    10: "i2",
    11: "u2",
    12: "i4",
    13: "u4",
    14: "i8",
    15: "u8",
}
_UTF = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
_COMPLEX, _LOGICAL = 0x0800, 0x0200
_DEEPEST = 16
_MOST_AXES = 32


@dataclasses.dataclass(frozen=True)
class _Head:
    """Class, flags, shape and name that every array begins with."""

    kind: int
    flags: int
    nonzeros: int
    shape: tuple[int, ...]
    name: str

    @property
    def count(self) -> int:
        return math.prod(self.shape)


def of(path: pathlib.Path) -> dict[str, Variable]:
    """The arrays of a file; fields of a struct by their own names.

    Raises:
        ValueError: The file is damaged.
    """
    found = {}
    for stored in matlab5_elements.stored(path):
        head = _head(stored.head())
        # What MATLAB keeps for its own use has no name.
        if not head.name or head.name.startswith("__"):
            continue
        if head.kind == _STRUCT:
            found |= fields.flattened(head.name, _fields(path, stored))
        else:
            found[head.name] = _variable(path, head, stored)
    return found


def _variable(path, head: _Head, stored) -> Variable:
    def read():
        elements = stored.whole()
        return _content(_head(elements), elements)

    return _described(path, head, head.name, read)


def _described(path, head: _Head, name: str, read) -> Variable:
    if head.kind in _CLASSES or head.kind == _SPARSE:
        if head.flags & _COMPLEX:
            why = "an array of complex numbers"
            return Variable(path, name, head.shape, UNREADABLE, why=why)
        return Variable(path, name, head.shape, NUMBERS, read)
    if head.kind == _CHAR:
        return Variable(path, name, head.shape, STRINGS, read)
    if head.kind == _CELL:
        return Variable(path, name, head.shape, LISTS, read)
    why = "a struct within another" if head.kind == _STRUCT else "an object"
    return Variable(path, name, head.shape, UNREADABLE, why=why)


def _fields(path, stored) -> dict[str, Variable]:
    """Fields of a struct; their places are found by walking over it."""
    elements = stored.whole()
    head = _head(elements)
    names = _field_names(elements)
    if head.count != 1:
        why = f"an array of {head.count} structs"
        one = Variable(path, head.name, head.shape, UNREADABLE, why=why)
        return {head.name: one}
    found = {}
    for name in names:
        _, content = elements.next(matlab5_elements.MATRIX)
        if not len(content):
            continue
        inner = _head(matlab5_elements.Elements(content, stored.order))

        def read(content=content):
            elements = matlab5_elements.Elements(content, stored.order)
            return _content(_head(elements), elements)

        found[name] = _described(path, inner, name, read)
    return found


def _head(elements: matlab5_elements.Elements) -> _Head:
    flags = elements.numbers((6,))
    if len(flags) != 2:
        raise ValueError(f"an array has {len(flags)} flags, not 2")
    first, nonzeros = flags.tolist()
    kind = first & 0xFF
    if kind not in (*_CLASSES, _CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE):
        # Function handles and tables have no dimensions that follow.
        name = elements.next()[1] if elements.left else b""
        return _Head(kind, first, 0, (), _text(name) or "object")
    shape = tuple(elements.numbers((5,)).tolist())
    if not 2 <= len(shape) <= _MOST_AXES or min(shape) < 0:
        raise ValueError(f"an array has the shape {shape}")
    _, name = elements.next(1)
    return _Head(kind, first, nonzeros, shape, _text(name))


def _text(content) -> str:
    return bytes(content).partition(b"\0")[0].decode("latin-1")


def _content(head: _Head, elements, depth: int = 0) -> np.ndarray:
    if depth > _DEEPEST:
        raise ValueError(f"cells lie deeper than {_DEEPEST} in each other")
    if head.kind in _CLASSES:
        return _matrix(head, elements)
    if head.kind == _SPARSE:
        return _sparse(head, elements)
    if head.kind == _CHAR:
        return _strings(head, elements)
    if head.kind == _CELL:
        return _cells(head, elements, depth)
    raise ValueError("a cell holds a struct or an object")


def _matrix(head: _Head, elements) -> np.ndarray:
    values = elements.numbers()
    dtype = np.dtype(_CLASSES[head.kind])
    if len(values) != head.count:
        raise ValueError(
            f"{len(values)} numbers are there for the shape {head.shape}"
        )
    limits.check(limits.size(head.shape, dtype.itemsize))
    return values.astype(dtype).reshape(head.shape, order="F")


def _sparse(head: _Head, elements) -> np.ndarray:
    codes = (5, 6)
    rows, starts = elements.numbers(codes), elements.numbers(codes)
    values = elements.numbers()
    if len(head.shape) != 2:
        raise ValueError(f"a sparse array has the shape {head.shape}")
    return dense(rows, starts, values, head.shape)


def dense(
    rows: np.ndarray, starts: np.ndarray, values: np.ndarray, shape: tuple
) -> np.ndarray:
    """A sparse matrix as a full one, every index checked before.

    Args:
        rows: Row of each value, [m] integers.
        starts: Where each column's values start and the last's end, [c + 1].
        values: The values, [m].
        shape: Its shape, [r, c].

    Raises:
        ValueError: The parts do not fit together.
    """
    rows, starts = rows.astype(np.int64), starts.astype(np.int64)
    if (
        len(starts) != shape[1] + 1
        or starts[0] != 0
        or (np.diff(starts) < 0).any()
    ):
        raise ValueError(
            "the columns of a sparse matrix do not start one after the other"
        )
    count = int(starts[-1])
    if count > min(len(rows), len(values)):
        raise ValueError(
            f"a sparse matrix declares {count} values and holds "
            f"{min(len(rows), len(values))}"
        )
    rows, values = rows[:count], values[:count]
    if count and not 0 <= rows.min() <= rows.max() < shape[0]:
        raise ValueError(
            f"a sparse matrix has rows from {rows.min()} to {rows.max()}, and "
            f"its shape is {shape}"
        )
    limits.check(limits.size(shape, values.dtype.itemsize))
    full = np.zeros(shape, values.dtype.newbyteorder("="))
    full[rows, np.repeat(np.arange(shape[1]), np.diff(starts))] = values
    return full


def _strings(head: _Head, elements) -> np.ndarray:
    if not head.count:
        return np.array([""])
    kind, content = elements.next()
    if kind not in matlab5_elements.NUMBERS:
        raise ValueError(f"characters have type {kind}")
    dtype = np.dtype(matlab5_elements.NUMBERS[kind])
    if kind in _UTF:
        order = {"<": "le", ">": "be"}[elements.order]
        suffix = "" if kind == 16 else f"-{order}"
        characters = bytes(content).decode(_UTF[kind] + suffix)
    else:
        codes = np.frombuffer(content, dtype.newbyteorder(elements.order))
        characters = "".join(map(chr, codes.tolist()))
    if len(characters) != head.count or len(head.shape) != 2:
        raise ValueError(
            f"{len(characters)} characters are there for the shape {head.shape}"
        )
    lines = np.array(list(characters)).reshape(head.shape, order="F")
    return np.array(["".join(line).rstrip() for line in lines])


def _cells(head: _Head, elements, depth: int) -> np.ndarray:
    """Strings where every cell is one; else a list of each cell's values."""
    if head.count * 8 > elements.left:
        raise ValueError(
            f"{head.count} cells cannot lie in {elements.left} bytes"
        )
    values = []
    for _ in range(head.count):
        _, content = elements.next(matlab5_elements.MATRIX)
        if not len(content):
            values.append(np.zeros(0))
            continue
        inner = matlab5_elements.Elements(content, elements.order)
        values.append(_content(_head(inner), inner, depth + 1).ravel())
    return unpacked(values)


def unpacked(values: list[np.ndarray]) -> np.ndarray:
    """Strings where every cell holds one, an empty one too; else lists.

    Args:
        values: What each cell holds, a vector each.
    """
    single = all(
        len(value) == 1 and value.dtype.kind == "U" or not len(value)
        for value in values
    )
    if single and any(len(value) for value in values):
        return np.array(
            [str(value[0]) if len(value) else "" for value in values]
        )
    return as_lists([value.tolist() for value in values])


def _field_names(elements) -> list[str]:
    width = elements.numbers((5,)).tolist()
    kind, content = elements.next(1)
    if len(width) != 1 or width[0] < 1 or len(content) % width[0]:
        raise ValueError("the names of a struct's fields are damaged")
    return [
        _text(content[start : start + width[0]])
        for start in range(0, len(content), width[0])
    ]
