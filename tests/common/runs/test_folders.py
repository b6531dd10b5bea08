import concurrent.futures
import dataclasses
import os
import subprocess
import sys

import pytest

from common.runs import folders
from common.runs import run as common_run
from common.system import locks

CONFIG = dataclasses.make_dataclass("Config", [("bits", int, 8)])()
LEFT = (
    *(".run.json.abcdefgh.part", "checkpoints/epoch-3_temp/part.data"),
    *("checkpoints/checkpoint.tmp05fa", "checkpoints/.seconds.json.abc_1234"),
    *("figures/.precision_at.png.abcdefgh.part", "worker-1/.a.abcdefgh.part"),
    *("checkpoints/epoch-3.index", "checkpoints/checkpoint", "codes.npz"),
)
KEPT = {
    *("checkpoints/.seconds.json.abc_1234", "worker-1/.a.abcdefgh.part"),
    *("checkpoints/epoch-3.index", "checkpoints/checkpoint", "codes.npz"),
}


@pytest.fixture
def run(data_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return common_run.Run(dataset=str(data_file))


def test_runs_that_begin_together_have_a_folder_each(run):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(folders.choose, [run] * 24, ["same"] * 24))

    assert len(set(made)) == 24
    assert all(path.is_dir() for path in made)
    # Those of one second are numbered.
    assert any(path.name.endswith("-2") for path in made)


def test_a_named_folder_is_taken_as_it_is(run):
    named = dataclasses.replace(run, output_dir="my/run")

    assert folders.choose(named, "name").as_posix() == "my/run"
    assert not os.path.exists("my")


PREPARE = """
import dataclasses, sys
from common.runs import run as common_run
config = dataclasses.make_dataclass("Config", [("bits", int, 8)])()
sys.stdin.readline()
run = common_run.Run(dataset=sys.argv[1], output_dir=sys.argv[2])
try:
    print(common_run.prepare(run, "method", config).directory)
except ValueError as error:
    print("Error:", error)
"""


@pytest.mark.parametrize("output_dir", ["", "one"])
def test_processes_that_start_together_never_share_a_folder(run, output_dir):
    root = os.path.dirname(os.path.dirname(common_run.__file__))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PREPARE, run.dataset, output_dir],
            env={**os.environ, "PYTHONPATH": os.path.dirname(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    # What else is said of the data comes before.
    said = [p.communicate()[0].splitlines()[-1] for p in processes]

    taken = [line for line in said if not line.startswith("Error: ")]
    assert len(taken) == len(set(taken)) == (1 if output_dir else 4)
    for line in set(said) - set(taken):
        assert line.startswith(
            ("Error: one already holds a run", "Error: one is being written by")
        )


def test_a_second_writer_is_refused(run, tmp_path):
    named = dataclasses.replace(run, output_dir="out")

    with folders.writing("out"):
        with pytest.raises(ValueError) as error:
            common_run.prepare(named, "method", CONFIG)
        assert not os.path.exists("out/run.json")
        # Whoever only reads is let in.
        assert os.listdir("out") == ["run.lock"]
    common_run.prepare(named, "method", CONFIG)

    assert str(error.value) == (
        f"out is being written by process {os.getpid()}; wait until that ends, "
        "or pass another --output_dir."
    )
    assert sorted(os.listdir("out")) == ["run.json", "split.npz"]


def test_what_killed_processes_left_is_cleared_and_nothing_else(tmp_path):
    for name in LEFT:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()

    with folders.writing(tmp_path):
        found = {
            path.relative_to(tmp_path).as_posix()
            for path in tmp_path.rglob("*")
            if path.is_file()
        }

    assert found == KEPT | {"run.lock"}


def test_nothing_is_cleared_while_another_process_writes(tmp_path):
    left = tmp_path / "checkpoints" / "epoch-3_temp"
    left.mkdir(parents=True)

    with locks.held(tmp_path / "run.lock"):
        with pytest.raises(ValueError), folders.writing(tmp_path):
            pass

    assert left.exists()
