import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import experiments
from experiments.benchmarks import processes

ROOT = pathlib.Path(__file__).parents[2]
HOSTILE = 'raise SystemExit("a file of the working directory was imported")\n'
# What pip makes of the entry point.
SCRIPT = "import sys\nfrom experiments import main\nsys.exit(main())\n"
SAY = "import common, json\nprint(json.dumps(common.__file__))\n"


@pytest.fixture
def hostile(tmp_path):
    """A working directory with files that have our packages' names."""
    folder = tmp_path / "hostile"
    for name in ("experiments", "common/runs", "ugach"):
        (folder / name).mkdir(parents=True)
    for name in ("common.py", "common/__init__.py", "experiments/__init__.py"):
        (folder / name).write_text(HOSTILE)
    (folder / "ugach/__init__.py").write_text(HOSTILE)
    return folder


@pytest.fixture
def cmh(hostile, tmp_path):
    """Runs `cmh` among hostile files: exit code, stdout and stderr."""
    script = tmp_path / "bin" / "cmh"
    script.parent.mkdir()

    def run(*arguments, program=SCRIPT):
        script.write_text(program)
        process = subprocess.run(
            [sys.executable, str(script), *arguments],
            cwd=hostile,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        return process.returncode, process.stdout, process.stderr

    return run


@pytest.mark.parametrize("arguments", ((), ("--help",), ("help",)))
def test_help_lists_every_command_with_a_line(cmh, arguments):
    code, output, errors = cmh(*arguments)

    assert (code, errors) == (0, "")
    listed = [line.split(maxsplit=1) for line in output.splitlines()[6:]]
    assert dict(listed) == experiments.commands()
    assert {"train-ugach", "search", "inspect-data", "tables"} <= {
        name for name, _ in listed
    }


@pytest.mark.parametrize("arguments", (("--version",), ("search", "--version")))
def test_version_is_that_of_the_installed_package(cmh, arguments):
    code, output, errors = cmh(*arguments)

    assert (code, errors) == (0, "")
    assert output.startswith("cmh 0.")


@pytest.mark.parametrize(
    ("name", "flag"),
    (
        ("train-ugach", "--bits: K, the code length."),
        ("train_ugach", "--bits: K, the code length."),
        ("claims", "--results: "),
    ),
)
def test_a_command_answers_under_both_spellings(cmh, name, flag):
    code, output, errors = cmh(name, "--help")

    assert (code, errors) == (0, "")
    assert flag in output


def test_an_unknown_command_is_one_sentence(cmh):
    code, output, errors = cmh("serach", "--text=owl")

    assert (code, output) == (1, "")
    assert errors == "Error: there is no command 'serach'; see cmh --help.\n"


def test_what_a_command_refuses_keeps_its_exit_code(cmh):
    code, _, errors = cmh("search", "owl")

    assert code == 1
    assert errors == "Error: unknown argument 'owl'; see --help.\n"


def test_a_command_that_starts_processes_is_not_misled(cmh, hostile, data):
    np.savez(
        hostile / "photos.npz",
        image=data.image,
        text=data.text,
        labels=data.labels,
    )

    code, output, errors = cmh(
        "train-baselines",
        "--methods=cvh",
        "--lengths=4",
        "--dataset=photos.npz",
        "--num_query=20",
        "--output_dir=made",
    )

    assert code == 0, errors
    assert "CVH" in output
    assert (hostile / "made" / "cvh_4_0" / "fit.json").is_file()


def test_programs_that_a_command_starts_find_our_packages(cmh):
    child = (
        f"import subprocess\nsubprocess.run([sys.executable, '-c', {SAY!r}])"
    )
    code, output, errors = cmh(
        "--version",
        program=SCRIPT.replace("sys.exit(main())", "main()") + child,
    )

    assert (code, errors) == (0, "")
    assert json.loads(output.splitlines()[-1]) == str(
        ROOT / "common" / "__init__.py"
    )


def test_measured_processes_find_our_packages(hostile, tmp_path, monkeypatch):
    (tmp_path / "say.py").write_text(SAY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(hostile)

    found = processes.measured("say")

    assert found == str(ROOT / "common" / "__init__.py")
