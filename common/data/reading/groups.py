"""Which items are texts of one picture, so that no split parts them."""

from collections.abc import Mapping

import numpy as np

from common.system import disk

_BLOCK = 4096
# A few copies of pictures are in any collection.
_SHARE = 0.1
# What has fewer pictures is no collection of them.
_FEWEST = 4
# Pixels are compared where they lie in memory.
_MOST_BYTES = 1 << 30


def given(values: np.ndarray) -> np.ndarray:
    """Numbers the groups that a file names by appearance, [n] int64."""
    values = np.ravel(values)
    _, first, place = np.unique(values, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return rank[place.ravel()].astype(np.int64)


def find(image: np.ndarray, ids: np.ndarray | None) -> np.ndarray | None:
    """Groups of items with one picture, by their names or their features.

    Args:
        image: Features or pixels, [n, ...].
        ids: Names of the items, [n] strings, or None. `x.jpg#0`, as Flickr's
            captions are numbered, is a text of `x.jpg`.

    Returns:
        Number of each item's group, [n] int64; None where fewer than a tenth
        of the rows repeat a picture.
    """
    for keys in (_names(ids), _features(image)):
        if keys is None or len(keys) != len(image):
            continue
        groups = given(keys)
        count = groups.max() + 1
        if count >= _FEWEST and len(groups) - count >= _SHARE * len(groups):
            return groups
    return None


def _names(ids: np.ndarray | None) -> np.ndarray | None:
    if ids is None or not len(ids):
        return None
    names = np.ravel(ids).astype(str)
    base = np.char.partition(names, "#")
    numbered = np.char.isdigit(base[:, 2]).all()
    return base[:, 0] if numbered else names


def _features(image: np.ndarray) -> np.ndarray | None:
    """A number for each picture that differs with what it holds, [n] uint64.

    Rows of zeros stand for missing pictures; each has a number of its own.
    """
    if image.dtype.kind not in "fuib":
        return None
    in_memory = isinstance(image, np.ndarray) and image.nbytes <= _MOST_BYTES
    if image.ndim != 2 and not in_memory:
        return None
    width = image[:1].nbytes
    words = -(-width // 8)
    factors = np.random.default_rng(0).integers(
        1 << 63, size=words, dtype=np.uint64
    ) * np.uint64(2) + np.uint64(1)
    keys = np.empty(len(image), np.uint64)
    for number, block in enumerate(disk.blocks(image, _BLOCK)):
        raw = np.ascontiguousarray(block).reshape(len(block), -1)
        padded = np.zeros((len(raw), words * 8), np.uint8)
        padded[:, :width] = raw.view(np.uint8)
        mixed = padded.view(np.uint64)
        mixed ^= mixed >> np.uint64(31)
        start = number * _BLOCK
        keys[start : start + len(raw)] = mixed @ factors
        empty = np.flatnonzero(~raw.any(axis=1))
        keys[start + empty] = (start + empty).astype(np.uint64)
    return keys


def sentence(groups: np.ndarray) -> str:
    """How many pictures there are, and how many texts of one."""
    sizes = np.bincount(groups)
    each = (
        f"{sizes.min()}"
        if sizes.min() == sizes.max()
        else (f"{sizes.min()} to {sizes.max()}")
    )
    return (
        f"{len(groups)} texts belong to {len(sizes)} pictures, {each} each; a "
        "drawn split keeps them together"
    )


def shared(groups: np.ndarray, parts: Mapping[str, np.ndarray]) -> str:
    """How many pictures a data set's own split has on both sides, or ""."""
    both = np.intersect1d(groups[parts["query"]], groups[parts["retrieval"]])
    if not len(both):
        return ""
    return (
        f"its own split has {len(both)} pictures of the queries in the "
        "retrieval set as well, with other texts"
    )
