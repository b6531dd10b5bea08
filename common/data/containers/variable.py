"""One named array of a file, unread."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np

NUMBERS = "numbers"
STRINGS = "strings"
# Lists of numbers or of strings, one an item: MATLAB's cells, Parquet's lists.
LISTS = "lists"
UNREADABLE = "unreadable"


@dataclasses.dataclass(frozen=True)
class Variable:
    """One array of a file; nothing is read before it is asked for.

    Attributes:
        path: The file.
        name: Name of the array in it.
        shape: Its shape, axes as the library that reads the file shows them.
        kind: `numbers`, `strings`, `lists` (one an item) or `unreadable`.
        read: Reads it.
        reversed_axes: Whether the axes are MATLAB's in reverse, as HDF5 shows
            arrays that MATLAB wrote.
        rows_are_items: Whether its first axis counts the items, as in files
            of NumPy and Parquet; it is then never turned.
        inside: Name of the struct or group that it is a field of, or "".
        why: Of an unreadable array, what it is.
        checked: Whether it is held against a checksum when it is read.
    """

    path: pathlib.Path
    name: str
    shape: tuple[int, ...]
    kind: str = NUMBERS
    read: Callable[[], np.ndarray] | None = None
    reversed_axes: bool = False
    rows_are_items: bool = False
    inside: str = ""
    why: str = ""
    checked: bool = False

    @property
    def label(self) -> str:
        """Its name and shape, for messages."""
        place = f"{self.inside}." if self.inside else ""
        what = self.why if self.kind == UNREADABLE else str(self.shape)
        return f"{place}{self.name} {what}"

    def load(self) -> np.ndarray:
        """Reads the array: numbers, [n] strings, or [n] objects, a list each.

        More than two axes of an HDF5 file stay on disk: the result then reads
        what is indexed. So do `.npy` files.

        Raises:
            ValueError: It cannot be read.
        """
        if self.kind == UNREADABLE:
            raise ValueError(
                f"cannot read `{self.name}` of {self.path.name}: it is "
                f"{self.why}"
            )
        try:
            return self.read()
        # h5py, zipfile, NumPy and pyarrow each report damage in many ways.
        except Exception as error:
            raise ValueError(
                f"cannot read `{self.name}` of {self.path.name} ({error}); "
                "the file may be damaged"
            ) from error


def as_lists(values: list) -> np.ndarray:
    """Lists of any length as a vector of objects, [n]."""
    found = np.empty(len(values), object)
    for place, value in enumerate(values):
        found[place] = value
    return found
