"""Features of a folder of pictures, shard by shard.

A shard is a file that is whole or absent, so that a run which is cut off
loses one of them at most. It knows what it was made of: another picture,
network or way to scale makes it anew.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
from collections.abc import Callable
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from common.backbones import extractor as backbone_extractor
from common.backbones import photographs
from common.system import files

_BATCH = 16


@dataclasses.dataclass(frozen=True)
class Features:
    """Features of the pictures that could be read.

    Attributes:
        rows: Which of the names these are, ascending, [m] int64.
        values: [m, d] float32.
        unread: Why a picture could not be read, by its name.
        thumbnails: Arrays of `thumbnails.Thumbnails` for the m, or none.
    """

    rows: np.ndarray
    values: np.ndarray
    unread: dict[str, str]
    thumbnails: dict[str, np.ndarray]


def extract(
    extractor: backbone_extractor.Extractor,
    folder: str | os.PathLike,
    names: Sequence[str],
    shards: str | os.PathLike,
    shard_size: int,
    skip_unreadable: bool,
    report: Callable[[int], None],
    thumbnail: int = 0,
) -> Features:
    """Extracts what no shard holds yet, and joins them all.

    Args:
        extractor: The network.
        folder: Where the pictures are.
        names: Their n paths below it.
        shards: Folder of the shards, made if missing.
        shard_size: Pictures of a shard.
        skip_unreadable: Whether to leave out a picture that cannot be read.
        report: Told how many pictures are done.
        thumbnail: Height and width of thumbnails; 0 makes none.

    Raises:
        ValueError: A picture cannot be read, or none can.
        OSError: A shard cannot be written.
    """
    parts = []
    for start in range(0, len(names), shard_size):
        paths = [
            pathlib.Path(folder) / name
            for name in names[start : start + shard_size]
        ]
        file = pathlib.Path(shards) / f"{start:09d}.npz"
        key = _key(extractor, folder, paths, thumbnail)
        stored = _stored(file, key, skip_unreadable)
        if stored is None:
            stored = _shard(extractor, paths, skip_unreadable, thumbnail)
            files.write_npz(file, key=np.array(key), **stored)
        parts.append((start, stored))
        report(start + len(paths))
    return _join(parts, names)


def _key(extractor, folder, paths, thumbnail) -> str:
    """What decides a shard's content."""
    pictures = [
        [path.relative_to(folder).as_posix(), _digest(path)] for path in paths
    ]
    made = dataclasses.asdict(extractor.made)
    # Where the weights lie does not matter.
    del made["weights"]
    content = json.dumps([made, thumbnail, pictures])
    return hashlib.sha256(content.encode()).hexdigest()


def _digest(path) -> str | None:
    """SHA-256 of a file that can be read; a copy has the same."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _stored(file, key, skip_unreadable) -> dict[str, np.ndarray] | None:
    if not file.is_file():
        return None
    try:
        stored = files.read_npz(file)
    except ValueError:
        return None
    if str(stored.pop("key", "")) != key:
        return None
    if len(stored["unread"]) and not skip_unreadable:
        return None
    return stored


def _shard(
    extractor, paths, skip_unreadable, thumbnail
) -> dict[str, np.ndarray]:
    size = extractor.made.size

    def decode(path: bytes):
        try:
            picture = photographs.open_file(path.decode())
        except ValueError as error:
            blank = np.zeros((size, size, 3), np.uint8)
            return blank, b"", str(error).encode()
        jpeg = photographs.thumbnail(picture, thumbnail) if thumbnail else b""
        return photographs.squeeze(picture, size), jpeg, b""

    def load(path):
        pixels, jpeg, reason = tf.numpy_function(
            decode, [path], (tf.uint8, tf.string, tf.string), stateful=False
        )
        return tf.ensure_shape(pixels, [size, size, 3]), jpeg, reason

    pictures = (
        tf.data.Dataset.from_tensor_slices([str(path) for path in paths])
        .map(load, num_parallel_calls=tf.data.AUTOTUNE)
        .batch(_BATCH)
        .prefetch(2)
    )
    values, jpegs, reasons = [], [], []
    for pixels, batch_jpegs, batch_reasons in pictures:
        told = [reason.decode() for reason in batch_reasons.numpy()]
        if any(told) and not skip_unreadable:
            raise ValueError(
                f"{next(filter(None, told))} Mend it, take it out of the "
                "captions or pass --skip_unreadable."
            )
        values.append(extractor.features(pixels))
        jpegs += batch_jpegs.numpy().tolist()
        reasons += told
    readable = np.array([not reason for reason in reasons])
    return {
        "rows": np.flatnonzero(readable),
        "values": np.concatenate(values)[readable],
        "unread": np.flatnonzero(~readable),
        "reasons": np.array([r for r in reasons if r], str),
        "jpeg": np.frombuffer(b"".join(jpegs), np.uint8),
        "sizes": np.array([len(jpeg) for jpeg in jpegs], np.int64)[readable],
    }


def _join(parts, names) -> Features:
    rows = np.concatenate([start + stored["rows"] for start, stored in parts])
    if not len(rows):
        raise ValueError(f"None of the {len(names)} pictures can be read.")
    unread = {
        names[start + row]: str(reason)
        for start, stored in parts
        for row, reason in zip(stored["unread"], stored["reasons"], strict=True)
    }
    values = np.concatenate([stored["values"] for _, stored in parts])
    sizes = np.concatenate([stored["sizes"] for _, stored in parts])
    thumbnails = {}
    if sizes.any():
        thumbnails = {
            "jpeg": np.concatenate([stored["jpeg"] for _, stored in parts]),
            "offset": np.concatenate([[0], np.cumsum(sizes)]),
        }
    return Features(rows, values, unread, thumbnails)
