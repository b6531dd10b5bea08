import dataclasses
import os
import pathlib
import re
import subprocess
import sys

import pytest

from common.system import files
from experiments import train_baselines
from experiments.baselines import fits
from experiments.baselines import method as baseline_method
from experiments.papers import result_tables

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run(toy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("baselines")
    return dataclasses.replace(toy, output_dir=str(folder))


def _run_all(run, methods, bits):
    return train_baselines.run_all(methods, run, 1, [bits])


@pytest.fixture(scope="module")
def result(run):
    """One fit of each of two methods."""
    methods = {
        "cvh": fits.create("cvh", {}),
        "stmh": fits.create("stmh", {"rounds": "2"}),
    }
    return _run_all(run, methods, 8)


def test_each_fit_is_measured_and_beats_chance(result, data):
    assert [one["variant"] for one in result["runs"]] == ["CVH", "STMH"]
    for one in result["runs"]:
        assert (one["bits"], one["seed"], one["training_pairs"]) == (8, 0, 100)
        assert one["train_seconds"] < 60
        # The interpreter with NumPy alone takes tens of megabytes.
        assert 20 < one["peak_memory_mb"] < 4000
        assert one["i2t"]["map_all"] > one["i2t"]["chance"] + 0.01
    assert result["settings"]["STMH"]["rounds"] == 2
    assert result["split"] == {"query": 20, "retrieval": 100}
    assert result["data"]["sha256"] == data.digest()


def test_a_finished_cell_is_read_and_not_repeated(result, run):
    folder = pathlib.Path(run.output_dir) / "cvh_8_0"
    written = {f.name: f.stat().st_mtime_ns for f in folder.iterdir()}

    again = _run_all(run, {"cvh": fits.create("cvh", {})}, 8)

    assert again["runs"] == result["runs"][:1]
    assert written == {f.name: f.stat().st_mtime_ns for f in folder.iterdir()}


def test_a_cell_finished_with_other_settings_does_not_count(result, run):
    other = {"cvh": fits.create("cvh", {"ridge": "0.5"})}

    (one,) = _run_all(run, other, 8)["runs"]

    assert "settings was {'ridge': 1.0}, is {'ridge': 0.5}" in one["failure"]


def test_a_fit_that_is_refused_leaves_the_others_alone(result, run):
    methods = {
        "ccq": fits.create("ccq", {}),
        "cvh": fits.create("cvh", {}),
    }

    result = _run_all(run, methods, 8)

    refused, fitted = result["runs"]
    assert refused["variant"] == "CCQ"
    assert re.match(
        r"CCQ takes the 256 words .* received 100", refused["failure"]
    )
    assert "failure" not in fitted
    lines = result_tables.baselines(result).splitlines()
    assert lines[2].startswith("| CCQ | 8 | failed with 1 of 1 seeds |")
    assert len({line.count("|") for line in lines}) == 1


class _Deadly(baseline_method.Method):
    """Ends the process that it is sent to."""

    def __reduce__(self):
        return os._exit, (1,)


def test_fits_that_want_too_much_memory_leave_the_others_alone(result, run):
    methods = {
        "cmssh": fits.create("cmssh", {"pairs": str(10**15)}),
        "pdh": _Deadly(),
        "cvh": fits.create("cvh", {}),
    }

    refused, dead, fitted = _run_all(run, methods, 8)["runs"]

    assert refused["failure"].startswith("Unable to allocate")
    assert dead["failure"] == (
        "The process that fitted pdh died; it may have run out of memory."
    )
    assert "failure" not in fitted


def test_the_table_has_mean_and_spread_over_seeds():
    def one(seed, value, seconds):
        scores = {"map_all": value, "map_at_50": 0.5, "chance": 0.25}
        return {
            **{"variant": "CVH", "bits": 16, "seed": seed},
            **{"i2t": scores, "t2i": scores, "train_seconds": seconds},
            **{
                "cpu_seconds": 2 * seconds,
                "peak_memory_mb": 100 + seed,
                "training_pairs": 60,
            },
        }

    table = result_tables.baselines(
        {"runs": [one(0, 0.3, 2.0), one(1, 0.5, 4.0)]}
    )

    # The spread of .3 and .5 is .2 / sqrt(2).
    line, chance = table.splitlines()[2:]
    assert line == (
        "| CVH | 16 | 0.4000 ± 0.1414 | 0.4000 ± 0.1414 | 0.4000 ± 0.1414 "
        "| 0.5000 ± 0.0000 | 0.5000 ± 0.0000 | 2 | 3 | 6 | 101 | 60 |"
    )
    assert chance.startswith("| chance | | 0.2500 | 0.2500 | 0.2500 |")
    assert chance.count("|") == line.count("|")


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("svm", {}, "Unknown method 'svm'; there are cvh, pdh"),
        ("cvh", {"rounds": "3"}, "cvh has no setting 'rounds'; it has ridge."),
        ("cmfh", {"rounds": "ten"}, "rounds is a int; received 'ten'."),
        ("cmfh", {"unit_rows": "1"}, "unit_rows is a bool; received '1'."),
        ("cmfh", {"rounds": "0"}, "rounds must be at least 1; received 0."),
    ],
)
def test_what_no_method_has_is_refused(name, changes, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        fits.create(name, changes)


@pytest.mark.parametrize("change", ["cmfh.rounds", "rounds=3", "fsh.rounds=3"])
def test_a_change_names_a_method_that_is_fitted(change):
    with pytest.raises(ValueError, match=f"received '{change}'"):
        train_baselines._methods(["cmfh"], [change])


def test_a_change_reaches_its_method_alone():
    methods = train_baselines._methods(["cmfh", "fsh"], ["fsh.rounds=3"])

    assert methods["fsh"].rounds == 3
    assert methods["cmfh"].rounds == 25


def test_the_peak_of_memory_covers_what_was_given_back():
    program = (
        "import numpy as np\n"
        "from common.system import stopwatch\n"
        "before = stopwatch.peak_memory()\n"
        "large = np.ones(4_000_000)\n"
        "del large\n"
        "print(stopwatch.peak_memory() - before)\n"
    )

    printed = subprocess.check_output(
        [sys.executable, "-c", program], cwd=ROOT, text=True
    )

    # 32 MB, of which a little may have been free before.
    assert 28e6 < int(printed) < 60e6


def test_lines_come_at_most_every_ten_seconds(capsys):
    lines = fits.Lines("cmfh")
    lines(1, 25, 4.0)
    lines._last -= 11
    lines(2, 25, 3.0)
    lines(3, 25)

    assert capsys.readouterr().out == "cmfh: 2 of 25, objective 3\n"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("--methods=svm", "Unknown method 'svm'; there are cvh"),
        (
            "--methods=cvh --resume",
            "--resume needs the --output_dir of the run.",
        ),
        (
            "--methods=cvh --strategy=mirrored",
            "The compared methods fit on one processor;",
        ),
    ],
)
def test_wrong_input_ends_the_command_in_one_sentence(
    command, tmp_path, typed, message
):
    code, output, errors = command("train_baselines", *typed.split())

    assert (code, output) == (1, "")
    assert errors.startswith(f"Error: {message}")
    assert errors.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_result_file_keeps_what_was_run(result, tmp_path):
    files.write_json(tmp_path / "result.json", result)

    assert files.read_json(tmp_path / "result.json") == result
