"""Whether one method stands above another, by a bootstrap over queries."""

import pathlib
from collections.abc import Sequence

import numpy as np

from common.system import files
from experiments.papers import spreads

# The papers' own methods, compared with all others of their table.
OWN = ("UGACH", "UCH", "SSAH")
# What a finished run leaves for a comparison.
FILE = "average_precision.npz"
_RESAMPLES = 2000


def average_precision(folders: Sequence[pathlib.Path]) -> np.ndarray:
    """Average precision of each query, mean over directions and runs.

    Args:
        folders: Finished runs on one split, usually one for each seed.

    Returns:
        [q]; NaN for a query without a relevant item.

    Raises:
        ValueError: A run has no such numbers, or of other queries.
    """
    found = []
    for folder in folders:
        path = folder / FILE
        try:
            stored = files.read_npz(path)
            found += [stored[name] for name in spreads.DIRECTIONS]
        except (OSError, KeyError) as error:
            raise ValueError(
                f"{path} does not hold a run's average precisions: {error}"
            ) from error
    sizes = sorted({len(values) for values in found})
    if len(sizes) > 1:
        raise ValueError(f"Runs have {sizes} queries, so of several splits.")
    return np.mean(found, axis=0)


def paired(first: np.ndarray, second: np.ndarray) -> dict[str, float] | None:
    """Mean of the queries' differences, and its 95 % interval.

    Queries are drawn again with replacement, 2,000 times; both methods see
    the same ones. Seeds are averaged before, so that the interval speaks of
    other queries, not of other seeds.

    Args:
        first: Average precision of each query, [q].
        second: The other method's.

    Returns:
        `difference` first less second, `low` and `high`; None where fewer
        than two queries have a relevant item.
    """
    # Takes a second to import, which `--help` need not wait for.
    from scipy import stats

    differences = first - second
    differences = differences[~np.isnan(differences)]
    if len(differences) < 2:
        return None
    interval = stats.bootstrap(
        (differences,),
        np.mean,
        n_resamples=_RESAMPLES,
        batch=100,
        method="percentile",
        rng=0,
    ).confidence_interval
    return {
        "difference": float(differences.mean()),
        "low": float(interval.low),
        "high": float(interval.high),
    }


def compare(
    folders: dict[tuple[str, int], list[pathlib.Path]],
) -> list[dict]:
    """Each of the papers' own methods against every other row, by length.

    Two of them are compared once, and only where queries tell them apart.

    Args:
        folders: The finished runs of each row and code length.
    """
    scores = {key: average_precision(found) for key, found in folders.items()}
    rows = list(dict.fromkeys(row for row, _ in scores))
    return [
        {"variant": own, "other": other, "bits": bits, **found}
        for place, own in enumerate(OWN)
        for other in rows
        for bits in sorted({length for _, length in scores})
        if other not in OWN[: place + 1]
        and {(own, bits), (other, bits)} <= scores.keys()
        and (found := paired(scores[own, bits], scores[other, bits]))
    ]
