import errno
import os
import shlex
import signal
import subprocess
import sys
import threading
import types

import pytest
import tensorflow as tf

from common.runs import interruptions
from common.runs import runner


def _ended(capsys, error, directory=None, resumes=True, more=()):
    """Status and sentence of a command in which an error is raised."""
    with pytest.raises(SystemExit) as end, interruptions.one_sentence():
        if directory:
            interruptions.safe_in(directory, resumes)
        for folder in more:
            interruptions.safe_in(folder, True)
        raise error
    return end.value.code, capsys.readouterr().err


@pytest.fixture
def typed(monkeypatch):
    def typed(*words):
        monkeypatch.setattr(sys, "argv", ["program.py", *words])
        monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)

    typed("--bits=8")
    return typed


@pytest.fixture
def run(tmp_path):
    """A run's folder after four epochs."""
    folder = tmp_path / "run"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "checkpoint").write_text(
        'model_checkpoint_path: "epoch-4"\n'
        'all_model_checkpoint_paths: "epoch-3"\n'
        'all_model_checkpoint_paths: "epoch-4"\n'
    )
    return folder


@pytest.mark.parametrize(
    ("error", "what", "status"),
    [
        (KeyboardInterrupt(), "Interrupted", 130),
        (interruptions.TerminatedError(), "Terminated", 143),
    ],
)
def test_a_run_that_is_stopped_says_how_it_goes_on(
    capsys, typed, run, error, what, status
):
    assert _ended(capsys, error, run) == (
        status,
        f"{what}; 4 finished epochs are safe in {run}, and this goes on from "
        f"there: python program.py --bits=8 --resume --output_dir={run}\n",
    )


@pytest.mark.parametrize("content", ["", "\xff", 'all_model_paths: "epoch-4"'])
def test_without_a_checkpoint_no_epoch_is_safe(capsys, typed, run, content):
    newest = run / "checkpoints" / "checkpoint"
    newest.write_bytes(content.encode("latin-1"))

    _, said = _ended(capsys, KeyboardInterrupt(), run)

    assert said.startswith(f"Interrupted; 0 finished epochs are safe in {run},")


def test_a_command_of_many_runs_goes_on_as_it_was_typed(
    capsys, typed, tmp_path
):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "metrics.json").touch()
    typed("--ablation", "--output_dir", str(tmp_path))

    _, said = _ended(
        capsys, KeyboardInterrupt(), tmp_path, False, [tmp_path / "two"]
    )

    # The outermost folder counts.
    assert said == (
        f"Interrupted; 1 finished run is safe in {tmp_path}, and this goes on "
        f"from there: python program.py --ablation --output_dir={tmp_path}\n"
    )


def test_a_command_that_has_made_nothing_says_no_more(capsys, typed):
    assert _ended(capsys, KeyboardInterrupt()) == (130, "Interrupted.\n")


def _full(path):
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (_full("codes.npz"), "No space left on device: codes.npz"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (
            OSError(errno.EROFS, "Read-only file system", "a/b"),
            "Read-only file system: a/b",
        ),
        (
            OSError("Unable to write (errno = 28, 'No space left on device')"),
            "No space left on device",
        ),
        (
            tf.errors.ResourceExhaustedError(
                None, None, "out/epoch-1_temp; No space left on device"
            ),
            "No space left on device",
        ),
    ],
)
def test_what_cannot_be_written_is_one_sentence(
    capsys, typed, run, error, cause
):
    assert _ended(capsys, error, run) == (
        1,
        f"Error: {cause}; 4 finished epochs are safe in {run}, and once it can "
        "be written, this goes on from there: python program.py --bits=8 "
        f"--resume --output_dir={run}\n",
    )


def test_what_cannot_be_written_while_inputs_are_checked_says_so_too(
    capsys, typed, run
):
    with pytest.raises(SystemExit) as end, interruptions.one_sentence():
        with pytest.raises(SystemExit, match="^Error: .*: 'early'"):
            with runner.one_sentence_errors():
                raise _full("early")
        interruptions.safe_in(run, True)
        with runner.one_sentence_errors():
            raise _full("late")

    assert end.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: No space left on device: late; 4 finished")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("No space left on device"),
        FileNotFoundError(2, "No such file or directory", "a"),
        tf.errors.ResourceExhaustedError(None, None, "OOM"),
        ZeroDivisionError(),
    ],
)
def test_faults_of_the_program_keep_their_traceback(error):
    with pytest.raises(type(error)), interruptions.one_sentence():
        raise error


def test_other_code_keeps_its_exceptions(run):
    interruptions.safe_in(run, True)

    assert interruptions._CURRENT.get() is None


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["--resume", "--bits=8", "--output_dir=a b"], ["--bits=8"]),
        (["--output_dir", "a", "-resume=true"], []),
        (["-output_dir=a", "--noresume", "--seed", "3"], ["--seed", "3"]),
        (
            ["--dataset", "resume", "--x=é ü"],
            ["--dataset", "resume", "--x=é ü"],
        ),
    ],
)
def test_where_the_run_was_is_left_out_of_the_command(typed, words, kept):
    typed(*words)
    command = interruptions._Command("out dir", True)

    again = shlex.split(interruptions._again(command))

    assert again == [
        *("python", "program.py", *kept, "--resume", "--output_dir=out dir")
    ]


@pytest.mark.parametrize(
    ("started", "again"),
    [
        (["python", "-m"], "python -m experiments.train_ugach"),
        (["/opt/bin/python", "/opt/bin/cmh"], "cmh train-ugach"),
        (["cmh.exe", "train_ugach"], "cmh train-ugach"),
    ],
)
def test_a_command_goes_on_in_the_way_it_was_started(
    typed, monkeypatch, started, again
):
    typed("--bits=8")
    spec = types.SimpleNamespace(name="experiments.train_ugach")
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", spec)
    monkeypatch.setattr(sys, "orig_argv", [*started, "train-ugach"])

    command = interruptions._Command("out", True)

    assert interruptions._again(command) == (
        f"{again} --bits=8 --resume --output_dir=out"
    )


STOPPED = """
import multiprocessing, time
from common.runs import interruptions

def main():
    with interruptions.one_sentence():
        child = multiprocessing.get_context("spawn").Process(
            target=time.sleep, args=[600]
        )
        child.start()
        print(child.pid, flush=True)
        try:
            child.join()
        finally:
            # As a pool does that waits for its processes.
            child.join()

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("number", "said"),
    [(signal.SIGINT, "Interrupted.\n"), (signal.SIGTERM, "Terminated.\n")],
)
def test_processes_end_with_the_command_that_started_them(
    tmp_path, number, said
):
    program = tmp_path / "stopped.py"
    program.write_text(STOPPED)
    process = subprocess.Popen(
        [sys.executable, str(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    child = int(process.stdout.readline())

    process.send_signal(number)
    _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (128 + number, said)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_signals_are_handled_as_before_when_a_command_ends():
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]

    with interruptions.one_sentence():
        assert signal.getsignal(signal.SIGTERM) != before[1]

    after = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    assert after == before


def test_a_command_in_another_thread_leaves_signals_alone(capsys, typed):
    ended = []

    def work():
        with pytest.raises(SystemExit) as end, interruptions.one_sentence():
            raise KeyboardInterrupt
        ended.append(end.value.code)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert ended == [130]
