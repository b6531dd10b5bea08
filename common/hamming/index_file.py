"""The file of a Hamming index.

Layout, all integers little-endian:

    8 bytes    magic
    uint32     format version
    uint32     h, length of the header
    h bytes    JSON header {"n": items, "bits": K, "sha256": of the payload}
    32 bytes   SHA-256 of everything before; files of version 1 have none
    zeros      up to the next multiple of 64 bytes, where the payload starts
    int64      [n] ids, strictly ascending
    zeros      up to the next multiple of 64 bytes of the payload
    uint8      [n, ceil(K / 8)] codes, in the bit order of
    `common.hamming.codes`
"""

import dataclasses
import hashlib
import json
import math
import os
import pathlib
import struct

import numpy as np

from common.hamming import codes
from common.system import files
from common.system import remembered

MAGIC = b"\x93HAMIDX\n"
VERSION = 2
_PREFIX = struct.Struct("<8sII")
_DIGEST_BYTES = 32
_ALIGNMENT = 64


@dataclasses.dataclass(frozen=True)
class _Layout:
    """Where the arrays of one file are."""

    n: int
    bits: int
    sha256: str
    zeros: int

    @property
    def payload(self) -> int:
        return _aligned(self.zeros)

    @property
    def width(self) -> int:
        return -(-self.bits // 8)

    @property
    def rows(self) -> int:
        return self.payload + _aligned(8 * self.n)

    @property
    def end(self) -> int:
        return self.rows + self.n * self.width


def write(path, rows: np.ndarray, ids: np.ndarray, bits: int) -> None:
    """Writes an index file; a reader sees the old file or the whole new one.

    Args:
        path: File to create or replace.
        rows: [n, ceil(K / 8)] uint8 packed codes.
        ids: [n] int64, strictly ascending.
        bits: K, the code length.

    Raises:
        OSError: If the file cannot be written; the old one is then untouched.
    """
    id_bytes = np.ascontiguousarray(ids, "<i8")
    gap = bytes(_aligned(id_bytes.nbytes) - id_bytes.nbytes)
    parts = [id_bytes.data, gap, np.ascontiguousarray(rows).data]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    header = json.dumps(
        {"n": len(ids), "bits": int(bits), "sha256": digest.hexdigest()}
    ).encode()
    start = _PREFIX.pack(MAGIC, VERSION, len(header)) + header
    start += hashlib.sha256(start).digest()
    start += bytes(_aligned(len(start)) - len(start))
    with files.atomic_write(path) as handle:
        for part in [start, *parts]:
            handle.write(part)


def read(
    path, mmap: bool = True, check: bool = True
) -> tuple[np.ndarray, np.ndarray, int]:
    """Opens an index file.

    Args:
        path: File made by `write`.
        mmap: Map the arrays read-only instead of reading them.
        check: Check the content against its checksum, and the id order. That
            reads the whole file; once in a process, until the file changes.

    Returns:
        rows [n, ceil(K / 8)] uint8, ids [n] int64 and K.

    Raises:
        ValueError: If the file is not an index, is truncated or damaged, or is
            of a newer format.
        OSError: If it cannot be read.
    """
    path = pathlib.Path(path)
    with path.open("rb") as handle:
        layout = _read_layout(path, handle)
        if check:
            remembered.check_once(
                handle, lambda: _check_content(path, handle, layout)
            )
        # Through the same handle: a file in its place would be another index.
        ids = _array(handle, "<i8", (layout.n,), layout.payload, mmap)
        shape = layout.n, layout.width
        rows = _array(handle, "u1", shape, layout.rows, mmap)
    return rows, ids, layout.bits


def _check_content(path: pathlib.Path, handle, layout: _Layout) -> None:
    handle.seek(layout.zeros)
    if any(handle.read(layout.payload - layout.zeros)):
        raise ValueError(f"{path} is damaged: bytes after its header are set.")
    found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != layout.sha256:
        raise ValueError(
            f"{path} is damaged: its checksum does not match its content; "
            "save the index again."
        )
    ids = _array(handle, "<i8", (layout.n,), layout.payload, True)
    if np.any(ids[1:] <= ids[:-1]):
        raise ValueError(f"{path} is damaged: its ids are not ascending.")


def _read_layout(path: pathlib.Path, handle) -> _Layout:
    """Checks everything but the payload's content."""
    size = os.fstat(handle.fileno()).st_size
    prefix = handle.read(_PREFIX.size)
    if prefix[: len(MAGIC)] != MAGIC:
        raise ValueError(f"{path} is not a Hamming index file.")
    if len(prefix) < _PREFIX.size:
        raise ValueError(f"{path} is truncated: it ends inside its header.")
    _, version, header_bytes = _PREFIX.unpack(prefix)
    if not version:
        raise ValueError(f"{path} is damaged: no index has format 0.")
    if version > VERSION:
        raise ValueError(
            f"{path} has index format {version}, this release reads up to "
            f"{VERSION}; upgrade, or save the index again with this release."
        )
    digest_bytes = _DIGEST_BYTES if version > 1 else 0
    zeros = _PREFIX.size + header_bytes + digest_bytes
    if size < zeros:
        raise ValueError(f"{path} is truncated: it ends inside its header.")
    header = handle.read(header_bytes)
    if digest_bytes:
        found = hashlib.sha256(prefix + header).digest()
        if found != handle.read(digest_bytes):
            raise ValueError(
                f"{path} is damaged: its header does not match its checksum; "
                "save the index again."
            )
    layout = _parse(path, header, zeros)
    if size != layout.end:
        raise ValueError(
            f"{path} is {'truncated' if size < layout.end else 'damaged'}: it "
            f"has {size} bytes where its header asks for {layout.end}."
        )
    return layout


def _parse(path: pathlib.Path, header: bytes, zeros: int) -> _Layout:
    try:
        fields = json.loads(header)
        n, bits, sha256 = fields["n"], fields["bits"], fields["sha256"]
        valid = type(n) is int and n >= 0
        valid &= type(bits) is int and 1 <= bits <= codes.MOST_BITS
    # Deep nesting is a RecursionError.
    except (ValueError, KeyError, TypeError, RecursionError):
        valid = False
    if not valid:
        raise ValueError(f"{path} is damaged: its header cannot be read.")
    return _Layout(n, bits, sha256, zeros)


def _array(handle, dtype: str, shape: tuple, offset: int, mmap: bool):
    if 0 in shape:
        return np.empty(shape, dtype)  # Nothing cannot be mapped.
    if mmap:
        return np.memmap(handle, dtype, mode="r", offset=offset, shape=shape)
    handle.seek(offset)
    return np.fromfile(handle, dtype, math.prod(shape)).reshape(shape)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
