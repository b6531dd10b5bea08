import os
import pathlib
import subprocess
import sys

import pytest

import experiments

ROOT = pathlib.Path(__file__).parents[2]
EXPERIMENTS = sorted(
    path.stem
    for path in (ROOT / "experiments").glob("*.py")
    if '"__main__":\n' in path.read_text(encoding="utf-8")
)
# Commands that are folders.
FOLDERS = sorted(
    path.parent.name for path in (ROOT / "experiments").glob("*/__main__.py")
)

# Runs an experiment as `cmh` does and says what it has imported, and
# which flags of the project's other modules it does not list.
ASK_FOR_HELP = """
import sys
import experiments
try:
    experiments.main()
finally:
    slow = {"tensorflow", "keras", "sklearn", "scipy", "matplotlib"}
    print("Imported:", *sorted(slow & set(sys.modules)), file=sys.stderr)
    from absl import flags
    listed = {
        flag.name
        for module, own in flags.FLAGS.key_flags_by_module_dict().items()
        if module.endswith(".py")
        for flag in own
    }
    defined = {
        flag.name
        for module, own in flags.FLAGS.flags_by_module_dict().items()
        if not module.startswith("absl") and not module.endswith(".py")
        for flag in own
    }
    print("Hidden:", *sorted(defined - listed), file=sys.stderr)
"""


def test_every_command_is_asked():
    names = {name.replace("-", "_") for name in experiments.commands()}

    assert names == {*EXPERIMENTS, *FOLDERS}
    assert {"claims", "serve"} <= names


@pytest.mark.parametrize("name", [*EXPERIMENTS, *FOLDERS])
def test_help_is_shown_without_importing_tensorflow(name, tmp_path):
    module = f"experiments.{name}"

    process = subprocess.run(
        [sys.executable, "-c", ASK_FOR_HELP, name, "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode == 0
    assert process.stderr == "Imported:\nHidden:\n"
    assert f"python -m {module}" in process.stdout
    file = f"{name}/__main__.py" if name in FOLDERS else f"{name}.py"
    assert f"experiments/{file}:\n  --" in process.stdout


def test_help_lists_the_settings_of_method_and_run(tmp_path):
    process = subprocess.run(
        [sys.executable, "-m", "experiments.train_ugach", "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    for shown in (
        "--preset: <default|paper|released>",
        "--bits: K, the code length.",
        "--mode: <baseline|baseline_gan|ugach>",
        "--dataset: openclipart",
        "--[no]resume: Continue the run in --output_dir.",
    ):
        assert shown in process.stdout
    assert process.returncode == 0
    assert process.stderr == ""
