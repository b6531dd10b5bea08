"""A made-up data set that looks like NUS-WIDE, of any size, on disk.

An item has a latent vector: a scene, one of 500, and its own share. Variances
of the latent directions fall as 1 / i, as those of a network's features do.
Image features are a ReLU of a linear map of it and a little noise; a tag's
chance is Zipf's and depends on the same vector; a label is on the items that
lie furthest along a direction of its own. Rows are made in chunks, each from
its own seed, so that memory does not depend on their number.

Axis legend: `n` items, `d` image columns, `t` tags, `z` latent directions,
`c` labels.
"""

import dataclasses
import os
import pathlib

import numpy as np

from common.system import files

# Files of a data set beside its labels.
_SHARED = ("image.npy", "text.npy", "vocab.npy")
_CHUNK = 4096
_LATENT = 256
_SCENES = 500
# Share of the variance between scenes.
_BETWEEN = 0.6
# Directions that tags and labels tell of; pictures show more than that.
_TOLD = 48
# NUS-WIDE: 1,559,464 uses of its 1,000 tags by 269,648 photographs.
_TAGS_PER_ITEM = 5.78
# Zipf's law as Mandelbrot shifted it; without, one tag would be on a third of
# all items.
_TAG_SHIFT = 25
# Labels an item and number of labels: 332,189 of 186,577 photographs that have
# one of ten, and 411,438 of 195,834 that have one of 21.
_LABELS = {"tc10": (10, 332_189 / 186_577), "tc21": (21, 411_438 / 195_834)}
_LARGEST_SHARE = 0.4

NAMES = tuple(_LABELS)


@dataclasses.dataclass(frozen=True)
class Size:
    """How large a data set is.

    Attributes:
        items: n.
        image_dim: d.
        tags: t.
        seed: Seed of everything.
    """

    items: int
    image_dim: int = 4096
    tags: int = 1000
    seed: int = 0


def write(folder: str | os.PathLike, size: Size) -> None:
    """Writes the data sets `tc10` and `tc21`, of the same items.

    Both are folders of `.npy` as `common.data.readers` maps them; image and
    text are one file each, under two names.

    Args:
        folder: Folder for both.
        size: How large they are.
    """
    first, *others = (pathlib.Path(folder) / name for name in NAMES)
    maps = _Maps(size)
    with files.atomic_folder(first) as made:
        made.mkdir()
        labels = {name: _empty(size.items, count) for name, count in _counts()}
        image = _open(
            made / "image.npy", np.float32, size.items, size.image_dim
        )
        text = _open(made / "text.npy", np.uint8, size.items, size.tags)
        for number, start in enumerate(range(0, size.items, _CHUNK)):
            rows = slice(start, min(start + _CHUNK, size.items))
            chunk = maps.chunk(number, rows.stop - rows.start)
            image[rows], text[rows] = chunk.image, chunk.text
            for name, found in chunk.labels.items():
                labels[name][rows] = found
        image.flush()
        text.flush()
        words = [f"tag{number:04d}" for number in range(size.tags)]
        np.save(made / "vocab.npy", np.array(words))
        np.save(made / "labels.npy", labels[first.name])
    for other in others:
        with files.atomic_folder(other) as made:
            made.mkdir()
            for name in _SHARED:
                os.link(first / name, made / name)
            np.save(made / "labels.npy", labels[other.name])


@dataclasses.dataclass(frozen=True)
class Chunk:
    """Some rows of the data set: features, tags, and labels by name."""

    image: np.ndarray
    text: np.ndarray
    labels: dict[str, np.ndarray]


