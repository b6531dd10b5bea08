"""The scripts that the methods' READMEs print, run as they stand there."""

import ast
import os
import pathlib

import numpy as np
import pytest

import ssah
import uch
import ugach
from common.runs import run as common_run
from experiments import train_ssah
from experiments import train_uch
from experiments import train_ugach
from experiments.methods import trainings
from tests import conftest

ROOT = pathlib.Path(__file__).parents[1]
METHODS = {
    "ugach": train_ugach.METHOD,
    "uch": train_uch.METHOD,
    "ssah": train_ssah.METHOD,
}
SHORT = {
    "ugach": "pretrain_epochs=8, epochs=2, hidden_units=64",
    "uch": "epochs=10, text_feature_units=64, outer_hidden_units=64, "
    "inner_hidden_units=64",
    "ssah": "rounds=2, feature_units=64, label_hidden_units=64, "
    "text_hidden_units=64",
}


def _script(name):
    """The first Python block of a method's README."""
    text = (ROOT / name / "README.md").read_text("utf-8")
    return text.partition("```python\n")[2].partition("```")[0]


@pytest.mark.parametrize("name", METHODS)
def test_the_script_does_what_the_command_does(name, tmp_path, monkeypatch):
    # Defaults but for widths, and the length that 100 training items ask for.
    items = conftest.clustered(count=2100)
    np.savez(
        tmp_path / "mine.npz",
        image=items.image,
        text=items.text,
        labels=items.labels,
    )
    monkeypatch.chdir(tmp_path)
    # It changes no step, and takes longer than these do.
    for model in (ugach.UGACH, uch.UCH, ssah.SSAH):
        monkeypatch.setattr(model, "suits_xla", False)
    script = _script(name)
    assert len(ast.parse(script).body) <= 12
    found = {}

    exec(script.replace("bits=64", f"bits=64, {SHORT[name]}"), found)

    method = METHODS[name]
    run = common_run.Run(
        dataset="mine.npz",
        num_query=2000,
        num_validation=0,
        output_dir="run",
        cache_dir="cache",
    )
    metrics = trainings.train(method, found["model"].config, run)
    for direction in ("i2t", "t2i"):
        reached = metrics[direction]["map_all"]
        assert found["scores"][f"map_{direction}"] == reached
        assert found["history"].history[f"val_map_{direction}"]
    assert found["codes"]["text"].shape == (100, 8)
    assert found["again"].finished_epochs == len(found["history"].epoch)
    assert os.path.exists("saved_model/saved_model.pb")
