"""Which axis counts the items, found from the shapes alone."""

from collections.abc import Container
from collections.abc import Mapping

import numpy as np

from common.data.containers.variable import Variable


def item_count(shapes: Mapping[Variable, tuple[int, ...]]) -> tuple[int, str]:
    """Number of items: a length that every array has.

    Of several, the one that stands first in all arrays is taken (last where
    the axes are MATLAB's in reverse), else the largest.

    Args:
        shapes: Shape of each array, as it is stored.

    Returns:
        The number, and a sentence where others would fit as well, or "".

    Raises:
        ValueError: The arrays share no length.
    """
    shared = set.intersection(
        *(
            {shape[0]} if variable.rows_are_items else set(shape)
            for variable, shape in shapes.items()
        )
    ) - {0, 1}
    if not shared:
        received = ", ".join(
            f"{variable.name} {shape}" for variable, shape in shapes.items()
        )
        raise ValueError(
            f"no axis has the same length in all of {received}, so images, "
            "texts and labels do not pair up"
        )
    if len(shared) == 1:
        return shared.pop(), ""
    firsts = {
        shape[-1 if variable.reversed_axes else 0]
        for variable, shape in shapes.items()
    }
    count = firsts.pop() if len(firsts) == 1 else max(shared)
    others = ", ".join(map(str, sorted(shared - {count})))
    return count, (
        f"there are {count} items; {others} would fit the shapes as well"
    )


def items_first(
    arrays: Mapping[str, np.ndarray],
    count: int,
    fixed: Container[str] = (),
) -> dict[str, np.ndarray]:
    """Turns matrices so that rows are items.

    Square matrices follow the others: files store all their arrays in one
    way.

    Args:
        arrays: [count, d] or [d, count] each, or strings with `count` items.
        count: Number of items.
        fixed: Names of arrays that are not turned.
    """
    matrices = [
        array.shape
        for name, array in arrays.items()
        if np.ndim(array) == 2 and name not in fixed
    ]
    votes = [rows == count for rows, columns in matrices if rows != columns]
    keep_square = sum(votes) * 2 >= len(votes)
    return {
        name: array if name in fixed else _turned(array, count, keep_square)
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
