"""Named arrays in MATLAB v5, MATLAB v7.3, HDF5 and NumPy files."""

import dataclasses
import pathlib
from collections.abc import Iterable

import numpy as np

from common.data.layouts import hdf5
from common.data.layouts import matlab5

_SUFFIXES = (".mat", ".h5", ".hdf5", ".h5py", ".npy")
# One sentence a line; DCHMT stores NUS-WIDE's this way.
_SENTENCES = "caption.txt"

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


@dataclasses.dataclass(frozen=True)
class Variable:
    """One array of a file; nothing is read before it is asked for.

    Attributes:
        path: The file.
        name: Name of the array in it.
        shape: Its shape, axes as the library that reads the file shows them.
        reversed_axes: Whether the axes are MATLAB's in reverse, as HDF5 shows
            arrays that MATLAB wrote.
    """

    path: pathlib.Path
    name: str
    shape: tuple[int, ...]
    reversed_axes: bool = False

    def load(self) -> np.ndarray:
        """Reads the array; cells and character arrays become strings.

        More than two axes of an HDF5 file stay on disk: the result then reads
        what is indexed.

        Raises:
            ValueError: It cannot be read, or needs unpickling.
        """
        try:
            if self.path.name == _SENTENCES:
                return _sentences(self.path)
            if self.path.suffix == ".npy":
                return np.load(self.path, mmap_mode="r", allow_pickle=False)
            if is_hdf5(self.path):
                return hdf5.load(self.path, self.name)
            return matlab5.load(self.path, self.name)
        # SciPy and h5py each report damage in many ways.
        except Exception as error:
            raise ValueError(
                f"cannot read `{self.name}` of {self.path.name} ({error})"
            ) from error


def variables(paths: Iterable[pathlib.Path]) -> dict[str, Variable]:
    """All arrays of some files by name, unread.

    Raises:
        ValueError: A file is damaged or of another format, or two files hold
            an array of the same name.
    """
    found = {}
    for path in paths:
        for name, (shape, reversed_axes) in _shapes(path).items():
            if name in found:
                raise ValueError(
                    f"both {found[name].path.name} and {path.name} hold "
                    f"`{name}`; keep one data set in a folder, or name the "
                    "common start of its files (FOLDER/nus-wide-tc10)"
                )
            found[name] = Variable(path, name, shape, reversed_axes)
    return found


def is_container(path: pathlib.Path) -> bool:
    """Whether a file's name is that of a file with arrays."""
    return path.suffix in _SUFFIXES or path.name == _SENTENCES


def is_hdf5(path: pathlib.Path) -> bool:
    """Whether a file is HDF5, which MATLAB v7.3 files are too."""
    with open(path, "rb") as file:
        start = file.read(520)
    # MATLAB puts 512 bytes of its own before.
    return _HDF5_SIGNATURE in (start[:8], start[512:])


def _shapes(path: pathlib.Path) -> dict[str, tuple[tuple[int, ...], bool]]:
    try:
        if path.name == _SENTENCES:
            return {path.stem: (_sentences(path).shape, False)}
        if path.suffix == ".npy":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            return {path.stem: (array.shape, False)}
        if is_hdf5(path):
            return hdf5.shapes(path)
        return {
            name: (shape, False) for name, shape in matlab5.shapes(path).items()
        }
    except Exception as error:
        raise ValueError(
            f"{path.name} is not a readable {path.suffix} file ({error}); it "
            "may be truncated or of another format"
        ) from error


def _sentences(path: pathlib.Path) -> np.ndarray:
    return np.array(path.read_text(encoding="utf-8").splitlines())
