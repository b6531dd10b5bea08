import os
import pathlib
import subprocess
import sys

import pytest

from common.runs import runner
from common.system import extras

ROOT = pathlib.Path(__file__).parents[3]

PROGRAM = """
'''Prints what it was asked for.'''
import dataclasses
import sys

from absl import flags

from common.runs import runner
from common.models import settings


@dataclasses.dataclass(frozen=True)
class Config:
    bits: int = settings.setting(8, "Length.", minimum=1)
    rate: float = settings.setting(0.1, "Rate.")

    def __post_init__(self):
        settings.check(self)


def define_more():
    flags.DEFINE_boolean("fault", False, "Fail.")


def main(config, run):
    if flags.FLAGS.fault:
        {}["nothing"]
    print(config, run.seed)


if __name__ == "__main__":
    presets = {"default": Config(), "long": Config(64, 0.5)}
    runner.start(main, presets, define_more)
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("program") / "program.py"
    path.write_text(PROGRAM)
    return path


def _run(program, *arguments):
    return subprocess.run(
        [sys.executable, str(program), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_main_gets_the_preset_with_what_was_typed(program):
    process = _run(program, "--preset=long", "--rate=2", "--seed=7")

    assert process.returncode == 0
    assert process.stdout == "Config(bits=64, rate=2.0) 7\n"
    assert process.stderr == ""


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--bits=0", "Error: bits must be at least 1; received 0.\n"),
        ("--seed=-1", "Error: seed must be at least 0; received -1.\n"),
        ("more", "Error: unknown argument 'more'; see --help.\n"),
    ],
)
def test_wrong_input_ends_in_one_sentence(program, argument, message):
    process = _run(program, argument)

    assert process.returncode == 1
    assert process.stderr == message
    assert process.stdout == ""


def test_a_fault_of_the_program_keeps_its_traceback(program):
    process = _run(program, "--fault")

    assert process.returncode == 1
    assert "Traceback" in process.stderr
    assert "KeyError: 'nothing'" in process.stderr


def test_flags_are_enough():
    runner.refuse_arguments(["program"])

    with pytest.raises(SystemExit) as end:
        runner.refuse_arguments(["program", "one", "two"])

    assert end.value.code == "Error: unknown argument 'one'; see --help."


@pytest.mark.parametrize(
    "error",
    [
        ValueError("Not so."),
        FileNotFoundError("Not so."),
        extras.NotInstalledError("Not so."),
    ],
)
def test_errors_of_the_input_become_one_sentence(error):
    with pytest.raises(SystemExit) as end, runner.one_sentence_errors():
        raise error

    # A string as code makes Python print it and exit with 1.
    assert end.value.code == "Error: Not so."


@pytest.mark.parametrize("error", [ZeroDivisionError, ModuleNotFoundError])
def test_other_errors_pass(error):
    with pytest.raises(error), runner.one_sentence_errors():
        raise error


def _native_message(text):
    """Writes as C code does, past `sys.stderr`."""
    os.write(2, text.encode())


def test_messages_of_native_code_are_held_back(capfd):
    with runner.quiet_stderr():
        _native_message("start-up noise")
    _native_message("later message")

    assert capfd.readouterr().err == "later message"


def test_held_messages_are_shown_on_a_failure(capfd):
    with pytest.raises(ImportError), runner.quiet_stderr():
        _native_message("the reason")
        raise ImportError

    _native_message("; later message")

    assert capfd.readouterr().err == "the reason; later message"


def test_holding_back_leaves_no_descriptor_open():
    before = _lowest_free_descriptor()

    with runner.quiet_stderr():
        pass

    assert _lowest_free_descriptor() == before


def test_hidden_packages_cannot_be_imported_unless_they_are_already():
    kept = sys.modules["json"]

    with runner.hidden("json", "wave"):
        import json

        with pytest.raises(ImportError):
            import wave

    import wave

    assert json is kept is sys.modules["json"]
    assert wave.open


def _lowest_free_descriptor():
    descriptor = os.dup(0)
    os.close(descriptor)
    return descriptor
