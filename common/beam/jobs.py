"""Runs independent tasks on Apache Beam, on whatever runner it is given.

A task leaves its result in a file, written atomically, and nothing comes back
through Beam: a task that is run twice does no harm, and all runners leave the
same files. Workers therefore need the same paths as the process that starts
them, and this package installed.
"""

import contextlib
import logging
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from common.system import extras


def check(options: Sequence[str]) -> None:
    """Finds out early whether a job can be run.

    Args:
        options: As for `run`.

    Raises:
        extras.NotInstalledError: If Apache Beam is not installed.
        ValueError: If Beam has no such runner, or misses options of it.
    """
    try:
        # What Beam says of a pipeline, it says when it is run.
        with _quiet():
            _pipeline(options)
    except (ValueError, ModuleNotFoundError) as error:
        # Beam lists what is missing line by line.
        raise ValueError(
            f"Apache Beam refuses its options: {' '.join(str(error).split())}"
        ) from error


def run(
    work: Callable[[Any], None],
    tasks: Sequence[Any],
    options: Sequence[str] = (),
) -> None:
    """Does all tasks and waits for the last.

    Args:
        work: Does one task; a function of a module, which workers import.
        tasks: What it is called with; picklable.
        options: Beam's own command line, such as `--runner=PortableRunner`;
            without any the tasks are done one by one in this process.

    Raises:
        ImportError: If Apache Beam is not installed.
        RuntimeError: If a task failed.
    """
    beam = _import_beam("apache_beam")
    with _pipeline(options) as pipeline:
        (
            pipeline
            | "Tasks" >> beam.Create(list(tasks))
            # Without it all tasks stay in the one bundle they were made in.
            | "Spread" >> beam.Reshuffle()
            | "Work" >> beam.Map(work)
        )


def options(workers: int, given: Sequence[str]) -> list[str]:
    """Beam's command line for a number of worker processes.

    Args:
        workers: Processes of the DirectRunner; 1 works in this process.
        given: What the user gave for Beam.

    Raises:
        ValueError: If something is no option, or the user chose a runner,
            whose workers are counted by options of its own.
    """
    if given and not given[0].startswith("--"):
        raise ValueError(f"Unknown argument {given[0]!r}; see --help.")
    # The last of two counts. Workers would tell of every step of theirs.
    given = ["--default_sdk_harness_log_level=WARNING", *given]
    if workers == 1:
        return given
    if any(option.startswith("--runner") for option in given):
        raise ValueError(
            "--workers counts processes of the DirectRunner; another runner "
            "has an option of its own for it."
        )
    return [
        *given,
        "--direct_running_mode=multi_processing",
        f"--direct_num_workers={workers}",
    ]


def _pipeline(options: Sequence[str]):
    beam = _import_beam("apache_beam")
    pipeline_options = _import_beam("apache_beam.options.pipeline_options")
    settings = pipeline_options.PipelineOptions(list(options))
    return beam.Pipeline(options=settings)


def _import_beam(module: str):
    # Beam warns of every cloud service whose client is not there.
    with _quiet():
        return extras.load(module, "Apache Beam", "beam")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(level)
