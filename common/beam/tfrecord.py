"""TFRecord files of `tf.train.Example`, with damaged records among them.

A record is its length (uint64), the length's checksum (uint32), the bytes and
their checksum (uint32), all little-endian; a checksum is a masked CRC-32C.
TensorFlow's own readers give a file up at its first damaged record.
"""

import os
import struct
from collections.abc import Iterator

import numpy as np

from common.beam import rows as rows_lib
from common.system import extras

_HEAD = struct.Struct("<QI")
_TAIL = struct.Struct("<I")


def count(path: str | os.PathLike) -> int:
    """Number of records; only their lengths are read.

    Raises:
        ValueError: If the lengths do not add up to the file.
    """
    size = os.path.getsize(path)
    found = position = 0
    with open(path, "rb") as file:
        while position < size:
            file.seek(position)
            length, _ = _HEAD.unpack(file.read(_HEAD.size).ljust(_HEAD.size))
            position += _HEAD.size + length + _TAIL.size
            found += 1
    if position > size:
        raise ValueError(f"it ends inside record {found - 1}")
    return found


def read(
    path: str | os.PathLike, columns: rows_lib.Columns
) -> Iterator[rows_lib.Rows | rows_lib.DeadLetter]:
    """Reads a file in order.

    A record whose bytes changed is lost alone; one whose length changed takes
    those after it along, because nothing tells where they start.

    Raises:
        ImportError: If google-crc32c is not installed.
    """
    done, held = 0, []
    try:
        for record in _records(path):
            try:
                held.append((done, *_parse(record, columns)))
            except ValueError as error:
                yield rows_lib.DeadLetter(done, 1, str(error))
            done += 1
            if len(held) == columns.block:
                yield _rows(held, columns)
                held = []
    except EOFError as error:
        yield rows_lib.DeadLetter(done, None, str(error))
    if held:
        yield _rows(held, columns)


def _records(path) -> Iterator[bytes | None]:
    """Every record; None for one whose bytes changed."""
    with open(path, "rb") as file:
        while head := file.read(_HEAD.size):
            if len(head) < _HEAD.size:
                raise EOFError("the file ends inside this record")
            length, checksum = _HEAD.unpack(head)
            if checksum != _masked_crc32c(head[:8]):
                raise EOFError("the length of this record is damaged")
            record = file.read(length)
            tail = file.read(_TAIL.size)
            if len(tail) < _TAIL.size:
                raise EOFError("the file ends inside this record")
            intact = _TAIL.unpack(tail)[0] == _masked_crc32c(record)
            yield record if intact else None


def _masked_crc32c(data: bytes) -> int:
    crc = extras.load("google_crc32c", "google-crc32c", "beam").value(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _parse(record: bytes | None, columns) -> tuple[np.ndarray, int | None]:
    import tensorflow as tf
    from google.protobuf import message

    if record is None:
        raise ValueError("the checksum does not fit the bytes")
    try:
        features = tf.train.Example.FromString(record).features.feature
    except message.DecodeError as error:
        raise ValueError("the bytes are no tf.train.Example") from error
    name = columns.name
    kind = features[name].WhichOneof("kind") if name in features else "missing"
    if kind not in ("float_list", "int64_list"):
        raise ValueError(f"`{name}` is {kind}, not numbers")
    values = np.array(getattr(features[name], kind).value, np.float32)
    if len(values) != columns.width:
        raise ValueError(
            f"`{name}` is {len(values)} numbers, not {columns.width}"
        )
    if not columns.with_ids:
        return values, None
    ids = features["id"].int64_list.value if "id" in features else ()
    if len(ids) != 1:
        raise ValueError("`id` is not one integer; ids can be counted")
    return values, ids[0]


def _rows(held: list, columns) -> rows_lib.Rows:
    numbers, values, ids = zip(*held, strict=True)
    return rows_lib.Rows(
        np.array(numbers),
        np.stack(values).reshape(-1, *columns.shape),
        np.array(ids, np.int64) if columns.with_ids else None,
    )
