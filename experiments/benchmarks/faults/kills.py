"""Kills trainings at random moments, and compares what they then end with."""

import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

from common.system import files

_ROOT = pathlib.Path(__file__).parents[3]
# Short, with XLA, and epochs of both players.
_COMMAND = (
    *(sys.executable, "-P", "-m", "experiments.train_ugach", "--bits=12"),
    *("--hidden_units=16", "--graph_size=3", "--batch_size=20"),
    *("--pool_size=30", "--alternation=epoch", "--pretrain_epochs=2"),
    *("--epochs=4", "--generator_epochs=1", "--jit_compile"),
)
_ITEMS = 120


@dataclasses.dataclass
class Found:
    """What became of killed trainings.

    Attributes:
        kills: How many were killed before they ended.
        ended: How many ended before their moment came.
        with_checkpoint: Kills after which a checkpoint was there to go on from.
        differences: Trainings whose codes are not those of the whole one.
        failures: What those said that could not be resumed.
    """

    kills: int = 0
    ended: int = 0
    with_checkpoint: int = 0
    differences: int = 0
    failures: list[str] = dataclasses.field(default_factory=list)


def run(count: int, seed: int) -> Found:
    """Kills so many trainings, and resumes each until it ends.

    Args:
        count: Kills.
        seed: Decides their moments.
    """
    rng = np.random.default_rng(seed)
    found = Found()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        _write_data(folder / "data.npz")
        start = time.monotonic()
        _end(_start(folder, "whole"))
        seconds = time.monotonic() - start
        expected = files.read_npz(folder / "whole" / "codes.npz")
        # Those of a training that ends before its moment do not count.
        for number in range(3 * count):
            if found.kills >= count:
                break
            run_folder = f"run{number}"
            process = _start(folder, run_folder)
            taken = _kill_after(rng.uniform(0.1, 1.0) * seconds, process, found)
            newest = folder / run_folder / "checkpoints" / "checkpoint"
            found.with_checkpoint += newest.exists() and taken is None
            # The machine may have been slower before.
            seconds = seconds if taken is None else min(seconds, taken)
            _finish(folder, run_folder, expected, found)
    return found


def _kill_after(seconds, process, found) -> float | None:
    """Kills a training; the seconds it took if it ended before."""
    start = time.monotonic()
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        found.kills += 1
        return None
    found.ended += 1
    return time.monotonic() - start


def _finish(folder, name, expected, found) -> None:
    """Goes on as the user would, and compares."""
    if (
        not (folder / name / "codes.npz").exists()
        or not (folder / name / "metrics.json").exists()
    ):
        resume = (folder / name / "run.json").exists()
        status, said = _end(_start(folder, name, resume))
        if status:
            found.failures.append(said[-400:])
            return
    codes = files.read_npz(folder / name / "codes.npz")
    same = set(codes) == set(expected) and all(
        np.array_equal(codes[part], expected[part]) for part in expected
    )
    found.differences += not same


def _start(folder, name, resume=False) -> subprocess.Popen:
    path = os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [
            *_COMMAND,
            f"--dataset={folder}/data.npz",
            f"--cache_dir={folder}/cache",
            f"--output_dir={folder}/{name}",
            *(["--resume"] if resume else []),
        ],
        env=os.environ | {"PYTHONPATH": path},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _end(process) -> tuple[int, str]:
    _, said = process.communicate()
    return process.returncode, said


def _write_data(path) -> None:
    rng = np.random.default_rng(0)
    member = np.arange(_ITEMS) % 3
    centres = 3 * rng.normal(size=(3, 12))
    image = centres[member] + rng.normal(size=(_ITEMS, 12))
    text = rng.random((_ITEMS, 15)) < 0.3
    text[np.arange(_ITEMS), member] = True
    files.write_npz(
        path,
        image=image.astype(np.float32),
        text=text.astype(np.uint8),
        labels=np.eye(3, dtype=np.uint8)[member],
    )
