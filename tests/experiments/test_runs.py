import os
import pathlib
import shutil

import numpy as np
import pytest

from common.runs import finished as finished_runs
from common.runs import places
from common.system import files


def _refused(directory):
    with pytest.raises(ValueError) as error:
        finished_runs.open_run(directory)
    return str(error.value)


def test_a_finished_run_opens_with_its_data_and_split(finished, config, toy):
    opened = finished_runs.open_run(finished)

    assert opened.directory == finished
    assert opened.bits == config.bits
    assert opened.record["run"]["dataset"] == toy.dataset
    assert len(opened.data) == 120
    assert opened.split.digest() == opened.record["split"]["sha256"]


def test_a_folder_without_a_run_is_named(tmp_path):
    assert _refused(tmp_path).startswith(f"{tmp_path} holds no run")


def test_a_run_that_has_not_finished_is_named(finished, tmp_path):
    shutil.copy(finished / "run.json", tmp_path)

    assert _refused(tmp_path) == (
        f"The run in {tmp_path} has not finished; continue it with --resume."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not JSON", "run.json is not readable JSON (Expecting value:"),
        ("[]", "run.json lacks config, run, data, split; it is no run of"),
        (
            '{"name": "x", "config": {}, "data": {"sha256": ""}, "split": {}}',
            "run.json lacks method, config.bits, run, split.sha256; it is no",
        ),
        (
            '{"method": 3, "config": {"bits": "x"}, "run": {"dataset": null}, '
            '"data": {"sha256": []}, "split": {"sha256": ""}}',
            "run.json lacks method, config.bits, run.dataset, data.sha256; it",
        ),
        ("[" * 100_000, "run.json is not readable JSON (maximum recursion"),
    ],
)
def test_a_record_of_another_program_is_named(tmp_path, text, message):
    (tmp_path / "run.json").write_text(text)
    (tmp_path / "metrics.json").write_text("{}")

    assert _refused(tmp_path).startswith(f"{tmp_path}/{message}")


def test_settings_of_another_version_are_named(finished, tmp_path):
    (tmp_path / "metrics.json").write_text("{}")
    record = files.read_json(finished / "run.json")
    record["run"] |= {"colour": "red", "speed": 9}
    files.write_json(tmp_path / "run.json", record)

    assert _refused(tmp_path) == (
        f"{tmp_path}/run.json has settings that this version does not know: "
        "colour, speed."
    )


def test_a_setting_of_another_kind_is_named(finished, tmp_path):
    (tmp_path / "metrics.json").write_text("{}")
    record = files.read_json(finished / "run.json")
    record["run"] |= {"seed": ["a"]}
    files.write_json(tmp_path / "run.json", record)

    assert _refused(tmp_path) == (
        f"{tmp_path}/run.json has seed = \"['a']\", which is no int."
    )


def test_another_data_set_under_the_same_name_is_refused(
    finished, data, tmp_path
):
    for name in ("run.json", "metrics.json", "split.npz"):
        shutil.copy(finished / name, tmp_path)
    changed = tmp_path / "changed.npz"
    np.savez(changed, image=data.image + 1, text=data.text)
    record = files.read_json(tmp_path / "run.json")
    record["run"]["dataset"] = str(changed)
    files.write_json(tmp_path / "run.json", record)

    assert _refused(tmp_path) == (
        f"{changed} is not the data set that {tmp_path} was trained on; its "
        "SHA-256 differs."
    )


def test_a_run_opens_from_anywhere_and_after_it_was_moved(
    finished, toy, tmp_path, monkeypatch
):
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "runs").mkdir(parents=True)
    shutil.copy(toy.dataset, old / "toy.npz")
    shutil.copytree(finished, old / "runs" / "one")
    monkeypatch.chdir(old)
    record = files.read_json("runs/one/run.json")
    record["run"]["dataset"] = "toy.npz"
    typed = dict(record, run=dict(record["run"]))
    record = places.locate(record, pathlib.Path("runs/one"))
    files.write_json("runs/one/run.json", record)

    assert record["run"]["dataset"] == str(old / "toy.npz")
    assert record["from_run"] == {"dataset": "../../toy.npz"}
    monkeypatch.chdir("/")
    assert len(finished_runs.open_run(old / "runs" / "one").data) == 120
    # Alone: the data is where it was.
    (old / "runs" / "one").rename(tmp_path / "alone")
    assert len(finished_runs.open_run(tmp_path / "alone").data) == 120
    # Together with the data.
    (tmp_path / "alone").rename(old / "runs" / "one")
    old.rename(new)
    assert len(finished_runs.open_run(new / "runs" / "one").data) == 120
    # A record of what was typed, as they once were.
    files.write_json(new / "runs" / "one" / "run.json", typed)
    opened = finished_runs.open_run(new / "runs" / "one")
    assert opened.record["run"]["dataset"] == str(new / "toy.npz")


def test_data_that_was_moved_is_asked_for_and_then_found(
    finished, toy, tmp_path, command
):
    run, moved = tmp_path / "run", tmp_path / "moved.npz"
    shutil.copytree(finished, run)
    shutil.copy(toy.dataset, moved)
    record = files.read_json(run / "run.json")
    record["run"]["dataset"] = str(tmp_path / "gone" / "toy.npz")
    files.write_json(run / "run.json", record | {"from_run": {}})

    assert _refused(run) == (
        f"{run} was trained on {tmp_path}/gone/toy.npz, which is not there; "
        "say where it is now with --dataset."
    )
    assert len(finished_runs.open_run(run, moved).data) == 120
    code, output, errors = command(
        "evaluate", f"--run={run}", f"--dataset={moved}"
    )
    assert (code, errors) == (0, "") and "ugach" in output


def test_the_newest_run_is_the_one_that_finished_last(tmp_path):
    for place, name in enumerate(("first", "second/inner", "third")):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "run.json").write_text("{}")
        if name != "third":
            (folder / "metrics.json").write_text("{}")
            os.utime(folder / "metrics.json", (1000 + place, 1000 + place))

    # The third has not finished.
    assert finished_runs.newest(tmp_path) == tmp_path / "second" / "inner"


def test_without_a_name_the_newest_run_is_opened(
    finished, tmp_path, monkeypatch
):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "one").symlink_to(finished)
    shutil.copytree(finished, tmp_path / "runs" / "two")
    monkeypatch.chdir(tmp_path)

    assert finished_runs.open_run("").directory.as_posix() == "runs/two"


def test_without_any_run_the_command_that_makes_one_is_shown(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)

    assert "No finished run in runs/; train one with" in _refused("")
