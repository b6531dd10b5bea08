"""What a run's `run.json` tells: all that decides its outcome."""

import dataclasses
import os
import pathlib
from typing import Any

from common.data import arrays
from common.data import bow
from common.data import splits
from common.runs import provenance
from common.system import files

# What a resumed run must not change although no method knows of it; XLA draws
# other random numbers from the same seed.
_FIXED = ("seed", "jit_compile", "image_input")
# Settings that a resumed run may raise: how long it is.
_LENGTHS = ("epochs", "rounds")
# What is read from a record, by part.
_NEEDED = {
    "config": ("bits",),
    "run": ("dataset",),
    "data": ("sha256",),
    "split": ("sha256",),
}
_KINDS = {"bits": int, "dataset": str, "sha256": str}


def describe(
    run: Any,
    method: str,
    config: Any,
    data: arrays.CrossModalData,
    split: splits.Split,
) -> dict:
    """Everything that decides a run's outcome, for `run.json`."""
    return {
        "method": method,
        "config": dataclasses.asdict(config),
        "run": dataclasses.asdict(run),
        "data": {
            "items": len(data),
            "image_shape": list(data.image_shape),
            "text_dim": data.text_dim,
            "text_kind": data.text_kind,
            "sha256": data.digest(os.path.expanduser(run.cache_dir)),
            "vocabulary_sha256": bow.digest(data.vocabulary),
            "empty_texts": len(data.empty_texts()),
        },
        "split": {**split.counts(), "sha256": split.digest()},
    }


def add_session(
    directory: str | os.PathLike, made_by: dict, config: dict | None = None
) -> None:
    """Notes in `run.json` what trains a run from now on, and how long.

    A session with the same code and machine as the one before adds nothing.

    Args:
        directory: The run's folder.
        made_by: Of `provenance.record`.
        config: The method's settings, as `describe` has them, if they may be
            of a longer run. One that had finished has not any more then: its
            `metrics.json` goes.

    Raises:
        ValueError: The folder holds no run.
        OSError: It cannot be written.
    """
    record = load(directory)
    sessions = _sessions(record)
    directory = pathlib.Path(directory)
    if made_by not in sessions[-1:]:
        sessions = [*sessions, made_by]
    lengths = _raised(record["config"], config or {}, config or {})
    if lengths:
        (directory / "metrics.json").unlink(missing_ok=True)
    told = record | {
        "provenance": sessions,
        "config": record["config"] | lengths,
    }
    if told != record:
        files.write_json(directory / "run.json", told)


def made_by(directory: str | os.PathLike) -> list[dict]:
    """What a run was made by: each session of its training, its evaluation.

    Runs of earlier versions have one record that says so. Where nothing was
    trained yet there is none.

    Args:
        directory: The run's folder.

    Raises:
        ValueError: What the folder holds is no run.
    """
    if not (pathlib.Path(directory) / "run.json").is_file():
        return []
    found = _sessions(load(directory))
    evaluated = pathlib.Path(directory) / "metrics.json"
    if evaluated.is_file():
        found += _listed(files.read_json(evaluated))
    distinct = []
    provenance.places(found, distinct)
    return distinct


def _sessions(record: dict) -> list[dict]:
    found = _listed(record)
    # Earlier versions kept those of packages.
    if not found and record.get("versions"):
        return [provenance.before(record["versions"])]
    return found


def _listed(content: Any) -> list[dict]:
    found = content.get("provenance") if isinstance(content, dict) else None
    return list(found) if isinstance(found, list) else []


def load(directory: str | os.PathLike) -> dict:
    """Reads the `run.json` of a run's folder.

    Raises:
        ValueError: The folder holds no run, or one of another program.
    """
    path = pathlib.Path(directory) / "run.json"
    if not path.is_file():
        raise ValueError(f"{directory} holds no run: there is no {path}.")
    record = files.read_json(path)
    missing = _missing(record)
    if missing:
        raise ValueError(
            f"{path} lacks {', '.join(missing)}; it is no run of this program."
        )
    return record


def _part(record: dict, name: str) -> dict:
    """A part of a record; nothing where it is damaged."""
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _missing(record: Any) -> list[str]:
    """Names of what is needed and not there, or of another kind."""
    if not isinstance(record, dict):
        return list(_NEEDED)
    has_method = isinstance(record.get("method"), str)
    missing = [] if has_method else ["method"]
    for part, names in _NEEDED.items():
        found = record.get(part)
        if not isinstance(found, dict):
            missing.append(part)
            continue
        missing += [
            f"{part}.{name}"
            for name in names
            if not isinstance(found.get(name), _KINDS[name])
        ]
    return missing


def check_same(
    record_file: pathlib.Path,
    record: dict,
    defaults: dict,
    longer: bool = False,
) -> None:
    """Refuses to go on with a run whose settings were others.

    Settings that it did not know yet are no others where they have their
    defaults now.

    Args:
        record_file: The `run.json` of the run.
        record: What `describe` says of it now.
        defaults: Of the method's settings.
        longer: Whether it may have more epochs or rounds than it was started
            with.

    Raises:
        ValueError: There is no such file, or it says something else.
    """
    if not record_file.is_file():
        raise ValueError(
            f"Nothing to resume: there is no {record_file}; leave --resume out."
        )
    before = files.read_object(record_file)
    for name in _FIXED:
        old, new = (_part(r, "run").get(name) for r in (before, record))
        if old != new:
            raise ValueError(
                f"Cannot resume {record_file.parent} with {name} {new}; it was "
                f"started with {old}."
            )
    for part in ("method", "config", "data", "split"):
        old, new = before.get(part), record[part]
        if part == "data" and isinstance(old, dict):
            # A run of an earlier version did not tell of it.
            old = {"text_kind": new.get("text_kind")} | old
        if part == "config" and isinstance(old, dict):
            old = {
                name: defaults[name] for name in new if name in defaults
            } | old
            if longer:
                new = new | _raised(old, new, old)
        if old == new:
            continue
        changed = f"{part} was {old}, is {new}"
        if isinstance(old, dict):
            changed = ", ".join(
                f"{key} was {old.get(key)}, is {new.get(key)}"
                for key in old | new
                if old.get(key) != new.get(key)
            )
        raise ValueError(
            f"Cannot resume {record_file.parent} with other settings: "
            f"{changed}."
        )


def _raised(old: dict, new: dict, wanted: dict) -> dict:
    """Lengths that differ as a longer run's do, as one of both has them."""
    return {
        name: wanted[name]
        for name in _LENGTHS
        if isinstance(old.get(name), int) and new.get(name, 0) > old[name]
    }
