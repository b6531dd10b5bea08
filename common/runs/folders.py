"""The folder of a run: made by one process, and written by one at a time."""

import contextlib
import datetime
import itertools
import os
import pathlib
import re
import shutil
from collections.abc import Iterator
from typing import Any

from common.system import files
from common.system import locks

# What TensorFlow leaves of a checkpoint that it was writing.
_CHECKPOINT = re.compile(r"epoch-\d+_temp|checkpoint\.tmp[0-9a-f]+")


def choose(run: Any, name: str) -> pathlib.Path:
    """The folder a run asks for, or a new one under `runs`.

    A new one is made here, and by no other process.

    Args:
        run: The run.
        name: What a new folder's name begins with; the time follows.

    Raises:
        ValueError: A run is to be resumed that was not named.
        OSError: A new folder cannot be made.
    """
    if run.output_dir:
        return pathlib.Path(run.output_dir)
    if run.strategy == "multi_worker":
        raise ValueError(
            "--strategy=multi_worker needs an --output_dir, a folder that all "
            "workers see."
        )
    if run.resume:
        raise ValueError("--resume needs the --output_dir of the run.")
    return _make_new(pathlib.Path("runs"), name)


def _make_new(parent: pathlib.Path, name: str) -> pathlib.Path:
    time = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    # Others may begin in the same second.
    endings = itertools.chain([""], (f"-{n}" for n in itertools.count(2)))
    while True:
        path = parent / f"{name}_{time}{next(endings)}"
        with contextlib.suppress(FileExistsError):
            path.mkdir(parents=True)
            return path


@contextlib.contextmanager
def writing(directory: str | os.PathLike) -> Iterator[None]:
    """Keeps other processes from writing a run, and clears what is left over.

    Left over are the temporary files of processes that were killed while they
    wrote this run.

    Args:
        directory: The run's folder; made where it is not there.

    Raises:
        ValueError: Another process writes it.
        OSError: It cannot be written.
    """
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locks.held(directory / "run.lock"))
        except locks.HeldError as error:
            process = str(error).rpartition(" ")[2]
            raise ValueError(
                f"{directory} is being written by process {process}; wait "
                "until that ends, or pass another --output_dir."
            ) from error
        _clear(directory)
        yield


def _clear(directory) -> None:
    """Removes temporary files, those of checkpoints only under our lock."""
    for folder in (
        *(directory, directory / "checkpoints", directory / "figures"),
        *(directory / "logs/test", directory / "logs/test/projector"),
    ):
        files.clear_unfinished(folder)
    for path in (directory / "checkpoints").glob("*"):
        if not _CHECKPOINT.fullmatch(path.name):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
