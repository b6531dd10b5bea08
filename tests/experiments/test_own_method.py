"""The page "Add your own method", followed as it stands there."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest

from common.system import files
from experiments.baselines import fits
from tests import conftest

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "experiments" / "baselines" / "README.md"
NAME = "linear_hashing.LinearHashing"


def _blocks(language):
    text = PAGE.read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of the newcomer's, with the method and a small data set."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "linear_hashing.py").write_text(_blocks("python")[0], "utf-8")
    items = conftest.clustered(count=400, image_dim=40, text_dim=45)
    np.savez(
        folder / "small.npz",
        image=items.image,
        text=items.text,
        labels=items.labels,
    )
    return folder


def _run(folder, command, *more):
    words = [sys.executable, *shlex.split(command)[1:], *more]
    return subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


SMALL = ("--dataset=small.npz", "--num_query=50", "--num_validation=0")


def test_a_method_in_one_file_gets_a_row_in_the_table(folder):
    written = (folder / "linear_hashing.py").read_text("utf-8")
    assert len(written.splitlines()) < 60

    finished = _run(
        folder,
        _blocks("bash")[0],
        *SMALL,
        "--lengths=8",
        "--num_seeds=1",
        "--output_dir=baselines",
        f"--change={NAME}.epochs=60,{NAME}.learning_rate=0.01",
    )

    assert finished.returncode == 0, finished.stderr
    rows = finished.stdout.splitlines()
    assert [row.split("|")[1].strip() for row in rows[-3:]] == [
        "CVH",
        "LinearHashing",
        "chance",
    ]
    result = files.read_json(folder / "mine.json")
    assert result["settings"]["LinearHashing"]["epochs"] == 60
    (own,) = (r for r in result["runs"] if r["variant"] == "LinearHashing")
    for direction in ("i2t", "t2i"):
        assert own[direction]["map_all"] > own[direction]["chance"] + 0.1


def test_it_stands_beside_the_papers_methods(folder):
    command = _blocks("bash")[1].replace("UGACH,SCM_seq", "SCM_seq")

    finished = _run(
        folder, command, *SMALL, "--quick", "--output_dir=tables", "--jobs=2"
    )

    assert finished.returncode == 0, finished.stderr + finished.stdout
    table = (folder / "tables/all/all.md").read_text("utf-8")
    assert "LinearHashing" in table
    assert (folder / "tables/all/all.png").stat().st_size > 0


def test_it_is_a_keras_model_like_the_others(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    found = {}

    exec(_blocks("python")[1], found)

    assert found["scores"]["map_i2t"] > 0.3
    path = folder / "model.keras"
    found["model"].save(path)
    again = type(found["model"]).from_config(found["model"].get_config())
    assert again.config == found["model"].config


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("linear", "Unknown method 'linear'; .*MODULE.CLASS"),
        ("nowhere.Linear", "no module nowhere .* where nowhere.py is"),
        ("linear_hashing.Linear", "linear_hashing.py has no class Linear"),
    ],
)
def test_a_method_that_is_not_there_is_told(folder, monkeypatch, name, message):
    monkeypatch.syspath_prepend(folder)

    with pytest.raises(ValueError, match=message):
        fits.create(name, {})
