import dataclasses
import pathlib
import re
import shutil
import signal
import time

import numpy as np
import pytest
import tensorflow as tf

from common.system import files
from common.system import stopwatch
from experiments import train_ugach
from experiments.methods import trainings

LAST = "epoch-5"


def _wait_for_epoch(process, directory, epoch, seconds=300):
    """Waits until a running process has saved a checkpoint."""
    newest = directory / "checkpoints" / "checkpoint"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[1]
        if newest.exists() and f'"epoch-{epoch}"' in newest.read_text():
            return
        time.sleep(0.005)
    raise TimeoutError(f"no checkpoint of epoch {epoch}")


def _weights(directory):
    """Every stored tensor: both players, optimizer slots and counters."""
    reader = tf.train.load_checkpoint(str(directory / "checkpoints" / LAST))
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name != "_CHECKPOINTABLE_OBJECT_GRAPH"
    }


def _assert_same_run(directory, expected):
    weights, others = _weights(directory), _weights(expected)
    assert sorted(weights) == sorted(others)
    assert len(weights) > 16
    for name, value in weights.items():
        assert np.asarray(value).tobytes() == np.asarray(others[name]).tobytes()
    for name in ("codes.npz", "split.npz"):
        same = (expected / name).read_bytes()
        assert (directory / name).read_bytes() == same
    found, wanted = (
        files.read_json(folder / "metrics.json")
        for folder in (directory, expected)
    )
    for metrics in (found, wanted):
        for name in ("provenance", *stopwatch.Stopwatch().costs()):
            del metrics[name]
    assert found == wanted


def test_a_finished_run_can_be_made_longer(
    command, flags, config, toy, finished, tmp_path
):
    directory = tmp_path / "longer"
    shutil.copytree(finished, directory)
    run = dataclasses.replace(toy, output_dir=str(directory), resume=True)
    # Two turns of either player more.
    longer = dataclasses.replace(config, epochs=config.epochs + 2)
    before = files.read_json(directory / "metrics.json")

    code, output, errors = command("train_ugach", *flags(longer, run))

    assert code == 0, errors
    assert "Resuming after 5 of 9 epochs" in output
    record = files.read_json(directory / "run.json")
    assert record["config"]["epochs"] == longer.epochs
    after = files.read_json(directory / "metrics.json")
    assert after["train_seconds"] > before["train_seconds"]
    assert (directory / "checkpoints" / "epoch-9.index").exists()

    code, _, errors = command("train_ugach", *flags(config, run))

    assert code == 1
    assert f"epochs was {longer.epochs}, is {config.epochs}" in errors


def test_a_killed_run_resumes_to_the_very_same_model(
    start, command, flags, config, toy, finished, tmp_path
):
    run = dataclasses.replace(toy, output_dir=str(tmp_path / "killed"))
    directory = pathlib.Path(run.output_dir)
    process = start("train_ugach", *flags(config, run))
    _wait_for_epoch(process, directory, 2)

    process.send_signal(signal.SIGKILL)
    process.communicate()

    assert process.returncode == -signal.SIGKILL
    assert (directory / "run.json").exists()
    assert not (directory / "metrics.json").exists()
    assert not (directory / "saved_model").exists()

    code, output, errors = command(
        "train_ugach", *flags(config, dataclasses.replace(run, resume=True))
    )

    assert (code, errors) == (0, "")
    assert re.search(r"Resuming after [2-4] of 5 epochs\.", output)
    _assert_same_run(directory, finished)


@pytest.fixture
def cut_off(finished, tmp_path):
    """The finished run as it stood after its fourth epoch."""
    directory = tmp_path / "cut_off"
    shutil.copytree(finished, directory)
    for name in ("metrics.json", "codes.npz"):
        (directory / name).unlink()
    for name in ("saved_model", "figures"):
        shutil.rmtree(directory / name)
    checkpoints = directory / "checkpoints"
    for file in checkpoints.glob(f"{LAST}.*"):
        file.unlink()
    (checkpoints / "checkpoint").write_text(
        'model_checkpoint_path: "epoch-4"\n'
        'all_model_checkpoint_paths: "epoch-4"\n'
    )
    return directory


def test_a_run_resumes_before_an_epoch_of_the_generator(
    cut_off, finished, config, toy, capsys
):
    run = dataclasses.replace(toy, output_dir=str(cut_off), resume=True)

    files.write_json(
        cut_off / "checkpoints" / "seconds.json",
        {"train_seconds": 2000.0, "cpu_seconds": 3000.0},
    )

    metrics = trainings.train(train_ugach.METHOD, config, run)

    assert "Resuming after 4 of 5 epochs." in capsys.readouterr().out
    _assert_same_run(cut_off, finished)
    # One session for the same code, whoever trained.
    (made_by,) = files.read_json(cut_off / "run.json")["provenance"]
    assert metrics["provenance"] == [made_by]
    # What came before the resume is part of what the training took.
    assert metrics["train_seconds"] > 2000
    assert metrics["cpu_seconds"] > 3000


def test_a_run_that_other_code_goes_on_with_says_so(
    cut_off, finished, config, toy
):
    record = files.read_json(cut_off / "run.json")
    (now,) = record["provenance"]
    before = now | {"code": {"version": "0.0.1", "commit": None, "dirty": None}}
    files.write_json(cut_off / "run.json", record | {"provenance": [before]})
    run = dataclasses.replace(toy, output_dir=str(cut_off), resume=True)

    metrics = trainings.train(train_ugach.METHOD, config, run)

    resumed = files.read_json(cut_off / "run.json")
    assert resumed == record | {"provenance": [before, now]}
    assert metrics["provenance"] == [now]
    _assert_same_run(cut_off, finished)


def test_a_damaged_checkpoint_ends_in_one_sentence(cut_off, config, toy):
    damaged = cut_off / "checkpoints" / "epoch-4.index"
    damaged.write_bytes(b"damaged")
    run = dataclasses.replace(toy, output_dir=str(cut_off), resume=True)

    with pytest.raises(SystemExit) as end:
        trainings.train(train_ugach.METHOD, config, run)

    assert end.value.code == (
        f"Error: The checkpoint {cut_off}/checkpoints/epoch-4 cannot be read, "
        "it is damaged; train again with another --output_dir."
    )
    assert not (cut_off / "metrics.json").exists()
