"""What a run is about besides its method: data, seed and where it writes."""

import dataclasses
import datetime
import os
import pathlib
import platform
from importlib import metadata
from typing import Any

import numpy as np

from common import files
from common import settings
from common.data import arrays
from common.data import readers
from common.data import splits
from common.settings import setting

_PACKAGES = ("tensorflow", "keras", "numpy", "cross-modal-hashing")


@dataclasses.dataclass(frozen=True)
class Run:
    """Everything about a training run that no paper would mention."""

    dataset: str = setting(
        readers.OPENCLIPART,
        "openclipart (embedded), a .npz file or a folder of .npy files.",
    )
    rows: str = setting("", "Key of the rows to use; empty takes all rows.")
    num_query: int = setting(
        0, "Query items; 0 takes 2000, or a sixth of a small set.", minimum=0
    )
    num_train: int = setting(
        0, "Training items; 0 takes the whole retrieval set.", minimum=0
    )
    split_seed: int = setting(0, "Seed of the split.", minimum=0)
    num_validation: int = setting(
        500, "Retrieval items that are queries while training.", minimum=0
    )
    hold_out_validation: bool = setting(
        False, "Keep validation items out of training."
    )
    seed: int = setting(0, "Seed of weights, batches and draws.", minimum=0)
    output_dir: str = setting("", "Where to write; empty makes a new folder.")
    resume: bool = setting(False, "Continue the run in --output_dir.")
    cache_dir: str = setting(
        "~/.cache/cross_modal_hashing", "Where correlation graphs are kept."
    )
    thumbnails: str = setting(
        "", "A .npz of JPEGs (jpeg, offset, index) for the picture sheets."
    )
    jit_compile: bool = setting(True, "Compile training steps with XLA.")

    def __post_init__(self):
        settings.check(self)


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A run's data, split and folder, checked and ready to train."""

    run: Run
    data: arrays.CrossModalData
    split: splits.Split
    directory: pathlib.Path

    @property
    def cache_dir(self) -> pathlib.Path:
        """Folder of what may be made again."""
        return pathlib.Path(self.run.cache_dir).expanduser()


def read_inputs(run: Run) -> tuple[arrays.CrossModalData, splits.Split]:
    """Reads a run's data set and draws its split.

    Raises:
        ValueError: The data or the split's numbers are wrong.
    """
    data = readers.read(run.dataset)
    if run.rows:
        rows = readers.read_rows(run.dataset, run.rows)
        if len(rows) and (rows.min() < 0 or rows.max() >= len(data)):
            raise ValueError(
                f"Rows `{run.rows}` reach from {rows.min()} to {rows.max()}, but "
                f"{run.dataset} has {len(data)} rows."
            )
    else:
        rows = np.arange(len(data))
    split = splits.make(
        rows,
        run.num_query or max(1, min(2000, len(rows) // 6)),
        run.num_train,
        run.split_seed,
        min(run.num_validation, (len(rows) - 1) // 10),
        run.hold_out_validation,
    )
    return data, split


def prepare(run: Run, method: str, config: Any) -> Prepared:
    """Checks a run's inputs, makes its folder and writes `run.json`.

    Nothing is written before everything was read and checked.

    Raises:
        ValueError: The inputs are wrong, the folder already holds a run, or
            `--resume` finds another run's settings there.
        OSError: The folder cannot be written.
    """
    data, split = read_inputs(run)
    if data.labels is None:
        raise ValueError(
            f"{run.dataset} has no `labels`, and a MAP needs them; add `labels` "
            "[n, c] of 0 and 1."
        )
    directory = choose_directory(run, method, config)
    record = describe(run, method, config, data, split)
    record_file = directory / "run.json"
    if run.resume:
        _check_same(record_file, record)
    elif record_file.exists():
        raise ValueError(
            f"{directory} already holds a run; pass --resume to continue it or "
            "another --output_dir."
        )
    else:
        files.write_json(record_file, record)
        split.save(directory / "split.npz")
    return Prepared(run, data, split, directory)


def describe(
    run: Run,
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
            "image_dim": data.image_dim,
            "text_dim": data.text_dim,
            "sha256": data.digest(),
            "empty_texts": len(data.empty_texts()),
        },
        "split": {**split.counts(), "sha256": split.digest()},
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in _PACKAGES},
        },
    }


def load_record(directory: str | os.PathLike) -> dict:
    """Reads the `run.json` of a run's folder.

    Raises:
        ValueError: The folder holds no run.
    """
    path = pathlib.Path(directory) / "run.json"
    if not path.is_file():
        raise ValueError(f"{directory} holds no run: there is no {path}.")
    return files.read_json(path)


def choose_directory(run: Run, name: str, config: Any) -> pathlib.Path:
    """The folder a run asks for, or a new one under `runs`.

    Raises:
        ValueError: A run is to be resumed that was not named.
    """
    if run.output_dir:
        return pathlib.Path(run.output_dir)
    if run.resume:
        raise ValueError("--resume needs the --output_dir of the run.")
    time = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    data = pathlib.Path(run.dataset).stem
    return pathlib.Path("runs") / f"{name}_{data}_{config.bits}_{time}"


def _check_same(record_file: pathlib.Path, record: dict) -> None:
    if not record_file.is_file():
        raise ValueError(
            f"Nothing to resume: there is no {record_file}; leave --resume out."
        )
    before = files.read_json(record_file)
    for part in ("method", "config", "data", "split"):
        if before[part] == record[part]:
            continue
        changed = part
        if isinstance(record[part], dict):
            changed = ", ".join(
                f"{key} was {before[part].get(key)}, is {value}"
                for key, value in record[part].items()
                if before[part].get(key) != value
            )
        raise ValueError(
            f"Cannot resume {record_file.parent} with other settings: {changed}."
        )
    if before["run"]["seed"] != record["run"]["seed"]:
        raise ValueError(
            f"Cannot resume {record_file.parent} with seed "
            f"{record['run']['seed']}; it was started with "
            f"{before['run']['seed']}."
        )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
