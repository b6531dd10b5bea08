"""Shared libraries of Linux, checked before the loader trusts them.

The system's loader maps what a file's headers say. Where the file is shorter,
or its tables were overwritten, that ends the process instead of raising an
error, so the sizes are compared with the file first. A library that its build
has sealed also carries its SHA-256: the last 40 bytes, which no header speaks
of, are `SEAL` and the digest of all bytes before.

Source: System V Application Binary Interface, chapter 4, "Object Files".
"""

import hashlib
import os
import pathlib
import struct
import sys

SEAL = b"CMHSEAL\n"
_SEALED = len(SEAL) + 32
_ORDER = "<" if sys.byteorder == "little" else ">"
# 64-bit: identification, type, machine, version, entry, places of the program
# and section headers, flags, own size, and size and number of either.
_HEADER = struct.Struct(f"{_ORDER}16sHHIQQQIHHHHHH")
_PROGRAM = struct.Struct(f"{_ORDER}IIQQQQQQ")
_SECTION = struct.Struct(f"{_ORDER}IIQQQQIIQQ")
_SHARED_OBJECT = 3
# Types of what takes no bytes of the file: its size is one in memory.
_NO_SECTION, _NO_BITS = 0, 8


def check(path: str | os.PathLike) -> None:
    """Refuses a damaged 64-bit shared library.

    Without a seal, damage inside code or data goes unseen.

    Args:
        path: The library.

    Raises:
        ValueError: The file is no shared library, is shorter than its headers
            say, or does not fit its seal.
        OSError: It cannot be read.
    """
    content = pathlib.Path(path).read_bytes()
    try:
        _check_headers(content)
    # Places beyond 63 bits are too large to look at.
    except (struct.error, OverflowError) as error:
        raise ValueError("it ends inside its headers") from error
    body, seal = content[:-_SEALED], content[-_SEALED:]
    if seal.startswith(SEAL) and seal != SEAL + hashlib.sha256(body).digest():
        raise ValueError("it does not fit its own SHA-256")


def _check_headers(content: bytes) -> None:
    header = _HEADER.unpack_from(content)
    kind, programs, sections = header[1], header[5], header[6]
    program_size, program_count, section_size, section_count = header[9:13]
    if header[0][:5] != b"\x7fELF\x02" or kind != _SHARED_OBJECT:
        raise ValueError("it is no shared library of 64 bits")
    if (
        not program_count
        or program_size != _PROGRAM.size
        or (section_count and section_size != _SECTION.size)
    ):
        raise ValueError("its headers are damaged")
    for number in range(program_count):
        found = _PROGRAM.unpack_from(content, programs + number * _PROGRAM.size)
        _check_inside(content, start=found[2], size=found[5])
    for number in range(section_count):
        found = _SECTION.unpack_from(content, sections + number * _SECTION.size)
        if found[1] not in (_NO_SECTION, _NO_BITS):
            _check_inside(content, start=found[4], size=found[5])


def _check_inside(content: bytes, start: int, size: int) -> None:
    if start + size > len(content):
        raise ValueError(
            f"it has {len(content)} bytes where its headers ask for "
            f"{start + size}"
        )
