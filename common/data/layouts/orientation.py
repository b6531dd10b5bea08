"""Which axis counts the items, found from the shapes alone."""

from collections.abc import Mapping

import numpy as np


def item_count(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Number of items: the largest length that every array has.

    Raises:
        ValueError: The arrays share no length.
    """
    shared = set.intersection(*(set(shape) for shape in shapes.values()))
    if not shared or max(shared) < 2:
        received = ", ".join(
            f"{name} {shape}" for name, shape in shapes.items()
        )
        raise ValueError(
            f"no axis has the same length in all of {received}, so images, "
            "texts and labels do not pair up"
        )
    return max(shared)


def items_first(
    arrays: Mapping[str, np.ndarray], count: int
) -> dict[str, np.ndarray]:
    """Turns matrices so that rows are items.

    Square matrices follow the others: files store all their arrays in one
    way.

    Args:
        arrays: [count, d] or [d, count] each, or strings with `count` items.
        count: Number of items.
    """
    matrices = [a.shape for a in arrays.values() if np.ndim(a) == 2]
    votes = [rows == count for rows, columns in matrices if rows != columns]
    keep_square = sum(votes) * 2 >= len(votes)
    return {
        name: _turned(array, count, keep_square)
        for name, array in arrays.items()
    }


def pixels_first(
    images: np.ndarray, count: int, reversed_axes: bool
) -> np.ndarray:
    """Turns pictures to [count, height, width, channels].

    Args:
        images: Pictures with the item axis first or last, and the three
            channels at any other place.
        count: Number of items.
        reversed_axes: Whether the axes are MATLAB's in reverse; width then
            stands before height.

    Raises:
        ValueError: There are not three channels.
    """
    shape = images.shape
    item_axis = 0 if shape[0] == count else len(shape) - 1
    rest = [axis for axis in range(len(shape)) if axis != item_axis]
    channels = [
        axis for axis in (rest[-1], rest[0], rest[1]) if shape[axis] == 3
    ]
    if len(shape) != 4 or shape[item_axis] != count or not channels:
        raise ValueError(
            f"pictures must have one axis of {count} items and one of 3 "
            f"channels; received shape {shape}"
        )
    sides = [axis for axis in rest if axis != channels[0]]
    if reversed_axes:
        sides.reverse()
    axes = (item_axis, *sides, channels[0])
    if axes == (0, 1, 2, 3):
        return images
    if item_axis == 0 and not isinstance(images, np.ndarray):
        return _TurnedPictures(images, axes)
    return np.asarray(images).transpose(axes)


class _TurnedPictures:
    """Pictures that are turned as they are read from their file."""

    def __init__(self, images, axes):
        self._images = images
        self._axes = axes
        self.shape = tuple(images.shape[axis] for axis in axes)
        self.dtype = images.dtype
        self.ndim = len(axes)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows) -> np.ndarray:
        block = self._images[rows]
        if block.ndim < self.ndim:
            return block.transpose([axis - 1 for axis in self._axes[1:]])
        return block.transpose(self._axes)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.asarray(self._images, dtype).transpose(self._axes)


def _turned(array, count, keep_square) -> np.ndarray:
    if array.ndim == 1 or array.dtype.kind in "UO":
        return np.ravel(array)
    rows, columns = array.shape
    if rows == columns:
        return array if keep_square else array.T
    return array if rows == count else array.T
