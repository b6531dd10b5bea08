"""Hashes shards of features with an exported model, a Parquet file for each.

Axis legend: `m` rows of a shard that can be encoded, `K` bits.
"""

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import threading
from collections.abc import Sequence

import numpy as np

from common import hamming
from common.beam import checks
from common.beam import matrix
from common.beam import rows as rows_lib
from common.beam import sources
from common.hamming import codes
from common.hamming import exchange
from common.system import files

# Changes whenever the meaning of a finished shard does.
_VERSION = 1
_LOADING = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Task:
    """One shard, and what becomes of it.

    Attributes:
        shard: Its file.
        output: Folder for all that is made.
        model: Folder of the SavedModel.
        scale: What `matrix.load_scale` reads; or empty.
        first_id: Id of its row 0 where ids are counted, else None.
        settings: What decides its codes, besides the shard.
    """

    shard: pathlib.Path
    output: pathlib.Path
    model: pathlib.Path
    scale: str
    first_id: int | None
    settings: dict

    @property
    def codes_file(self) -> pathlib.Path:
        """Parquet file with `id`, `code` and `modality`."""
        return self.output / "codes" / f"{self.shard.stem}.parquet"

    @property
    def record_file(self) -> pathlib.Path:
        """Written last: the shard is done."""
        return self.output / "shards" / f"{self.shard.stem}.json"

    @property
    def dead_letters_file(self) -> pathlib.Path:
        """One JSON object a line; absent where every row was encoded."""
        return self.output / f"dead_letters-{self.shard.stem}.jsonl"


def plan(
    shards: Sequence[pathlib.Path],
    output: str | os.PathLike,
    model: str | os.PathLike,
    modality: str,
    column: str = "",
    scale: str = "",
    count_ids: bool = False,
) -> list[Task]:
    """Says what is to be done, before anything is.

    Args:
        shards: What `sources.find` found.
        output: Folder for all that is made.
        model: Folder of the SavedModel.
        modality: `image`, `text` or `label`.
        column: Where Parquet and TFRecord have the numbers; by default it is
            named after the modality.
        scale: What `matrix.load_scale` reads; or empty.
        count_ids: Number the rows of all shards from 0 on instead of reading
            `id`, as `.npy` shards always are.

    Raises:
        ValueError: The model has no such encoder, the scale does not fit it,
            rows cannot be counted, or the folder has codes of other settings
            or other shards.
    """
    counted = count_ids or shards[0].suffix == ".npy"
    settings = _settings(model, modality, column or modality, scale, counted)
    counts = [sources.count(path) for path in shards] if counted else []
    firsts = np.cumsum([0, *counts]).tolist()
    tasks = [
        Task(
            path.resolve(),
            pathlib.Path(output).resolve(),
            pathlib.Path(model).resolve(),
            scale and os.path.abspath(scale),
            firsts[number] if counted else None,
            settings,
        )
        for number, path in enumerate(shards)
    ]
    for task in tasks:
        _check_settings(task)
    _refuse_others(tasks)
    return tasks


def encode_shard(task: Task) -> None:
    """Hashes a shard, unless that is done.

    A shard that changed since, or whose ids did, is hashed again.
    """
    with open(task.shard, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    record = _record(task)
    now = (digest, task.first_id)
    if record and task.codes_file.is_file():
        if (record["input"], record["first_id"]) == now:
            return
    # Killed below, it is hashed again whatever the shard is then.
    task.record_file.unlink(missing_ok=True)
    index, letters = _encode(task)
    exchange.write_parquet({task.settings["modality"]: index}, task.codes_file)
    _write_dead_letters(task, letters)
    files.write_json(
        task.record_file,
        {
            "settings": task.settings,
            "shard": task.shard.name,
            "input": digest,
            "first_id": task.first_id,
            "encoded": len(index),
            "dead_letters": len(letters),
        },
    )


def model_digest(model: str | os.PathLike) -> str:
    """SHA-256 over the names and bytes of a SavedModel's files."""
    digest = hashlib.sha256()
    folder = pathlib.Path(model)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with open(path, "rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{path.relative_to(folder)} {found}\n".encode())
    return digest.hexdigest()


def _settings(model, modality, column, scale, counted) -> dict:
    from common.runs import exported

    encoder = exported.load_encoder(model, modality)
    steps = matrix.load_scale(scale, encoder.shape)
    return {
        "version": _VERSION,
        "model_sha256": model_digest(model),
        "modality": modality,
        "bits": encoder.bits,
        "column": column,
        "scale_sha256": None if steps is None else files.array_digest(steps),
        "ids": "counted" if counted else "given",
    }


def _encoder(task):
    # Threads of a worker process start together and share one model.
    with _LOADING:
        return _load_encoder(
            task.model,
            task.settings["modality"],
            task.settings["model_sha256"],
        )


@functools.lru_cache(maxsize=1)
def _load_encoder(model: pathlib.Path, modality: str, digest: str):
    from common.runs import runner

    if model_digest(model) != digest:
        raise ValueError(
            f"{model} is another model for this worker than for the process "
            "that started the job; give every worker the same files."
        )

    # A worker process starts without TensorFlow, and rounds as others do.
    runner.import_tensorflow()
    from common.runs import exported

    return exported.load_encoder(model, modality)


def _encode(task) -> tuple[hamming.HammingIndex, list]:
    encoder = _encoder(task)
    from common.data import pipeline

    columns = rows_lib.Columns(
        task.settings["column"], encoder.shape, task.first_id is None
    )
    check = checks.Check(
        task.first_id, matrix.load_scale(task.scale, encoder.shape)
    )
    packed = [np.empty((0, -(-encoder.bits // 8)), np.uint8)]
    for part in sources.read(task.shard, columns):
        if isinstance(part, rows_lib.DeadLetter):
            check.letters.append(part)
            continue
        values = check(part)
        if len(values):
            packed.append(
                pipeline.encode(encoder.encode, values.__getitem__, len(values))
            )
    index = hamming.HammingIndex(encoder.bits)
    index.add(
        codes.PackedCodes(np.concatenate(packed), encoder.bits),
        np.fromiter(check.ids, np.int64),
    )
    letters = sorted(check.letters, key=lambda letter: letter.row or 0)
    return index, letters


def _check_settings(task) -> None:
    record = _record(task)
    if record is None or record["settings"] == task.settings:
        return
    changed = ", ".join(
        f"{name} was {record['settings'].get(name)}, is {value}"
        for name, value in task.settings.items()
        if record["settings"].get(name) != value
    )
    raise ValueError(
        f"{task.codes_file} was made with other settings ({changed}); take "
        "another output folder, or remove this one."
    )


def _refuse_others(tasks) -> None:
    folder = tasks[0].codes_file.parent
    others = {*folder.glob("*.parquet")} - {task.codes_file for task in tasks}
    if others:
        raise ValueError(
            f"{min(others)} is of none of these shards, and would be read with "
            "the others; take another output folder, or remove it."
        )


def _record(task) -> dict | None:
    if not task.record_file.is_file():
        return None
    return files.read_json(task.record_file)


def _write_dead_letters(task, letters) -> None:
    if not letters:
        task.dead_letters_file.unlink(missing_ok=True)
        return
    with files.atomic_write(task.dead_letters_file) as file:
        for letter in letters:
            line = json.dumps({"shard": task.shard.name, **letter._asdict()})
            file.write(f"{line}\n".encode())
