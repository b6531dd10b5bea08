"""What a run is about besides its method: data, seed and where it writes."""

import dataclasses
import datetime
import os
import pathlib
import platform
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np

from common import files
from common import settings
from common.data import arrays
from common.data import bow
from common.data import readers
from common.data import splits
from common.data import thumbnails
from common.data.protocols import stored
from common.settings import setting

_PACKAGES = ("tensorflow", "keras", "numpy", "cross-modal-hashing")
_SUPERVISED_TRAIN = 5000


@dataclasses.dataclass(frozen=True)
class Run:
    """Everything about a training run that no paper would mention."""

    dataset: str = setting(
        readers.OPENCLIPART,
        "openclipart (embedded), a .npz file, a folder of .npy files or files "
        "of another project.",
    )
    trust_pickle: bool = setting(
        False,
        "Read pickled arrays, restricted to arrays, where a file has them.",
    )
    protocol: str = setting(
        "auto",
        "Split: drawn, the data set's own, or a paper's; auto takes the data "
        "set's own where it has one.",
        choices=("auto", "drawn", "own", *stored.NAMES),
    )
    rows: str = setting("", "Key of the rows to use; empty takes all rows.")
    num_query: int = setting(
        0, "Query items; 0 takes 2000, or a sixth of a small set.", minimum=0
    )
    num_train: int = setting(
        0,
        "Training items; 0 takes the whole retrieval set, for a supervised "
        "method at most its first 5000 items.",
        minimum=0,
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


def read_inputs(
    run: Run, supervised: bool = False
) -> tuple[arrays.CrossModalData, splits.Split]:
    """Reads a run's data set and draws its split.

    Args:
        run: The run.
        supervised: Whether the method learns from labels; it then trains on
            at most 5000 items where the run names no number, as is the custom
            of this field.

    Raises:
        ValueError: The data or the split's numbers are wrong.
    """
    data = readers.read(run.dataset, run.trust_pickle)
    parts = _parts(run, data)
    if parts is not None:
        return data, _complete(run, parts)
    rows = _rows(run, data)
    num_query = run.num_query or max(1, min(2000, len(rows) // 6))
    num_train = run.num_train
    if supervised and not num_train:
        num_train = max(0, min(_SUPERVISED_TRAIN, len(rows) - num_query))
    split = splits.make(
        rows,
        num_query,
        num_train,
        run.split_seed,
        min(run.num_validation, (len(rows) - 1) // 10),
        run.hold_out_validation,
    )
    return data, split


def _rows(run: Run, data: arrays.CrossModalData) -> np.ndarray:
    """The rows to draw a split from."""
    if not run.rows:
        return np.arange(len(data))
    rows = readers.read_rows(run.dataset, run.rows)
    if len(rows) and (rows.min() < 0 or rows.max() >= len(data)):
        raise ValueError(
            f"Rows `{run.rows}` reach from {rows.min()} to {rows.max()}, "
            f"but {run.dataset} has {len(data)} rows."
        )
    return rows


def _parts(run: Run, data: arrays.CrossModalData):
    """Rows of a split that is not drawn; None where it is."""
    own = data.parts
    if run.protocol in stored.NAMES:
        parts = stored.parts(run.protocol, data)
    elif run.protocol == "own" and own is None:
        raise ValueError(
            f"{run.dataset} comes without a split of its own; it needs rows "
            "`query` and `retrieval`. Draw one: --protocol=drawn."
        )
    elif run.protocol == "drawn" or own is None:
        return None
    else:
        parts = own
    if run.rows or run.num_query:
        typed = "rows" if run.rows else "num_query"
        raise ValueError(
            f"--{typed} needs a split that is drawn, and --protocol="
            f"{run.protocol} gives {len(parts['query'])} queries; pass "
            "--protocol=drawn."
        )
    return parts


def _complete(run: Run, parts) -> splits.Split:
    return splits.complete(
        parts,
        run.num_train,
        run.split_seed,
        min(run.num_validation, (len(parts["retrieval"]) - 1) // 10),
        run.hold_out_validation,
    )


def prepare(
    run: Run,
    method: str,
    config: Any,
    supervised: bool = False,
    check_rows: Callable[[int], None] | None = None,
) -> Prepared:
    """Checks a run's inputs, makes its folder and writes `run.json`.

    Nothing is written before everything was read and checked.

    Args:
        run: The run.
        method: Name of the method.
        config: Its settings.
        supervised: Whether it learns from labels, see `read_inputs`.
        check_rows: Refuses settings that do not fit the number of training
            rows.

    Raises:
        ValueError: The inputs are wrong, the folder already holds a run, or
            `--resume` finds another run's settings there.
        OSError: The folder cannot be written.
    """
    data, split = read_inputs(run, supervised)
    if data.labels is None:
        raise ValueError(
            f"{run.dataset} has no `labels`, and a MAP needs them; add "
            "`labels` [n, c] of 0 and 1."
        )
    if check_rows:
        check_rows(len(split.train))
    if run.thumbnails:
        # Sheets are drawn last; a wrong file must not wait until then.
        thumbnails.Thumbnails(run.thumbnails)
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
        # The record comes last: where it stands, nothing else is missing.
        split.save(directory / "split.npz")
        files.write_json(record_file, record)
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
            "vocabulary_sha256": bow.digest(data.vocabulary),
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
        old, new = before.get(part), record[part]
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
    # XLA draws other random numbers from the same seed.
    for name in ("seed", "jit_compile"):
        old, new = (r.get("run", {}).get(name) for r in (before, record))
        if old != new:
            raise ValueError(
                f"Cannot resume {record_file.parent} with {name} {new}; it was "
                f"started with {old}."
            )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
