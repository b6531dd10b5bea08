"""Finds the files with arrays that a path names, and opens them."""

import pathlib
from collections.abc import Iterable

import numpy as np

from common.data.containers import hdf5
from common.data.containers import matlab5
from common.data.containers import numpy_files
from common.data.containers import parquet
from common.data.containers.variable import STRINGS
from common.data.containers.variable import Variable

_IN_FOLDERS = (".mat", ".h5", ".hdf5", ".h5py", ".npy")
# One sentence a line; DCHMT stores NUS-WIDE's this way.
_SENTENCES = "caption.txt"

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def files(path: pathlib.Path) -> list[pathlib.Path]:
    """Files with arrays: a file, those of a folder, or of a common start."""
    if path.is_file():
        return [path]
    if path.is_dir():
        candidates = path.iterdir()
    elif path.name and path.parent.is_dir():
        candidates = (
            file
            for file in path.parent.iterdir()
            if file.name.startswith(path.name)
        )
    else:
        return []
    return sorted(
        file
        for file in candidates
        if file.suffix in _IN_FOLDERS or file.name == _SENTENCES
    )


def variables(paths: Iterable[pathlib.Path]) -> dict[str, Variable]:
    """All arrays of some files by name, unread.

    Raises:
        ValueError: A file is damaged or of another format, or two files hold
            an array of the same name.
    """
    found = {}
    for path in paths:
        for name, variable in _open(path).items():
            if name in found:
                raise ValueError(
                    f"both {found[name].path.name} and {path.name} hold "
                    f"`{name}`; keep one data set in a folder, or name the "
                    "common start of its files (FOLDER/nus-wide-tc10)"
                )
            found[name] = variable
    return found


def _open(path: pathlib.Path) -> dict[str, Variable]:
    try:
        if path.suffix == ".npz":
            return numpy_files.of_npz(path)
        if path.suffix == ".npy":
            return numpy_files.of_npy(path)
        if path.suffix == ".parquet":
            return parquet.of(path)
        if path.name == _SENTENCES:
            return _sentences(path)
        if _is_hdf5(path):
            return hdf5.of(path)
        return matlab5.of(path)
    except Exception as error:
        reason = str(error)
        if path.name in reason:
            raise ValueError(reason) from error
        raise ValueError(
            f"{path.name} is not a readable {path.suffix} file ({reason}); it "
            "may be truncated or of another format"
        ) from error


def _is_hdf5(path: pathlib.Path) -> bool:
    """Whether a file is HDF5, which MATLAB v7.3 files are too."""
    with open(path, "rb") as file:
        start = file.read(520)
    # MATLAB puts 512 bytes of its own before.
    return _HDF5_SIGNATURE in (start[:8], start[512:])


def _sentences(path: pathlib.Path) -> dict[str, Variable]:
    lines = np.array(path.read_text(encoding="utf-8").splitlines(), str)
    return {
        path.stem: Variable(
            path, path.stem, lines.shape, STRINGS, lambda: lines
        )
    }
