"""Files that are either whole or absent: write beside, then rename."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import tempfile
import zipfile
from collections.abc import Collection
from collections.abc import Iterator
from typing import Any
from typing import BinaryIO

import numpy as np

from common.system import digests
from common.system import locks

array_digest = digests.array_digest
# Between a point with the name and this stand eight characters of tempfile's.
_UNFINISHED = ".part"
_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}\.part")


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
        descriptor, name = locks.making(
            lambda: tempfile.mkstemp(dir=path.parent, **_affixes(path))
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
                # Before it is closed, which gives up its lock.
                os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Gives a path for a folder that takes the place of `path` on success.

    Nothing is there yet. A crash or an exception leaves what was at `path`
    before, but for the moment between its removal and the new folder's.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)

    def make():
        made = tempfile.mkdtemp(dir=path.parent, **_affixes(path))
        return os.open(made, os.O_RDONLY), made

    descriptor, outer = locks.making(make)
    try:
        written = outer / path.name
        yield written
        if path.exists():
            shutil.rmtree(path)
        os.replace(written, path)
    finally:
        shutil.rmtree(outer, ignore_errors=True)
        os.close(descriptor)


def clear_unfinished(folder: str | os.PathLike) -> None:
    """Removes what killed processes left of `atomic_write` in a folder.

    And of `atomic_folder`. What a process is writing, here or elsewhere, is
    left alone, and so is what has no name of ours. Folders below are not
    looked into.
    """
    for path in pathlib.Path(folder).glob(f".*{_UNFINISHED}"):
        if not _TEMPORARY.fullmatch(path.name):
            continue
        with locks.is_abandoned(path) as abandoned:
            if abandoned and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif abandoned:
                path.unlink(missing_ok=True)


def _affixes(path: pathlib.Path) -> dict[str, str]:
    return {"prefix": f".{path.name}.", "suffix": _UNFINISHED}


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
        # Text that is no UTF-8 is a ValueError, too; brackets without end
        # leave no stack.
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"{path} is not readable JSON ({error}); it may be truncated "
                "or of another format."
            ) from error


def read_object(path: str | os.PathLike) -> dict:
    """Reads a JSON file that holds an object.

    Raises:
        ValueError: The file is no whole JSON, or holds something else.
        OSError: The file cannot be opened.
    """
    found = read_json(path)
    if not isinstance(found, dict):
        raise ValueError(
            f"{path} must hold a JSON object; it holds "
            f"{type(found).__name__} {str(found)[:40]!r}."
        )
    return found


def write_npz(path: str | os.PathLike, **arrays: np.ndarray) -> None:
    """Writes named arrays and their SHA-256 as a compressed `.npz`."""
    lines = digests.listed(arrays)
    with atomic_write(path) as file:
        np.savez_compressed(file, **arrays, **{digests.MEMBER: lines})
        digests.mark(file)


def read_npz(
    path: str | os.PathLike,
    names: Collection[str] | None = None,
    expect_digest: bool = False,
) -> dict[str, np.ndarray]:
    """Reads arrays of a `.npz`, never a pickle.

    Args:
        path: The file, by `write_npz` or another program.
        names: Those to read, as far as they are there; None reads all.
        expect_digest: Whether to say so where a file has no SHA-256, as those
            of earlier releases.

    Raises:
        ValueError: The file is not a whole archive of arrays, or does not fit
            its own SHA-256.
        OSError: The file cannot be opened.
    """
    # NumPy leaves a damaged file open where it opened it itself.
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                members = set(archive.files) - {digests.MEMBER}
                found = {
                    name: archive[name]
                    for name in archive.files
                    if name in members and (names is None or name in names)
                }
                lines = archive.get(digests.MEMBER)
                comment = archive.zip.comment
        # zlib, zipfile and NumPy each report damage in their way.
        except Exception as error:
            raise ValueError(
                f"{path} is not a readable .npz archive ({error}); it may be "
                "truncated or of another format."
            ) from error
    digests.check(path, found, members, lines, expect_digest, comment)
    return found


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


def npz_names(path: str | os.PathLike) -> set[str]:
    """Names of the arrays of a `.npz`; none where it is no such file."""
    if not zipfile.is_zipfile(path):
        return set()
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist()}
            return names - {digests.MEMBER}
    except (zipfile.BadZipFile, OSError):
        return set()
