"""Features that lie in several files, read as one matrix."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Callable

import numpy as np

from common.system import disk

_BLOCK = 4096
_SCALE = "image_scale"


@dataclasses.dataclass(frozen=True)
class Features:
    """Rows of several `.npy` files, one after the other.

    Attributes:
        paths: The files, [n_i, d] each.
        scale: What `load_scale` reads; or empty, where they are not quantised.
    """

    paths: tuple[pathlib.Path, ...]
    scale: str = ""

    def reader(self) -> Callable[[slice], np.ndarray]:
        """Maps the files.

        Returns:
            A function from a slice of 0..n-1 to its rows, [m, d] float32.

        Raises:
            ValueError: A file is no such array, or widths differ.
        """
        arrays = self._open()
        starts = np.cumsum([0, *map(len, arrays)]).tolist()
        scale = load_scale(self.scale, arrays[0].shape[1:])

        def read(rows: slice) -> np.ndarray:
            parts = []
            for array, start in zip(arrays, starts[:-1], strict=True):
                first = max(rows.start - start, 0)
                last = min(rows.stop - start, len(array))
                if first < last:
                    parts.append(disk.take(array, slice(first, last)))
            values = np.asarray(np.concatenate(parts), np.float32)
            return values if scale is None else values * scale

        return read

    def describe(self) -> dict:
        """Number of rows, width and SHA-256; reads everything once.

        Raises:
            ValueError: A row holds NaN or an infinite value, and so has no
                nearest neighbour; or a file does not fit.
        """
        read = self.reader()
        arrays = self._open()
        rows, width = sum(map(len, arrays)), arrays[0].shape[1]
        digest = hashlib.sha256()
        for start in range(0, rows, _BLOCK):
            block = read(slice(start, min(start + _BLOCK, rows)))
            bad = np.flatnonzero(~np.isfinite(block).all(axis=1))
            if len(bad):
                raise ValueError(
                    f"Row {start + bad[0]} of {self.paths[0]} and the shards "
                    "after it holds NaN or an infinite value, and so has no "
                    "nearest neighbour; remove or mend it."
                )
            digest.update(block)
        return {"rows": rows, "columns": width, "sha256": digest.hexdigest()}

    def _open(self) -> list[np.ndarray]:
        arrays = [_open(path) for path in self.paths]
        widths = {array.shape[1] for array in arrays}
        if len(widths) > 1:
            raise ValueError(
                "Shards of one matrix have as many columns each; "
                f"{self.paths[0]} and those after it have {sorted(widths)}."
            )
        return arrays


def load_scale(path: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """Reads the step of each column of quantised features.

    Args:
        path: A `.npy`, or a `.npz` that holds it as `image_scale`; or empty,
            where features are not quantised.
        shape: Shape of an item.

    Raises:
        ValueError: It does not fit the items, or cannot be read.
        OSError: There is no such file.
    """
    if not path:
        return None
    steps = _steps(path)
    if steps.shape != shape or steps.dtype.kind != "f":
        raise ValueError(
            f"{path} holds {steps.dtype} {list(steps.shape)}; it needs a step "
            f"for each of an item's {list(shape)} numbers."
        )
    return steps


def _steps(path: str) -> np.ndarray:
    with open(path, "rb") as file:
        try:
            stored = np.load(file, allow_pickle=False)
            return stored if isinstance(stored, np.ndarray) else stored[_SCALE]
        # NumPy and zipfile report damage in more ways than they document.
        except Exception as error:
            raise ValueError(
                f"{path} is no .npy, and no .npz with `{_SCALE}` ({error})."
            ) from error


def _open(path: pathlib.Path) -> np.ndarray:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is not a readable .npy ({error}).") from error
    if array.ndim != 2 or array.dtype.kind not in "fuib":
        raise ValueError(
            f"Neighbours are sought among rows of numbers [n, d]; {path} holds "
            f"{array.dtype} {list(array.shape)}."
        )
    return array
