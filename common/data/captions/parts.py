"""Rows of a split from the part that a file puts each picture into."""

import collections
from collections.abc import Sequence

import numpy as np

_PARTS = {
    "train": "train",
    "training": "train",
    # Karpathy's pictures of COCO's validation set that others train on.
    "restval": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "query",
    "testing": "query",
    "query": "query",
}


def rows(splits: Sequence[str]) -> tuple[dict[str, np.ndarray], str]:
    """A data set's own split of the parts' names.

    Test pictures ask; all others are searched.

    Args:
        splits: Part of each row as the file names it, "" where it is silent.

    Returns:
        Rows of `query`, `retrieval`, `train` and perhaps `validation`, [m]
        int64 each, or nothing where the file has no such split; and what was
        understood, for people.
    """
    counts = collections.Counter(splits)
    told = ", ".join(f"{name or 'none'} {n}" for name, n in counts.items())
    if not any(splits):
        return {}, ""
    unknown = [name for name in counts if name.lower() not in _PARTS]
    parts = np.array([_PARTS.get(name.lower(), "") for name in splits])
    found = {
        part: np.flatnonzero(parts == part)
        for part in ("query", "train", "validation")
    }
    found["retrieval"] = np.flatnonzero(parts != "query")
    if unknown or not len(found["query"]) or not len(found["train"]):
        reason = "it names no test or no training pictures"
        if unknown:
            reason = f"{unknown[0] or 'no part'!r} is no known part"
        return {}, (
            f"Split of the file ({told}): kept as a column only, for {reason}; "
            "a run draws its own."
        )
    if not len(found["validation"]):
        del found["validation"]
    return found, (
        f"Split of the file ({told}): test asks, all else is searched, kept as "
        "the data set's own."
    )
