"""The tagged elements that MATLAB files up to version 7 consist of.

Format: MathWorks, "MAT-File Format", version 5 (level 5) files. An element is
a tag of two 32-bit numbers, type and length, and its content, padded to eight
bytes; up to four bytes of content fit into the tag itself.
"""

import mmap
import pathlib
import zlib
from collections.abc import Iterator

import numpy as np

from common.data.containers import limits

MATRIX = 14
_COMPRESSED = 15
_HEADER = 128
# Enough for the flags, dimensions and name of any array.
_HEAD = 4096
# Type of a number by its code.
NUMBERS = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
    16: "u1",
    17: "u2",
    18: "u4",
}


class Elements:
    """Reads one element after the other from a buffer.

    Args:
        buffer: The bytes.
        order: `<` or `>`, byte order of numbers.
    """

    def __init__(self, buffer: memoryview, order: str):
        self._buffer = buffer
        self.order = order

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return len(self._buffer)

    def next(self, wanted: int | None = None) -> tuple[int, memoryview]:
        """Type and content of the next element.

        Args:
            wanted: Type that it must have.

        Raises:
            ValueError: It is cut off, or of another type.
        """
        kind, length = self._tag()
        start = 8
        if kind >> 16:
            # A small element: the upper half of its first number is a length.
            kind, length, start = kind & 0xFFFF, kind >> 16, 4
            if length > 4:
                raise ValueError(f"a small element has {length} bytes")
        if start + length > len(self._buffer):
            raise ValueError(
                f"an element of {length} bytes has {len(self._buffer)} left"
            )
        if wanted is not None and kind != wanted:
            raise ValueError(f"an element has type {kind}, not {wanted}")
        content = self._buffer[start : start + length]
        end = 8 if start == 4 else start + length + -length % 8
        self._buffer = self._buffer[min(end, len(self._buffer)) :]
        return kind, content

    def numbers(self, codes: tuple[int, ...] = tuple(NUMBERS)) -> np.ndarray:
        """The numbers of the next element, in the type they are stored in.

        Raises:
            ValueError: It holds something else.
        """
        kind, content = self.next()
        if kind not in codes:
            raise ValueError(f"an element has type {kind}, no numbers")
        dtype = np.dtype(NUMBERS[kind]).newbyteorder(self.order)
        if len(content) % dtype.itemsize:
            raise ValueError(f"{len(content)} bytes are no whole numbers")
        return np.frombuffer(content, dtype)

    def _tag(self) -> tuple[int, int]:
        if len(self._buffer) < 8:
            raise ValueError("it ends within an element")
        kind, length = np.frombuffer(self._buffer[:8], f"{self.order}u4")
        return int(kind), int(length)


class Stored:
    """One variable of a file, still where it lies.

    Attributes:
        order: Byte order of its numbers.
    """

    def __init__(self, content: memoryview, compressed: bool, order: str):
        self._content = content
        self._compressed = compressed
        self.order = order

    def head(self) -> Elements:
        """Its first elements, without the rest."""
        if not self._compressed:
            return Elements(self._content[:_HEAD], self.order)
        start = zlib.decompressobj().decompress(self._content, 8 + _HEAD)
        return Elements(memoryview(start)[8:], self.order)

    def whole(self) -> Elements:
        """All of it.

        Raises:
            ValueError: It is damaged, or too large, see `limits`.
        """
        if not self._compressed:
            limits.check(len(self._content))
            return Elements(self._content, self.order)
        inflate = zlib.decompressobj()
        tag = inflate.decompress(self._content, 8)
        kind, length = np.frombuffer(tag, f"{self.order}u4").tolist()
        if kind != MATRIX:
            raise ValueError(
                f"a compressed element holds type {kind}, no array"
            )
        limits.check(length, len(self._content))
        found = inflate.decompress(inflate.unconsumed_tail, length)
        if len(found) != length:
            raise ValueError(f"{len(found)} of {length} bytes are there")
        # The checksum stands behind the last byte.
        inflate.decompress(inflate.unconsumed_tail, 8)
        if not inflate.eof:
            raise ValueError("more is compressed than it declares")
        return Elements(memoryview(found), self.order)


def stored(path: pathlib.Path) -> Iterator[Stored]:
    """The variables of a file, unread.

    Raises:
        ValueError: It is no such file, or cut off.
    """
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        if size < _HEADER + 8:
            raise ValueError(f"it has {size} bytes")
        content = memoryview(
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        )
    mark = bytes(content[126:128])
    if mark not in (b"IM", b"MI"):
        raise ValueError(
            "it does not begin as a MATLAB file of version 5 to 7.3 does"
        )
    order = "<" if mark == b"IM" else ">"
    rest = content[_HEADER:]
    while len(rest):
        if len(rest) < 8:
            raise ValueError("it ends within a variable")
        kind, length = np.frombuffer(rest[:8], f"{order}u4").tolist()
        if 8 + length > len(rest):
            raise ValueError(
                f"a variable of {length} bytes has {len(rest) - 8} left"
            )
        if kind not in (MATRIX, _COMPRESSED):
            raise ValueError(f"a variable has type {kind}, no array")
        yield Stored(rest[8 : 8 + length], kind == _COMPRESSED, order)
        rest = rest[8 + length :]
