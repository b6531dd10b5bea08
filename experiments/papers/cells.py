"""Trains the cells of a table, each in a process and a folder of its own."""

import concurrent.futures
import contextlib
import dataclasses
import multiprocessing
import os
import pathlib
import sys
from collections.abc import Iterator
from concurrent.futures import process
from typing import Any

from common.runs import interruptions
from common.runs import run as common_run
from experiments import train_baselines
from experiments import train_ssah
from experiments import train_uch
from experiments import train_ugach
from experiments.baselines import fits
from experiments.methods import ablations
from experiments.methods import trainings
from experiments.papers import specs
from ssah import config as ssah_config
from uch import config as uch_config
from ugach import config as ugach_config

_OWN = (
    (train_ugach.METHOD, ugach_config.PRESETS),
    (train_uch.METHOD, uch_config.PRESETS),
    (train_ssah.METHOD, ssah_config.PRESETS),
)
_THREADS = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_FAILURES = (ValueError, OSError, RuntimeError, MemoryError, SystemExit)
# Names that tables shorten.
_COMPARED = {name: key for key, name in fits.NAMES.items()} | {"ACMR": "acmr"}


@dataclasses.dataclass(frozen=True)
class Cell:
    """One training.

    Attributes:
        row: The table's line.
        bits: K.
        seed: Seed of weights, batches and draws.
        quick: Whether everything is trained for one round only.
    """

    row: specs.Row
    bits: int
    seed: int
    quick: bool = False

    @property
    def folder(self) -> str:
        """Name of its folder; equal trainings of two tables share one."""
        changes = "".join(f"_{key}_{value}" for key, value in self.row.changes)
        name = trainings.folder_name(self.row.method)
        quick = "_quick" if self.quick else ""
        return f"{name}_{self.bits}_{self.seed}{changes}{quick}"


def plan(
    table: specs.Table, lengths: tuple[int, ...], num_seeds: int, quick: bool
) -> list[Cell]:
    """The cells of a table, whole rows first.

    A method that draws nothing has one cell for each length.
    """
    return [
        Cell(row, bits, seed, quick)
        for row in table.rows
        for bits in lengths
        for seed in range(num_seeds if _draws(row) else 1)
    ]


def _draws(row: specs.Row) -> bool:
    method, settings = _method(Cell(row, bits=1, seed=0))
    return isinstance(method, trainings.Method) or settings.draws


def supervised(row: specs.Row) -> bool:
    """Whether a row's method learns from labels."""
    method, settings = _method(Cell(row, bits=1, seed=0))
    return (
        method if isinstance(method, trainings.Method) else settings
    ).supervised


def train_all(
    cells: list[Cell], run: common_run.Run, parent: pathlib.Path, jobs: int
) -> Iterator[tuple[Cell, dict]]:
    """Trains what is not finished yet, in several processes.

    Args:
        cells: What to train.
        run: Data and split; seed and folder are the cell's.
        parent: Holds the cells' folders.
        jobs: Processes at a time, which divide the cores among themselves.

    Yields:
        A cell and its outcome, as it gets done: metrics, or the sentence that
        says why there are none as `failure`.
    """
    with (
        _divided_cores(jobs),
        concurrent.futures.ThreadPoolExecutor(jobs) as pool,
    ):
        waiting = {
            pool.submit(_outcome, cell, _run_of(cell, run, parent)): cell
            for cell in cells
        }
        try:
            for done in concurrent.futures.as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            # Whoever stops here wants none of those that have not begun.
            pool.shutdown(wait=False, cancel_futures=True)


@contextlib.contextmanager
def _divided_cores(jobs: int) -> Iterator[None]:
    """Gives each process that starts here its share of the cores."""
    share = str(max(1, (os.cpu_count() or 1) // jobs))
    # Read by libraries when they are loaded.
    added = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, share))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _run_of(cell, run, parent) -> common_run.Run:
    folder = parent / cell.folder
    return dataclasses.replace(
        run,
        seed=cell.seed,
        output_dir=str(folder),
        resume=(folder / "run.json").exists(),
    )


def _outcome(cell: Cell, run: common_run.Run) -> dict:
    folder = pathlib.Path(run.output_dir)
    try:
        if (folder / "metrics.json").exists():
            return _train(cell, run)
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(
            1, context, interruptions.leave_to_parent
        ) as pool:
            return pool.submit(_train_quietly, cell, run).result()
    except process.BrokenProcessPool:
        return {
            "failure": "Its process died; it may have run out of memory. "
            f"{folder}.log tells what it did last."
        }
    except _FAILURES as error:
        return {"failure": trainings.failure(error)}


def _train_quietly(cell: Cell, run: common_run.Run) -> dict:
    """`train`, with everything that is printed in a file beside the folder."""
    folder = pathlib.Path(run.output_dir)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        open(f"{folder}.log", "a", encoding="utf-8") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        os.dup2(log.fileno(), sys.__stdout__.fileno())
        os.dup2(log.fileno(), sys.__stderr__.fileno())
        try:
            with interruptions.ending_children():
                return _train(cell, run)
        except SystemExit as error:
            return {"failure": trainings.failure(error)}


def _train(cell: Cell, run: common_run.Run) -> dict:
    """What a finished cell has, if its settings are these, or trains it."""
    method, settings = _method(cell)
    if isinstance(method, trainings.Method):
        return ablations.run_one(method, settings, run)
    return train_baselines.kept(
        train_baselines.run_cell(method, fits.Cell(cell.bits, settings), run)
    )


def _method(cell: Cell) -> tuple[Any, Any]:
    """A method of this project or a compared one's name, and its settings."""
    changes = dict(cell.row.changes)
    for method, presets in _OWN:
        if cell.row.method in method.variants:
            changes |= method.variants[cell.row.method]
            config = dataclasses.replace(
                presets["default"], bits=cell.bits, **changes
            )
            return method, _shortened(config) if cell.quick else config
    # A method that is not one of the project's has its own name.
    name = _COMPARED.get(cell.row.method, cell.row.method)
    settings = dataclasses.replace(fits.create(name, {}), **changes)
    return name, _shortened(settings) if cell.quick else settings


def _shortened(settings: Any) -> Any:
    """Settings with one round, or epoch, of everything that takes several."""
    counts = {
        field.name: 1
        for field in dataclasses.fields(settings)
        if field.name == "rounds" or field.name.endswith("epochs")
    }
    return dataclasses.replace(settings, **counts)
