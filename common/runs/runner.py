"""The absl entry point that every training experiment shares."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from absl import app
from absl import flags as absl_flags
from absl import logging

from common.runs import flags
from common.runs import interruptions
from common.runs import run as common_run
from common.system import extras


def start(
    main: Callable[[Any, common_run.Run], None],
    presets: Mapping[str, Any],
    define_more: Callable[[], None] | None = None,
) -> None:
    """Parses the command line and calls `main` with the settings.

    Args:
        main: Takes the method's settings and the run's.
        presets: The method's named settings; `default` among them.
        define_more: Defines the flags of this experiment alone.
    """
    flags.define_preset(presets)
    flags.define(type(presets["default"]))
    flags.define(common_run.Run)
    if define_more:
        define_more()

    def parsed(arguments):
        refuse_arguments(arguments)
        with one_sentence_errors():
            preset = presets[absl_flags.FLAGS.preset]
            config = flags.resolve(preset)
            run = flags.resolve(common_run.Run())
        main(config, run)

    run(parsed)


def run(main: Callable[[list[str]], None]) -> None:
    """Parses the command line and calls `main`, as absl's `app.run` does.

    absl ends with status 1 after `--help`; here it is 0. A command that is
    stopped ends with one sentence, see `interruptions`.

    Args:
        main: Takes the program's name and the words that belong to no flag.
    """
    app.define_help_flags()
    for name in ("help", "helpshort", "helpfull", "helpxml"):
        flag = absl_flags.FLAGS[name]
        flag.parse = _without_failure(flag.parse)

    def guarded(arguments):
        with interruptions.one_sentence():
            main(arguments)

    app.run(guarded)


def _without_failure(parse):
    def parse_and_end_well(argument):
        try:
            parse(argument)
        except SystemExit:
            sys.exit(0)

    return parse_and_end_well


def refuse_arguments(arguments: list[str]) -> None:
    """Ends the program where words stand that belong to no flag."""
    if len(arguments) > 1:
        sys.exit(f"Error: unknown argument {arguments[1]!r}; see --help.")


@contextlib.contextmanager
def one_sentence_errors() -> Iterator[None]:
    """Turns what is wrong with the input into one sentence and exit code 1.

    Also where an optional dependency is missing. Meant for reading and checking
    inputs only, so that a fault of the program keeps its traceback.
    """
    try:
        yield
    except (ValueError, OSError, extras.NotInstalledError) as error:
        if interruptions.tells_of(error):
            raise
        sys.exit(f"Error: {error}")


def scratch_folder(parent: str) -> tempfile.TemporaryDirectory:
    """Makes a folder that goes when it is left; ends the program if it cannot.

    Args:
        parent: Where; empty: where the system keeps such folders.
    """
    with one_sentence_errors():
        return tempfile.TemporaryDirectory(dir=parent or None)


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Holds back what native code writes to stderr; shows it on a failure."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:
            os.dup2(kept, 2)
            held.seek(0)
            sys.stderr.write(held.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextlib.contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Lets the import of packages fail that nobody has imported yet.

    Args:
        *names: Of packages.
    """
    names = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(names))
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


def import_tensorflow(find_devices: bool = True) -> None:
    """Imports TensorFlow without its start-up messages.

    They are written before any log level is read. `oneDNN` is asked for by
    name because its allocator pools gradients, which spares a training step
    thousands of page faults. Keras imports what it needs for data frames, for
    galleries and to look like scikit-learn, where it is there: a third of the
    seconds, for what no command does.

    Args:
        find_devices: Whether TensorFlow settles at once on the devices it
            has; a strategy for several workers has to come before.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    logging.set_verbosity(logging.WARNING)
    with quiet_stderr():
        with hidden("matplotlib", "pandas", "sklearn"):
            import tensorflow as tf

        if find_devices:
            # It is what prints most.
            tf.config.list_logical_devices()