class _Maps:
    """What all rows have in common."""

    def __init__(self, size: Size):
        self._seed = size.seed
        random = np.random.default_rng([size.seed, 0])
        spread = np.arange(1, _LATENT + 1) ** -0.5
        self._spread = (spread / np.linalg.norm(spread)).astype(np.float32)
        self._scenes = self._normal(random, _SCENES) * np.sqrt(_BETWEEN)
        self._image = random.standard_normal(
            (_LATENT, size.image_dim), np.float32
        )
        # Half of what a ReLU sees is below zero, some units more than others.
        self._shift = 0.3 * random.standard_normal(size.image_dim, np.float32)
        ranks = np.arange(1, size.tags + 1)
        self._tag_chance = -np.log(ranks + _TAG_SHIFT).astype(np.float32)
        self._tags = self._told(random, size.tags)
        self._labels = {}
        for name, count in _counts():
            shares = _shares(count, _LABELS[name][1])
            limits = [_upper_quantile(share) for share in shares]
            directions = self._told(random, count)
            self._labels[name] = directions, np.array(limits, np.float32)
        self._tag_scale = self._fitted_scale()

    def chunk(self, number: int, count: int) -> Chunk:
        """The chunk's rows."""
        random = np.random.default_rng([self._seed, 1, number])
        latent = self._latent(random, count)
        image = latent @ self._image
        image += self._shift
        image += 0.05 * random.standard_normal(image.shape, np.float32)
        np.maximum(image, 0, out=image)
        chances = np.minimum(self._tag_scale * self._tag_weight(latent), 0.9)
        text = random.random(chances.shape, np.float32) < chances
        labels = {
            name: _furthest(latent[:, :_TOLD] @ directions, limits)
            for name, (directions, limits) in self._labels.items()
        }
        return Chunk(image, text.astype(np.uint8), labels)

    def _latent(self, random, count) -> np.ndarray:
        scenes = random.integers(_SCENES, size=count)
        own = self._normal(random, count) * np.sqrt(1 - _BETWEEN)
        return self._scenes[scenes] + own

    def _normal(self, random, count) -> np.ndarray:
        drawn = random.standard_normal((count, _LATENT), np.float32)
        return drawn * self._spread

    def _told(self, random, count) -> np.ndarray:
        """Directions [told, count] along which a latent has variance 1."""
        drawn = random.standard_normal((_TOLD, count), np.float32)
        lengths = np.linalg.norm(drawn * self._spread[:_TOLD, None], axis=0)
        return drawn / lengths

    def _tag_weight(self, latent) -> np.ndarray:
        """How much each tag goes with each item, [n, t]."""
        return np.exp(2.0 * (latent[:, :_TOLD] @ self._tags) + self._tag_chance)

    def _fitted_scale(self) -> float:
        """What makes the chances add up to the tags of an item."""
        random = np.random.default_rng([self._seed, 2])
        weights = self._tag_weight(self._latent(random, _CHUNK))
        scale = _TAGS_PER_ITEM / weights.sum(axis=1).mean()
        for _ in range(20):
            chances = np.minimum(scale * weights, 0.9)
            scale *= _TAGS_PER_ITEM / chances.sum(axis=1).mean()
        return float(scale)


def _counts() -> list[tuple[str, int]]:
    return [(name, count) for name, (count, _) in _LABELS.items()]


def _shares(count: int, total: float) -> np.ndarray:
    """Shares of items with each label: geometric, adding up to `total`."""
    low, high = 0.0, 1.0
    for _ in range(60):
        ratio = (low + high) / 2
        shares = _LARGEST_SHARE * ratio ** np.arange(count)
        low, high = (ratio, high) if shares.sum() < total else (low, ratio)
    return shares


def _upper_quantile(share: float) -> float:
    """What a standard normal number exceeds with this chance."""
    import statistics

    return statistics.NormalDist().inv_cdf(1 - share)


def _furthest(scores: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Labels of items [n, c]; whoever has none gets the one nearest to it."""
    over = scores - limits
    labels = over > 0
    none = ~labels.any(axis=1)
    labels[none, over[none].argmax(axis=1)] = True
    return labels.astype(np.uint8)


def _empty(items: int, count: int) -> np.ndarray:
    return np.empty((items, count), np.uint8)


def _open(path, dtype, *shape: int) -> np.ndarray:
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
