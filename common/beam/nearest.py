"""Exact nearest neighbours of millions of rows, some queries at a time.

Axis legend: `n` items, `d` columns, `k` neighbours, `s` modalities.
"""

import dataclasses
import os
import pathlib
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from common.beam import matrix
from common.data.neighbours import exact
from common.system import files

# Changes whenever the meaning of a stored part does.
_VERSION = 1


@dataclasses.dataclass(frozen=True)
class Task:
    """Neighbours of some rows in one modality.

    Attributes:
        features: All rows.
        count: How many those are, n.
        start: First of the rows whose neighbours are sought.
        stop: The one after the last.
        neighbours: k.
        metric: One of `exact.METRICS`.
        part: The file for them, a `.npy` [stop - start, k] int32.
        column: Where they start in the graph.
    """

    features: matrix.Features
    count: int
    start: int
    stop: int
    neighbours: int
    metric: str
    part: pathlib.Path
    column: int


def plan(
    modalities: Mapping[str, matrix.Features],
    output: str | os.PathLike,
    size: int,
    metric: str,
    rows: int,
) -> list[Task]:
    """Says what is to be done, and records it in `settings.json`.

    Args:
        modalities: Features by modality, of the same items.
        output: Folder for all that is made.
        size: k, neighbours per modality.
        metric: One of `exact.METRICS`.
        rows: Queries of a task; a multiple of `exact.QUERY_BLOCK`.

    Raises:
        ValueError: Something does not fit together, or the folder has parts
            of another graph.
    """
    if rows % exact.QUERY_BLOCK:
        raise ValueError(
            f"A task has a multiple of {exact.QUERY_BLOCK} rows, received "
            f"{rows}."
        )
    described = {name: held.describe() for name, held in modalities.items()}
    counts = {name: held["rows"] for name, held in described.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"Modalities pair up row by row; received {counts}.")
    count = next(iter(counts.values()))
    exact.check(count, size, metric)
    settings = {
        "version": _VERSION,
        "graph_size": size,
        "graph_metric": metric,
        "modalities": described,
    }
    output = pathlib.Path(output).resolve()
    _keep_settings(output / "settings.json", settings)
    return [
        Task(
            held,
            count,
            queries.start,
            queries.stop,
            size,
            metric,
            _part(output, name, queries),
            1 + number * size,
        )
        for number, (name, held) in enumerate(modalities.items())
        for queries in _slices(count, rows)
    ]


def find_part(task: Task) -> None:
    """Finds the neighbours of a task's rows, unless that is done."""
    if task.part.is_file():
        return
    found = exact.nearest_of(
        slice(task.start, task.stop),
        task.features.reader(),
        task.count,
        task.neighbours,
        task.metric,
    )
    with files.atomic_write(task.part) as file:
        np.save(file, found, allow_pickle=False)


def finish(tasks: Sequence[Task]) -> dict:
    """Puts the parts together as `graph.npz`, and writes `graph.json`.

    `neighbours` [n, 1 + s k] int32 holds the item itself, then its nearest in
    each modality, as a correlation graph does.

    Returns:
        The content of `graph.json`.
    """
    folder = tasks[0].part.parent.parent
    settings = files.read_json(folder / "settings.json")
    width = max(task.column + task.neighbours for task in tasks)
    graph = np.empty((tasks[0].count, width), np.int32)
    graph[:, 0] = np.arange(len(graph))
    for task in tasks:
        columns = slice(task.column, task.column + task.neighbours)
        graph[task.start : task.stop, columns] = np.load(
            task.part, allow_pickle=False
        )
    files.write_npz(folder / "graph.npz", neighbours=graph)
    manifest = {"settings": settings, "sha256": files.array_digest(graph)}
    files.write_json(folder / "graph.json", manifest)
    return manifest


def _slices(count: int, rows: int) -> list[slice]:
    starts = range(0, count, rows)
    return [slice(start, min(start + rows, count)) for start in starts]


def _part(output, name: str, queries: slice) -> pathlib.Path:
    numbers = f"{queries.start:010d}-{queries.stop:010d}"
    return output / "parts" / f"{name}-{numbers}.npy"


def _keep_settings(path, settings: dict) -> None:
    if path.is_file():
        before = files.read_json(path)
        changed = [
            name for name in settings if before.get(name) != settings[name]
        ]
        if changed:
            raise ValueError(
                f"{path.parent} has parts of a graph with other "
                f"{', '.join(changed)}; take another output folder, or remove "
                "this one."
            )
    files.write_json(path, settings)
