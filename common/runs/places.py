"""Where a run's data is: recorded so that the run opens from anywhere."""

import os
import pathlib
from collections.abc import Mapping
from typing import Any

from common.data import readers

# Settings of a run that name a file or a folder it reads.
_PATHS = ("dataset", "thumbnails")


def locate(record: Mapping[str, Any], directory: pathlib.Path) -> dict:
    """A run's record with its paths absolute, and beside that from the run.

    A run that was moved alone finds its data by the first, one that was moved
    together with its data by the second.

    Args:
        record: What `records.describe` says of it.
        directory: The run's folder.
    """
    named = {
        name: os.path.abspath(record["run"][name])
        for name in _PATHS
        if _is_path(record["run"][name])
    }
    from_run = {
        name: pathlib.Path(os.path.relpath(path, directory)).as_posix()
        for name, path in named.items()
    }
    return {**record, "run": record["run"] | named, "from_run": from_run}


def found(
    directory: pathlib.Path, record: Mapping[str, Any], dataset: str = ""
) -> dict:
    """A run's record with paths of this machine, where these are known.

    Args:
        directory: The run's folder.
        record: Its `run.json`.
        dataset: Where its data set is now; empty looks where it was.

    Raises:
        ValueError: The data set is at none of the places.
    """
    run = dict(record["run"])
    for name in _PATHS:
        if not _is_path(run.get(name, "")):
            continue
        place = _first(
            directory, run[name], record.get("from_run", {}).get(name)
        )
        if place is not None:
            run[name] = place
        elif name == "dataset" and not dataset:
            raise ValueError(
                f"{directory} was trained on {run[name]}, which is not there; "
                "say where it is now with --dataset."
            )
    if dataset:
        run["dataset"] = dataset
    return {**record, "run": run}


def _is_path(value: str) -> bool:
    return value not in ("", readers.OPENCLIPART)


def _first(directory, recorded: str, from_run: str | None) -> str | None:
    """The first place where something is; None where nothing is."""
    places = [pathlib.Path(recorded)]
    if from_run:
        places.append(pathlib.Path(os.path.normpath(directory / from_run)))
    if not places[0].is_absolute():
        # Records once held what was typed in a folder nobody knows any more.
        parents = directory.absolute().parents
        places += [parent / recorded for parent in parents]
    return next((str(place) for place in places if _is_there(place)), None)


def _is_there(path: pathlib.Path) -> bool:
    """Whether a path, or what begins with it, may be a data set."""
    if path.exists():
        return True
    # The common start of file names, or a name in a folder of NUS-WIDE.
    return path.parent.is_dir() and not path.suffix
