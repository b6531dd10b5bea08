import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.experiments import small_training

ROOT = pathlib.Path(__file__).parents[2]
METHODS = ("ugach", "uch", "ssah")


def _start(arguments, log, **environment):
    with open(log, "w") as file:
        return subprocess.Popen(
            [sys.executable, small_training.__file__, *map(str, arguments)],
            stdout=file,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "TF_NUM_INTRAOP_THREADS": "1",
                **environment,
            },
        )


def _start_workers(folder, arguments):
    """Two workers on the loopback device, with folder/N.log of each."""
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        hosts = [f"127.0.0.1:{one.getsockname()[1]}" for one in (first, second)]
    return [
        _start(
            arguments,
            folder / f"{index}.log",
            TF_CONFIG=json.dumps(
                {
                    "cluster": {"worker": hosts},
                    "task": {"type": "worker", "index": index},
                }
            ),
        )
        for index in range(2)
    ]


def _finish(processes):
    """Exit codes, however the processes end."""
    try:
        # A busy machine takes many times the half minute of an idle one.
        return [process.wait(1200) for process in processes]
    finally:
        for process in processes:
            process.kill()


def _weights(folder, name):
    with np.load(folder / f"{name}.npz") as stored:
        return [stored[key] for key in stored.files]


@pytest.fixture(scope="module")
def single(toy, tmp_path_factory):
    """Weights of each method after a training without a strategy."""
    folder = tmp_path_factory.mktemp("single")
    return small_training.train("none", toy.dataset, str(folder), METHODS)


@pytest.fixture(scope="module")
def mirrored(toy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirrored")
    process = _start(
        ["mirrored", toy.dataset, folder, *METHODS], folder / "log"
    )
    assert _finish([process]) == [0], (folder / "log").read_text()
    return folder


@pytest.fixture(scope="module")
def two_workers(toy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("workers")
    found = _finish(
        _start_workers(folder, ["multi_worker", toy.dataset, folder, *METHODS])
    )
    assert found == [0, 0], (folder / "0.log").read_text()
    return folder


def _check_equal(folder, single, name):
    found = _weights(folder, name)
    assert len(found) == len(single[name]) > 5
    for ours, theirs in zip(found, single[name], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_two_devices_end_with_the_weights_of_one(mirrored, single, name):
    _check_equal(mirrored, single, name)


@pytest.mark.parametrize("name", METHODS)
def test_two_workers_end_with_the_weights_of_one(two_workers, single, name):
    _check_equal(two_workers, single, name)


def test_the_first_worker_evaluates_and_exports(two_workers):
    chief = two_workers / "ugach"

    assert (chief / "saved_model" / "saved_model.pb").exists()
    assert (chief / "metrics.json").exists()
    assert (chief / "logs").exists()
    other = chief / "worker-1"
    assert (other / "run.json").exists()
    assert not (other / "metrics.json").exists()
    assert not (other / "logs").exists()


def test_a_killed_worker_ends_the_training_which_then_resumes(
    toy, single, tmp_path
):
    arguments = ["multi_worker", toy.dataset, tmp_path, "ugach"]
    chief, other = _start_workers(tmp_path, arguments)
    saved = tmp_path / "ugach" / "checkpoints" / "checkpoint"
    while not saved.exists() and chief.poll() is None:
        time.sleep(0.1)
    other.kill()
    codes = _finish([chief, other])
    log = (tmp_path / "0.log").read_text()

    resumed = _finish(_start_workers(tmp_path, [*arguments, "--resume"]))

    assert codes[0] == 1
    assert "Another worker ended before the training did" in log
    assert resumed == [0, 0], (tmp_path / "0.log").read_text()
    assert "Resuming after" in (tmp_path / "1.log").read_text()
    _check_equal(tmp_path, single, "ugach")
