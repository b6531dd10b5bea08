"""Paired images and texts with labels, checked once at the boundary."""

import dataclasses
import functools
import os
from collections.abc import Mapping

import numpy as np

from common.data import originals as data_originals
from common.data import subset
from common.system import disk
from common.system import files
from common.system import remembered

BAG_OF_WORDS = "bag_of_words"
EMBEDDING = "embedding"

_BLOCK = 4096
# Fractions such as tf-idf; few of a vocabulary's words are in a text.
_ZEROS_OF_BAGS = 0.5


@dataclasses.dataclass(frozen=True, eq=False)
class CrossModalData:
    """Item i is one image, one text and, where known, its labels.

    Arrays may be memory-mapped; nothing is copied.

    Attributes:
        image: Image features, [n, d_image]; floating point, or unsigned
            integers that stand for `image * image_scale`. Or RGB pixels,
            [n, height, width, 3] uint8.
        text: Bag of words, integers or floating point >= 0, or an embedding
            with any sign, [n, d_text]; `text_kind` tells which.
        labels: Multi-hot labels, [n, c] of 0 and 1, or None.
        ids: Names of the items, [n] strings.
        vocabulary: Word of each text column, [d_text] strings, or None.
        label_names: Name of each label column, [c] strings, or None.
        image_scale: Step of each quantised image column, [d_image] float32,
            or None for floating-point features.
        extractor: How features were made of pictures, see
            `common.backbones.preprocessing`, or None.
        parts: Row numbers of `query`, `retrieval`, `train` and perhaps
            `validation`, [m] int64 each, where the data set comes split.
        groups: Number of the picture that a row shares with others, [n]
            integers, or None where every row has its own; a drawn split keeps
            them together.
        originals: Captions and paths as they were, or None.
        notes: Sentences on what was understood where that was not plain, such
            as "labels: 6 classes, numbered 1 to 6".

    Raises:
        ValueError: Shapes, dtypes or values do not fit together.
    """

    image: np.ndarray
    text: np.ndarray
    labels: np.ndarray | None = None
    ids: np.ndarray | None = None
    vocabulary: np.ndarray | None = None
    label_names: np.ndarray | None = None
    image_scale: np.ndarray | None = None
    extractor: str | None = None
    parts: Mapping[str, np.ndarray] | None = None
    groups: np.ndarray | None = None
    originals: data_originals.Originals | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        if self.image.ndim == 4:
            _check_pixels(self.image)
        else:
            _check_features("image", self.image)
        _check_features("text", self.text)
        if self.ids is None:
            object.__setattr__(
                self, "ids", np.arange(len(self.image)).astype(str)
            )
        if self.labels is not None:
            _check_labels(self.labels)
        _check_lists(self)
        _check_counts(self)
        _check_scale(self)
        _check_names(self)
        _check_parts(self)

    def __len__(self) -> int:
        return len(self.image)

    def __getitem__(self, rows: np.ndarray | slice) -> subset.Subset:
        """The chosen rows, which are read when they are needed.

        Args:
            rows: Row numbers [m], or a slice.

        Raises:
            IndexError: There is no such row.
        """
        if isinstance(rows, slice):
            rows = np.arange(len(self))[rows]
        return subset.Subset(self, rows)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of an image: (d_image,) of features, else (H, W, 3)."""
        return self.image.shape[1:]

    @property
    def has_pixels(self) -> bool:
        """Whether images are pixels, not features."""
        return len(self.image_shape) == 3

    @property
    def image_dim(self) -> int:
        """Width of the image features.

        Raises:
            ValueError: The images are pixels.
        """
        require_features(self)
        return self.image_shape[0]

    @property
    def text_dim(self) -> int:
        """Width of the bag of words or embedding."""
        return self.text.shape[1]

    @functools.cached_property
    def text_kind(self) -> str:
        """`bag_of_words`, counts or weights of words, or `embedding`.

        A bag of words has no negative value, and whole numbers or mostly
        zeros; one with a vocabulary is never an embedding.
        """
        if self.text.dtype.kind in "ub":
            return BAG_OF_WORDS
        zeros, whole = 0, True
        for block in disk.blocks(self.text, _BLOCK):
            if block.min() < 0:
                return EMBEDDING
            zeros += block.size - np.count_nonzero(block)
            whole = whole and bool((block == np.rint(block)).all())
        is_bag = (
            self.vocabulary is not None
            or whole
            or zeros >= _ZEROS_OF_BAGS * self.text.size
        )
        return BAG_OF_WORDS if is_bag else EMBEDDING

    def image_features(self, rows: np.ndarray | slice) -> np.ndarray:
        """Features or pixels of the chosen rows, [m, ...] float32.

        Pixels lie in 0..255.
        """
        values = np.asarray(disk.take(self.image, rows), np.float32)
        return values if self.image_scale is None else values * self.image_scale

    def text_features(self, rows: np.ndarray | slice) -> np.ndarray:
        """Bag of words or embedding of the chosen rows, [m, d_text] float32."""
        return np.asarray(disk.take(self.text, rows), np.float32)

    def empty_texts(self) -> np.ndarray:
        """Rows whose bag of words or embedding is all zero, [m] int64."""
        return _rows_where(self.text, lambda block: ~block.any(axis=1))

    def digest(self, cache_dir: str | os.PathLike | None = None) -> str:
        """SHA-256 of everything a model can see: features and scale.

        Args:
            cache_dir: Folder where that of memory-mapped files is kept, so that
                they are read once as long as they stay as they are; None reads
                them.
        """
        scale = np.zeros(0) if self.image_scale is None else self.image_scale
        arrays = self.image, self.text, scale
        mapped = self.image, self.text
        if cache_dir is None or not all(map(disk.is_whole_file, mapped)):
            return files.array_digest(*arrays)
        form = [f"{array.dtype}{array.shape}{array.offset}" for array in mapped]
        return remembered.digest_once(
            cache_dir,
            [array.filename for array in mapped],
            f"arrays {form} {files.array_digest(scale)}",
            lambda: files.array_digest(*arrays),
        )


def require_features(data: CrossModalData) -> None:
    """Refuses pixels, for a method that learns from features.

    Raises:
        ValueError: The images are pixels.
    """
    if data.has_pixels:
        raise ValueError(
            "This method learns from image features [n, d], and the images "
            f"are pixels of shape {data.image_shape}; leave "
            "--image_input=pixels out, or extract features of them."
        )


def _rows_where(array, test) -> np.ndarray:
    hits = [
        np.flatnonzero(test(block)) + number * _BLOCK
        for number, block in enumerate(disk.blocks(array, _BLOCK))
    ]
    return np.concatenate(hits) if hits else np.zeros(0, np.int64)


def _check_pixels(array: np.ndarray) -> None:
    if array.shape[3] != 3 or array.dtype != np.uint8 or 0 in array.shape:
        raise ValueError(
            "`image` with four axes must hold RGB pixels [items, height, "
            f"width, 3] of uint8; received shape {array.shape}, dtype "
            f"{array.dtype}."
        )


def _check_features(name: str, array: np.ndarray) -> None:
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"`{name}` must be a non-empty matrix [items, features]; received "
            f"shape {array.shape}."
        )
    if array.dtype.kind not in "fuib":
        raise ValueError(
            f"`{name}` must hold numbers; received dtype {array.dtype}."
        )
    if array.dtype.kind != "f":
        return
    bad = _rows_where(array, lambda block: ~_in_float32(block).all(axis=1))
    if not len(bad):
        return
    row = disk.take(array, bad[:1])[0]
    if not np.isfinite(row).all():
        raise ValueError(
            f"`{name}` holds NaN or infinite values in {len(bad)} rows, "
            f"the first is row {bad[0]}; remove or mend them."
        )
    column = int(np.flatnonzero(~_in_float32(row))[0])
    raise ValueError(
        f"`{name}` holds values beyond float32 in {len(bad)} rows, the first "
        f"is {row[column]:g} in row {bad[0]}, column {column}; scale or mend "
        "them."
    )


def _in_float32(values: np.ndarray) -> np.ndarray:
    """Which values are finite as float32, in which models compute."""
    if values.dtype.itemsize <= 4:
        return np.isfinite(values)
    with np.errstate(over="ignore"):
        return np.isfinite(values.astype(np.float32))


def _check_lists(data: CrossModalData) -> None:
    for name in ("ids", "vocabulary", "label_names"):
        names = getattr(data, name)
        if names is not None and np.ndim(names) != 1:
            raise ValueError(
                f"`{name}` must be a list of strings; received shape "
                f"{np.shape(names)}."
            )


def _check_counts(data: CrossModalData) -> None:
    counts = {
        name: len(getattr(data, name))
        for name in ("image", "text", "labels", "ids")
        if getattr(data, name) is not None
    }
    if data.groups is not None:
        _check_groups(data.groups)
        counts["groups"] = len(data.groups)
    if data.originals is not None:
        counts |= data.originals.lengths()
    if len(set(counts.values())) != 1:
        received = ", ".join(f"{name}: {n}" for name, n in counts.items())
        raise ValueError(
            "Images, texts, labels and ids must pair up row by row; received "
            f"row counts {received}."
        )


def _check_groups(groups: np.ndarray) -> None:
    if groups.ndim != 1 or groups.dtype.kind not in "ui":
        raise ValueError(
            "`groups` must hold an integer for each item; received shape "
            f"{groups.shape}, dtype {groups.dtype}."
        )


def _check_names(data: CrossModalData) -> None:
    if data.vocabulary is not None and len(data.vocabulary) != data.text_dim:
        raise ValueError(
            f"`vocab` must name every text column; received "
            f"{len(data.vocabulary)} words for {data.text_dim} columns."
        )
    if data.label_names is not None:
        columns = None if data.labels is None else data.labels.shape[-1]
        if len(data.label_names) != columns:
            raise ValueError(
                f"`label_names` must name every label column; received "
                f"{len(data.label_names)} names for {columns} columns."
            )


def _check_parts(data: CrossModalData) -> None:
    for part, rows in (data.parts or {}).items():
        if not len(rows):
            raise ValueError(f"The data set's own part `{part}` is empty.")
        if rows.min() < 0 or rows.max() >= len(data):
            raise ValueError(
                f"Rows `{part}` reach from {rows.min()} to {rows.max()}, but "
                f"there are {len(data)} items."
            )


def _check_scale(data: CrossModalData) -> None:
    scale = data.image_scale
    if scale is None:
        return
    if data.has_pixels:
        raise ValueError("`image_scale` belongs to features, not to pixels.")
    fits = scale.shape == (data.image_dim,) and scale.dtype.kind in "fui"
    if not fits or not _in_float32(scale).all():
        raise ValueError(
            f"`image_scale` must hold {data.image_dim} finite numbers, one an "
            f"image column; received dtype {scale.dtype}, shape {scale.shape}."
        )


def _check_labels(labels: np.ndarray) -> None:
    if labels.ndim != 2 or labels.dtype.kind not in "fuib":
        raise ValueError(
            "`labels` must be a multi-hot matrix [items, labels] of 0 and 1; "
            f"received shape {labels.shape}, dtype {labels.dtype}."
        )
    bad = _rows_where(labels, lambda b: ((b != 0) & (b != 1)).any(axis=1))
    if len(bad):
        raise ValueError(
            "`labels` must be multi-hot, only 0 and 1; row "
            f"{bad[0]} holds {labels[bad[0]].max()}."
        )
