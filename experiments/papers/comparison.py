"""Whether one method stands above another, by bootstrapped differences."""

import pathlib
from collections.abc import Sequence

import numpy as np

from common.system import files
from experiments.papers import spreads

# The papers' own methods, compared with all others of their table.
OWN = ("UGACH", "UCH", "SSAH")
# Baseline-GAN less Baseline tells what UGACH's adversary is worth.
_COMPARED = (*OWN, "Baseline-GAN")
# What a finished run leaves for a comparison.
FILE = "average_precision.npz"
_RESAMPLES = 2000


def average_precision(folders: Sequence[pathlib.Path]) -> np.ndarray:
    """Average precision of each query in each run, mean over directions.

    Args:
        folders: Finished runs on one split, usually one for each seed.

    Returns:
        [s, q]; NaN for a query without a relevant item.

    Raises:
        ValueError: A run has no such numbers, or of other queries.
    """
    found = []
    for folder in folders:
        path = folder / FILE
        try:
            stored = files.read_npz(path)
            found.append([stored[name] for name in spreads.DIRECTIONS])
        except (OSError, KeyError) as error:
            raise ValueError(
                f"{path} does not hold a run's average precisions: {error}"
            ) from error
    sizes = sorted({len(values) for both in found for values in both})
    if len(sizes) > 1:
        raise ValueError(f"Runs have {sizes} queries, so of several splits.")
    return np.mean(found, axis=1)


def paired(first: np.ndarray, second: np.ndarray) -> dict[str, float] | None:
    """Mean of the queries' differences, and its 95 % interval.

    Queries and seeds are drawn again with replacement, 2,000 times: both
    methods are asked the same queries, each has seeds of its own. So the
    interval speaks of other queries and of other seeds; that of a single seed
    speaks of queries alone.

    Args:
        first: Average precision of each query by each seed, [s, q].
        second: The other method's, [t, q].

    Returns:
        `difference` first less second, `low` and `high`, and `seeds`, the
        smaller of s and t; None where fewer than two queries have a relevant
        item.
    """
    known = ~np.isnan(first[0] - second[0])
    if known.sum() < 2:
        return None
    rng = np.random.default_rng(0)
    queries = _drawn(rng, known.sum())
    drawn = [
        np.einsum("rs,sr->r", _drawn(rng, len(one)), one[:, known] @ queries.T)
        for one in (first, second)
    ]
    low, high = np.quantile(drawn[0] - drawn[1], (0.025, 0.975))
    difference = first[:, known].mean() - second[:, known].mean()
    return {
        "difference": float(difference),
        "low": float(low),
        "high": float(high),
        "seeds": min(len(first), len(second)),
    }


def _drawn(rng: np.random.Generator, count: int) -> np.ndarray:
    """Share of each item in each resample, [r, count], rows of sum 1."""
    even = np.full(count, 1 / count)
    return rng.multinomial(count, even, size=_RESAMPLES) / count


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
        for place, own in enumerate(_COMPARED)
        for other in rows
        for bits in sorted({length for _, length in scores})
        if other not in _COMPARED[: place + 1]
        and {(own, bits), (other, bits)} <= scores.keys()
        and (found := paired(scores[own, bits], scores[other, bits]))
    ]
