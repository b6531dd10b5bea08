import shutil

import numpy as np
import pytest

from common.runs import finished as finished_runs
from common.system import files
from common.system import stopwatch
from experiments import evaluate


@pytest.mark.parametrize("source", ["codes", "saved_model"])
def test_metrics_are_those_of_the_training(finished, source):
    metrics = evaluate.evaluate(finished_runs.open_run(finished), source)

    expected = files.read_json(finished / "metrics.json")
    for name in stopwatch.Stopwatch().costs():
        del expected[name]
    assert metrics == expected


def test_metrics_follow_the_stored_codes(finished, tmp_path):
    directory = tmp_path / "changed"
    shutil.copytree(finished, directory)
    changed = files.read_npz(directory / "codes.npz")
    for part in ("retrieval_image", "retrieval_text"):
        changed[part] = np.zeros_like(changed[part])
    files.write_npz(directory / "codes.npz", **changed)

    metrics = evaluate.evaluate(finished_runs.open_run(directory), "codes")

    # A database of equal codes is at chance, and every bit of it constant.
    for direction in ("i2t", "t2i"):
        scores = metrics[direction]
        assert scores["map_all"] == pytest.approx(scores["chance"])
    assert len(metrics["warnings"]) == 4


def test_missing_codes_and_models_are_named(finished, tmp_path):
    for name in ("run.json", "metrics.json", "split.npz"):
        shutil.copy(finished / name, tmp_path)
    opened = finished_runs.open_run(tmp_path)

    with pytest.raises(OSError, match="codes.npz"):
        evaluate.evaluate(opened, "codes")
    with pytest.raises(ValueError, match="holds no exported hashing model"):
        evaluate.evaluate(opened, "saved_model")
