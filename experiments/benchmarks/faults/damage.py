"""Seeded damage to the bytes of a file, to archive members and to JSON."""

import io
import json
import pathlib
import zipfile

import numpy as np

# Numbers that sizes, counts and places are seldom meant to be.
_EXTREMES = (
    *(b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\xff" * 7 + b"\x7f"),
    *(b"\0" * 8, b"\x80" + b"\0" * 7, b"\0" * 7 + b"\x80"),
)
_VALUES = (None, True, -1, 1e308, 2**70, "", "\ud800", "\n", [], [[]], {})
_NESTING = 100_000


def damaged(content: bytes, name: str, rng: np.random.Generator) -> bytes:
    """A file's bytes with some damage, such as disks, copies and people do.

    Args:
        content: The bytes.
        name: The file's name; its ending tells what there is inside.
        rng: Decides what is done.
    """
    kinds = [_bytes]
    ending = pathlib.PurePath(name).suffix
    if ending == ".npz":
        kinds.append(_archive)
    elif ending == ".json":
        kinds.append(_json)
    return kinds[rng.integers(len(kinds))](content, rng)


def _bytes(content: bytes, rng) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        if changed:
            _CHANGES[rng.integers(len(_CHANGES))](changed, rng)
    return bytes(changed)


def _flip(content, rng) -> None:
    for place in rng.integers(len(content), size=rng.choice((1, 3, 20))):
        content[place] ^= 1 << rng.integers(8)


def _flip_early(content, rng) -> None:
    """Where headers are."""
    place = rng.integers(min(len(content), 256))
    content[place] = rng.integers(256)


def _truncate(content, rng) -> None:
    del content[rng.integers(len(content)) :]


def _zero(content, rng) -> None:
    start, length = _span(content, rng)
    content[start : start + length] = bytes(length)


def _splice(content, rng) -> None:
    """Puts what stands in one place over another, or between."""
    start, length = _span(content, rng)
    to = int(rng.integers(len(content)))
    kept = length if rng.random() < 0.5 else 0
    content[to : to + kept] = content[start : start + length]


def _cut(content, rng) -> None:
    start, length = _span(content, rng)
    del content[start : start + length]


def _extreme(content, rng) -> None:
    value = _EXTREMES[rng.integers(len(_EXTREMES))]
    size = int(rng.choice((2, 4, 8)))
    start = int(rng.integers(len(content)))
    content[start : start + size] = value[:size]


def _span(content, rng) -> tuple[int, int]:
    start = int(rng.integers(len(content)))
    length = int(rng.choice((1, 4, 16, 64, 512)))
    return start, min(length, len(content) - start)


_CHANGES = (_flip, _flip_early, _truncate, _zero, _splice, _cut, _extreme)


def _archive(content: bytes, rng) -> bytes:
    """Damages a member, or the list of them, under checksums that fit."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    place = int(rng.integers(len(members)))
    name, inside = members[place]
    kind = rng.integers(5)
    if kind == 0:
        del members[place]
    elif kind == 1:
        members[place] = (f"{name[:1]}x{name[2:]}", inside)
    elif kind == 2:
        other = int(rng.integers(len(members)))
        members[place] = (name, members[other][1])
    else:
        members[place] = (name, _bytes(inside, rng))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in members:
            archive.writestr(name, inside)
    return buffer.getvalue()


def _json(content: bytes, rng) -> bytes:
    """Puts a value of another kind in the place of one, or takes it away."""
    if rng.random() < 0.05:
        return b"[" * _NESTING
    tree = json.loads(content)
    places = list(_places(tree))
    if not places:
        return b"[]"
    holder, key = places[rng.integers(len(places))]
    kind = rng.integers(len(_VALUES) + 2)
    if kind == len(_VALUES):
        del holder[key]
    elif kind > len(_VALUES):
        holder[key] = [holder[key]]
    else:
        holder[key] = _VALUES[kind]
    return json.dumps(tree).encode()


def _places(tree):
    """All that a tree of JSON holds, as holder and key."""
    keys = tree if isinstance(tree, dict) else range(len(tree))
    for key in keys:
        yield tree, key
        if isinstance(tree[key], dict | list):
            yield from _places(tree[key])
