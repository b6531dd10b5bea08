"""Fits of the compared methods, each in a process of its own."""

import concurrent.futures
import dataclasses
import importlib
import multiprocessing
import os
import time
from concurrent.futures import process
from typing import Any

from common.runs import interruptions
from common.runs import provenance
from common.runs import records
from common.runs import run as common_run
from common.runs import runner
from common.system import files
from common.system import stopwatch

# Name in tables of each method, by its name on the command line.
NAMES = {
    "cvh": "CVH",
    "pdh": "PDH",
    "cmfh": "CMFH",
    "ccq": "CCQ",
    "cmssh": "CMSSH",
    "scm_orth": "SCM_orth",
    "scm_seq": "SCM_seq",
    "stmh": "STMH",
    "lssh": "LSSH",
    "fsh": "FSH",
    "ucch": "UCCH",
    "cirh": "CIRH",
    "infonce": "InfoNCE",
    "seph": "SePH",
    "dcmh": "DCMH",
    "acmr": "ACMR, real-valued",
    "acmr_sign": "ACMR, signs",
}
# Where a method is, if not in a module of its name among the shallow ones.
_MODULES = {
    "scm_orth": "shallow.scm",
    "scm_seq": "shallow.scm",
    "ucch": "towers.ucch",
    "cirh": "towers.cirh",
    "infonce": "towers.infonce",
    "dcmh": "deep.dcmh",
    "acmr": "deep.acmr",
    "acmr_sign": "deep.acmr",
}
_SECONDS_BETWEEN_LINES = 10


@dataclasses.dataclass(frozen=True)
class Cell:
    """What one fit is about, besides its data and seed.

    Attributes:
        bits: K, the code length.
        settings: The method with its settings.
    """

    bits: int
    settings: Any


def create(name: str, changes: dict[str, str]) -> Any:
    """A method by its name, with some of its settings changed.

    Args:
        name: A key of `NAMES`; or MODULE.CLASS of a method that is not one of
            this project's.
        changes: New values by the setting's name, as they are typed.

    Raises:
        ValueError: There is no such method or setting, or a value does not
            fit it.
    """
    found = _found(name)
    defaults = dataclasses.asdict(found)
    unknown = [key for key in changes if key not in defaults]
    if unknown:
        raise ValueError(
            f"{name} has no setting {unknown[0]!r}; it has "
            f"{', '.join(defaults)}."
        )
    typed = {
        key: _parsed(key, text, type(defaults[key]))
        for key, text in changes.items()
    }
    return dataclasses.replace(found, **typed)


def label(name: str) -> str:
    """A method's name in tables: of `NAMES`, or of its class."""
    return NAMES.get(name) or name.rpartition(".")[2]


def _found(name: str) -> Any:
    """A method with the settings it has by default."""
    if name in NAMES:
        module = importlib.import_module(
            f"experiments.baselines.{_MODULES.get(name, f'shallow.{name}')}"
        )
        return module.METHODS[name]
    path, _, kind = name.rpartition(".")
    if not path:
        raise ValueError(
            f"Unknown method {name!r}; there are {', '.join(NAMES)}, and "
            "MODULE.CLASS names one of your own."
        )
    # Most of those that are not ours import it, and it would say much.
    runner.import_tensorflow()
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name != path.partition(".")[0]:
            raise
        raise ValueError(
            f"There is no module {path} for the method {name}; give the "
            f"command, as `python -m experiments....`, where {path}.py is."
        ) from error
    if not hasattr(module, kind):
        raise ValueError(f"{module.__file__} has no class {kind}.")
    return getattr(module, kind)()


def _parsed(name: str, text: str, kind: type):
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (ValueError, KeyError) as error:
        raise ValueError(
            f"{name} is a {kind.__name__}; received {text!r}."
        ) from error


def fit_alone(name: str, cell: Cell, prepared: common_run.Prepared) -> None:
    """Fits in a new process, so that its peak of memory is its own.

    Writes the model and then `fit.json` in the run's folder, with wall and
    CPU seconds of the fit, the process's peak of memory and the number of
    training pairs.

    Raises:
        ValueError: The method does not take these bits or data.
        MemoryError: The method needs more memory than there is.
        RuntimeError: The process died, most likely for want of memory.
    """
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(
        1, context, _begin, (name,)
    ) as pool:
        job = pool.submit(
            _fit, name, cell, prepared.run, os.fspath(prepared.directory)
        )
        try:
            job.result()
        except process.BrokenProcessPool as error:
            raise RuntimeError(
                f"The process that fitted {name} died; it may have run out of "
                "memory."
            ) from error


def _begin(name) -> None:
    interruptions.leave_to_parent()
    if name not in NAMES:
        # Before its module does, which reads settings that come.
        runner.import_tensorflow()


def _fit(name, cell, run, directory) -> None:
    from experiments.baselines import method as baseline_method

    data, split = common_run.read_inputs(run, cell.settings.supervised)
    pairs = baseline_method.read_pairs(data, split.train)
    watch = stopwatch.Stopwatch()
    model = cell.settings.fit(pairs, cell.bits, run.seed, Lines(name))
    costs = watch.costs()
    model.save(os.path.join(directory, cell.settings.kept_as))
    records.add_session(directory, provenance.record(xla=False))
    files.write_json(
        os.path.join(directory, "fit.json"),
        {
            **costs,
            "training_pairs": min(
                len(pairs), getattr(cell.settings, "max_pairs", len(pairs))
            ),
        },
    )


class Lines:
    """A report that prints a line every ten seconds.

    Args:
        name: What the lines start with.
    """

    def __init__(self, name: str):
        self._name = name
        self._last = time.monotonic()

    def __call__(
        self, done: int, total: int, objective: float | None = None
    ) -> None:
        """Takes note of a round."""
        now = time.monotonic()
        if now - self._last < _SECONDS_BETWEEN_LINES:
            return
        self._last = now
        value = "" if objective is None else f", objective {objective:.6g}"
        print(f"{self._name}: {done} of {total}{value}", flush=True)
