"""Commands that are stopped while they train."""

import dataclasses
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

from common.runs import folders
from tests.experiments import test_resume

ROOT = pathlib.Path(__file__).parents[2]


def _wait(process, condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _finished_epochs(directory):
    newest = directory / "checkpoints" / "checkpoint"
    text = newest.read_text() if newest.exists() else ""
    found = re.search(r'^model_.*"epoch-(\d+)"', text, re.MULTILINE)
    return int(found[1]) if found else 0


def _sentence(errors, what, directory):
    """Epochs that are safe and the command that goes on, of the only line."""
    found = re.fullmatch(
        rf"{what}; (\d+) finished epochs? (?:are|is) safe in "
        rf"{re.escape(str(directory))}, and (?:once it can be written, )?this "
        r"goes on from there: (.*)\n",
        errors,
    )
    assert found, errors
    return int(found[1]), shlex.split(found[2])


@pytest.mark.parametrize(
    ("number", "what"),
    [(signal.SIGINT, "Interrupted"), (signal.SIGTERM, "Terminated")],
)
def test_a_stopped_training_says_how_it_goes_on_and_does(
    start, command, flags, config, toy, finished, tmp_path, number, what
):
    directory = tmp_path / "stopped run"
    run = dataclasses.replace(toy, output_dir=str(directory))
    process = start("train_ugach", *flags(config, run))
    _wait(process, lambda: _finished_epochs(directory) >= 2)

    process.send_signal(number)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 128 + number
    epochs, again = _sentence(errors, what, directory)
    assert epochs == _finished_epochs(directory)
    assert not (directory / "run.lock").exists()
    assert again[:3] == ["python", "-m", "experiments.train_ugach"]
    assert again[-2:] == ["--resume", f"--output_dir={directory}"]
    if number == signal.SIGINT:
        code, output, errors = command("train_ugach", *again[3:])
        assert (code, errors) == (0, "")
        assert f"Resuming after {epochs} of 5 epochs." in output
        test_resume._assert_same_run(directory, finished)


def test_a_full_disk_loses_nothing_and_says_so(
    command, flags, config, toy, finished, tmp_path
):
    """Files of this process may have no more than so many blocks."""
    directory = tmp_path / "run"
    run = dataclasses.replace(toy, output_dir=str(directory))
    typed = flags(config, run)
    limited = subprocess.run(
        ["bash", "-c", 'ulimit -f 16 && exec "$@"', "bash", sys.executable]
        + ["-m", "experiments.train_ugach", *typed],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert limited.returncode == 1
    _, again = _sentence(limited.stderr, "Error: File too large.*", directory)
    code, _, errors = command("train_ugach", *again[3:])
    assert (code, errors) == (0, "")
    test_resume._assert_same_run(directory, finished)


def test_a_stopped_table_ends_its_trainings_and_begins_no_other(
    start, toy, tmp_path
):
    process = start(
        "paper_tables",
        *("--table=uch_2", "--methods=UCH", "--lengths=8,16"),
        *(f"--dataset={toy.dataset}", f"--output_dir={tmp_path}/tables"),
        "--nojit_compile",
    )
    cells = tmp_path / "tables" / "cells"
    _wait(process, lambda: list(cells.glob("*/run.lock")))

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 130
    assert errors == (
        f"Interrupted; 0 finished runs are safe in {tmp_path}/tables, and this "
        "goes on from there: python -m experiments.paper_tables "
        "--table=uch_2 --methods=UCH --lengths=8,16 "
        f"--dataset={toy.dataset} --nojit_compile "
        f"--output_dir={tmp_path}/tables\n"
    )
    (begun,) = cells.glob("*/")
    # No process writes it any more.
    with folders.writing(begun):
        pass
