"""Mean and spread of a metric over the seeds of a result file's runs."""

from collections.abc import Sequence

import numpy as np

DIRECTIONS = ("i2t", "t2i")
# In place of a mean over queries where none has a relevant item.
NOTHING = "no relevant items"


def column(runs: Sequence[dict], direction: str, metric: str) -> np.ndarray:
    """A metric of one direction, run by run; NaN where it is undefined."""
    return np.array([run[direction][metric] for run in runs], np.float64)


def of(runs: Sequence[dict], variant: str, bits: int) -> list[dict]:
    """The runs of one method at one code length."""
    return [
        run for run in runs if (run["variant"], run["bits"]) == (variant, bits)
    ]


def finished(runs: Sequence[dict]) -> list[dict]:
    """The runs that did not fail."""
    return [run for run in runs if "failure" not in run]


def median(runs: Sequence[dict], name: str) -> str:
    """Median of a number of the runs that tell it, or empty.

    Without decimals. What else the machine did during one run of three does
    not change it.
    """
    known = [run[name] for run in runs if run.get(name) is not None]
    return f"{np.median(known):.0f}" if known else ""


def most(runs: Sequence[dict], name: str) -> str:
    """Largest of a number that some runs may not tell; empty if none does."""
    known = [run[name] for run in runs if run.get(name) is not None]
    return str(max(known)) if known else ""


def mean(values: np.ndarray) -> str:
    """Mean of the values that are defined; `NOTHING` without any."""
    known = values[~np.isnan(values)]
    return f"{known.mean():.4f}" if len(known) else NOTHING


def text(values: np.ndarray) -> str:
    """Mean ± sample standard deviation; the mean alone of a single value."""
    known = values[~np.isnan(values)]
    spread = f" ± {known.std(ddof=1):.4f}" if len(known) > 1 else ""
    return mean(values) + spread


def map_all(runs: Sequence[dict], direction: str) -> str:
    """`map_all` of these runs; empty without any."""
    if not runs:
        return ""
    if any("failure" in run for run in runs):
        return "failed"
    return text(column(runs, direction, "map_all"))
