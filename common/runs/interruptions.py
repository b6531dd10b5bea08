"""What a command says that is stopped: what is safe, and how to go on.

A command that is interrupted, told to end, or cannot write any more ends with
one sentence, and with status 130, 143 or 1. A function that is called by other
code keeps its exceptions.
"""

import contextlib
import contextvars
import dataclasses
import errno
import multiprocessing
import os
import pathlib
import re
import shlex
import signal
import sys
import threading
from collections.abc import Iterator

_CANNOT_WRITE = tuple(
    os.strerror(number)
    for number in (
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS),
        *(errno.EACCES, errno.EPERM, errno.EIO),
    )
)
_NEWEST = re.compile(r'^model_checkpoint_path: ".*epoch-(\d+)"', re.MULTILINE)


class TerminatedError(BaseException):
    """The system asked the process to end, by SIGTERM."""


@dataclasses.dataclass
class _Command:
    """A running command, and where what it makes is safe."""

    directory: pathlib.Path | None = None
    resumes: bool = False


_CURRENT = contextvars.ContextVar("command", default=None)


def safe_in(directory: str | os.PathLike, resumes: bool) -> None:
    """Lets the command that is running say where its work is safe.

    The first of several calls counts, that of the outermost folder.

    Args:
        directory: The folder.
        resumes: Whether the folder is a run's own, with which `--resume` goes
            on. Otherwise it holds several runs, and the same command does.
    """
    command = _CURRENT.get()
    if command is not None and command.directory is None:
        command.directory = pathlib.Path(directory)
        command.resumes = resumes


def tells_of(error: Exception) -> bool:
    """Whether a running command ends with more than an error's own sentence."""
    command = _CURRENT.get()
    has_work = command is not None and command.directory is not None
    return has_work and bool(_cannot_write(error))


@contextlib.contextmanager
def one_sentence() -> Iterator[None]:
    """Ends a command that is stopped with one sentence.

    Raises:
        SystemExit: Ctrl-C (130), SIGTERM (143), or a file that cannot be
            written, such as on a full disk (1).
    """
    command = _Command()
    token = _CURRENT.set(command)
    # A second Ctrl-C does nothing until the sentence is written.
    with ending_children():
        try:
            yield
        except KeyboardInterrupt:
            _end(command, "Interrupted", "", 128 + signal.SIGINT)
        except TerminatedError:
            _end(command, "Terminated", "", 128 + signal.SIGTERM)
        except Exception as error:
            cause = _cannot_write(error)
            if not cause:
                raise
            _end(command, f"Error: {cause}", "once it can be written, ", 1)
        finally:
            _CURRENT.reset(token)


@contextlib.contextmanager
def ending_children() -> Iterator[None]:
    """Lets Ctrl-C and SIGTERM end the processes that this one has started.

    They would go on, and this process would wait for them. Then
    `KeyboardInterrupt` or `TerminatedError` is raised, once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    raised = {
        signal.SIGINT: KeyboardInterrupt,
        signal.SIGTERM: TerminatedError,
    }
    before = {number: signal.getsignal(number) for number in raised}
    # Processes in the background of a script ignore Ctrl-C.
    used = [one for one in raised if before[one] is not signal.SIG_IGN]

    def end(number, frame):
        for one in used:
            signal.signal(one, signal.SIG_IGN)
        for child in multiprocessing.active_children():
            child.terminate()
        raise raised[number]

    for number in used:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in used:
            # What was set outside Python cannot be set again.
            signal.signal(number, before[number] or signal.SIG_DFL)


def leave_to_parent() -> None:
    """Leaves Ctrl-C to the process that has started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end(command, what, condition, status) -> None:
    # A bar that moves has no end of line yet.
    start = "\n" if sys.stdout.isatty() else ""
    print(f"{start}{what}{_rest(command, condition)}", file=sys.stderr)
    sys.exit(status)


def _rest(command, condition) -> str:
    if command.directory is None:
        return "."
    # The last word is the command's, for whoever copies it.
    return (
        f"; {_safe(command)} safe in {command.directory}, and {condition}this "
        f"goes on from there: {_again(command)}"
    )


def _safe(command) -> str:
    if not command.resumes:
        count = len(list(command.directory.rglob("metrics.json")))
        return f"{count} finished {'run is' if count == 1 else 'runs are'}"
    path = command.directory / "checkpoints" / "checkpoint"
    try:
        newest = _NEWEST.search(path.read_text("utf-8"))
    except (OSError, ValueError):
        newest = None
    count = int(newest[1]) if newest else 0
    return f"{count} finished {'epoch is' if count == 1 else 'epochs are'}"


def _again(command) -> str:
    """The command line that goes on."""
    more = ["--resume"] if command.resumes else []
    more.append(f"--output_dir={command.directory}")
    words = [*_program(), *_without_places(sys.argv[1:]), *more]
    return shlex.join(words)


def _program() -> list[str]:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is None:
        return ["python", sys.argv[0]]
    module = spec.name.removesuffix(".__main__")
    # The console script, which runs a module in its own place.
    if any(pathlib.Path(word).stem == "cmh" for word in sys.orig_argv[:2]):
        return ["cmh", module.rpartition(".")[2].replace("_", "-")]
    return ["python", "-m", module]


def _without_places(words: list[str]) -> Iterator[str]:
    """A command line without `--output_dir` and `--resume`."""
    value_follows = False
    for word in words:
        name, equals, _ = word.lstrip("-").partition("=")
        if value_follows:
            value_follows = False
        elif word.startswith("-") and name == "output_dir":
            value_follows = not equals
        elif not word.startswith("-") or name not in ("resume", "noresume"):
            yield word


def _cannot_write(error: Exception) -> str:
    """What stood in the way of writing; empty where it was something else."""
    if isinstance(error, OSError) and error.strerror in _CANNOT_WRITE:
        named = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{named}"
    # HDF5 and TensorFlow have the system's words in messages of their own.
    if isinstance(error, OSError) or _is_of_tensorflow(error):
        text = str(error)
        return next((one for one in _CANNOT_WRITE if one in text), "")
    return ""


def _is_of_tensorflow(error) -> bool:
    return type(error).__module__.partition(".")[0] == "tensorflow"
