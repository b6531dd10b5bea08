"""Files that are either whole or absent: write beside, then rename."""

import contextlib
import hashlib
import json
import os
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any
from typing import BinaryIO

import numpy as np

from common.system import disk


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Opens a temporary file beside `path` that replaces it on success.

    A crash or an exception leaves what was at `path` before untouched.

    Raises:
        OSError: `path` cannot be written.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _named(path):
        descriptor, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}."
        )
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            with _named(path):
                file.flush()
                os.fsync(file.fileno())
        # mkstemp makes files only the owner can read.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        with _named(path):
            os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def _named(path: pathlib.Path) -> Iterator[None]:
    """Lets an error tell of `path`, not of a file that nobody knows."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Writes `value` as indented JSON; NaN and infinities are refused."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    with atomic_write(path) as file:
        file.write(text.encode("utf-8"))


def read_json(path: str | os.PathLike) -> Any:
    """Reads a JSON file.

    Raises:
        ValueError: The file is no whole JSON.
        OSError: The file cannot be opened.
    """
    with open(path, encoding="utf-8") as file:
        try:
            return json.load(file)
        # Text that is no UTF-8 is a ValueError, too.
        except ValueError as error:
            raise ValueError(
                f"{path} is not readable JSON ({error}); it may be truncated "
                "or of another format."
            ) from error


def write_npz(path: str | os.PathLike, **arrays: np.ndarray) -> None:
    """Writes named arrays as a compressed `.npz`."""
    with atomic_write(path) as file:
        np.savez_compressed(file, **arrays)


def read_npz(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Reads every array of a `.npz`, never a pickle.

    Raises:
        ValueError: The file is not a whole archive of arrays.
        OSError: The file cannot be opened.
    """
    # NumPy leaves a damaged file open where it opened it itself.
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        # zlib, zipfile and NumPy each report damage in their way.
        except Exception as error:
            raise ValueError(
                f"{path} is not a readable .npz archive ({error}); it may be "
                "truncated or of another format."
            ) from error


def read_npy(path: str | os.PathLike) -> np.ndarray:
    """The array of a `.npy`.

    Raises:
        ValueError: It is no such file, or holds pickled objects.
        OSError: It cannot be read.
    """
    try:
        found = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is not a readable .npy ({error}).") from error
    if not isinstance(found, np.ndarray):
        raise ValueError(f"{path} is not a .npy, but an archive of several.")
    return found


def array_digest(*arrays: np.ndarray) -> str:
    """SHA-256 over dtypes, shapes and contents, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        for block in disk.blocks(array, 4096):
            digest.update(np.ascontiguousarray(block))
    return digest.hexdigest()
