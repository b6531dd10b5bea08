import dataclasses
import json
import types

import pytest

from common.system import files
from experiments import paper_tables
from experiments.papers import cells
from experiments.papers import specs


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module")
def plan():
    """CVH, which is fitted, and CCQ, which refuses so few items."""
    table = dataclasses.replace(
        specs.TABLES["uch_figure_2"],
        rows=tuple(specs.Row(name, name) for name in ("CCQ", "CVH")),
    )
    return paper_tables.Plan("uch_figure_2", table, (8,), 1, True, None)


@pytest.fixture(scope="module")
def result(plan, toy, parent):
    return paper_tables.make(plan, toy, parent, 2)


def test_a_table_comes_in_every_form(result, parent):
    folder = parent / "uch_figure_2"

    assert {file.name for file in folder.iterdir()} == {
        *(f"uch_figure_2.{kind}" for kind in ("md", "csv", "tex", "png")),
        "uch_figure_2.json",
        "hparams",
    }
    assert files.read_json(folder / "uch_figure_2.json") == json.loads(
        json.dumps(result)
    )
    assert list(folder.glob("hparams/cvh_8_0_quick/events.out.*"))


def test_a_cell_that_fails_leaves_the_others_alone(result):
    failed, fitted = result["runs"]

    assert failed["failure"].startswith("CCQ takes the 256 words")
    assert fitted["i2t"]["map_all"] > fitted["i2t"]["chance"] + 0.01
    assert fitted["peak_memory_mb"] > 20


def test_a_finished_cell_is_not_trained_again(result, plan, toy, parent):
    metrics = parent / "cells" / "cvh_8_0_quick" / "metrics.json"
    before = metrics.stat().st_mtime_ns
    todo = [cell for cell in plan.cells if cell.row.label == "CVH"]

    ((_, again),) = cells.train_all(todo, toy, parent / "cells", 1)

    assert metrics.stat().st_mtime_ns == before
    kept = {"variant": "CVH", "bits": 8, "seed": 0, **again}
    made_by = {"provenance": result["runs"][1]["provenance"]}
    assert kept | made_by == result["runs"][1]


def test_a_table_says_what_made_its_cells(result, parent):
    failed, fitted = result["runs"]
    fit, evaluation = result["provenance"]

    assert (failed["provenance"], fitted["provenance"]) == ([], [0, 1])
    # The fit is alone in its process, and needs no TensorFlow.
    assert (fit["threads"]["intra_op"], fit["precision"]) == (None, None)
    assert evaluation["precision"] == "float32"
    text = (parent / "uch_figure_2" / "uch_figure_2.md").read_text()
    assert f"*Made by version {fit['code']['version']}" in text


def test_a_cell_without_relevant_items_is_told_as_such(plan):
    undefined = {"map_all": None}
    outcome = {"i2t": undefined, "t2i": undefined, "train_seconds": 2.4}

    line = paper_tables._line(plan.cells[1], outcome, 2, 2)

    assert line == (
        "[2/2] CVH, 8 bits, seed 0: map_all no relevant items / no relevant "
        "items, 2 s"
    )


def _given(**changes):
    defaults = {"methods": [], "lengths": [], "published": ""}
    typed = defaults | {"quick": False, "num_seeds": 3} | changes
    return types.SimpleNamespace(**typed)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("ugach_9", {}, "--table takes .*; received 'ugach_9'."),
        ("uch_2", {"methods": ["CVH"]}, "takes UGACH, UCH .* 'CVH'."),
        ("uch_2", {"published": "COCO"}, "MIRFlickr-25K .* 'COCO'."),
        ("ssah_figure_3", {"published": "COCO"}, "takes nothing"),
        ("uch_2", {"lengths": ["x"]}, "whole numbers .*; received 'x'"),
    ],
)
def test_wrong_flags_are_refused(name, changes, message):
    with pytest.raises(ValueError, match=message):
        paper_tables._plan(name, _given(**changes))


def test_typed_flags_narrow_a_table():
    plan = paper_tables._plan(
        "ugach_2", _given(methods=["CVH", "UGACH"], lengths=["8", "24"])
    )

    assert [row.label for row in plan.table.rows] == ["CVH", "UGACH"]
    # Two lengths; CVH draws nothing and needs one seed of the three.
    assert (plan.lengths, len(plan.cells)) == ((8, 24), 2 * (1 + 3))
    assert plan.published == "MIRFlickr"


def test_wrong_input_ends_in_one_sentence(command, tmp_path):
    code, output, errors = command(
        "paper_tables", f"--output_dir={tmp_path}/out"
    )

    assert (code, output) == (1, "")
    assert errors.startswith("Error: --table takes some of ugach_1")
    assert errors.count("\n") == 1
    assert not (tmp_path / "out").exists()
