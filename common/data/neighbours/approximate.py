"""Nearest neighbours of many rows: most of them, in a tenth of the time.

Rows of few non-zero numbers, such as bags of words, are multiplied as sparse
matrices, which misses nothing. Others are looked for in a projection, see
`cells`, and what is found there is ranked by its distance in the original
space.
"""

from collections.abc import Callable

import numpy as np

from common.data.neighbours import cells
from common.data.neighbours import exact
from common.data.neighbours import sparse

# Changes whenever other neighbours are found of the same rows.
VERSION = 2
# Rows that tell what all are like.
_SAMPLE = 16_384


def nearest(
    features: Callable[[np.ndarray | slice], np.ndarray],
    count: int,
    neighbours: int,
    metric: str = "euclidean",
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Finds nearest other items of every item, nearly all that are.

    Args:
        features: Returns the float32 features of rows, by their numbers or as
            a slice of 0..count-1.
        count: Number of items, n.
        neighbours: k, less than n.
        metric: One of `exact.METRICS`.
        seed: Seed of the sample, the projection and the cells.
        progress: Called with the number of items done so far.

    Returns:
        As `exact.nearest`.

    Raises:
        ValueError: k does not fit n, or the metric is unknown.
    """
    exact.check(count, neighbours, metric)

    def read(rows: np.ndarray | slice) -> np.ndarray:
        block = features(rows)
        return exact.unit(block) if metric == "cosine" else block

    random = np.random.default_rng(seed)
    chosen = random.permutation(count)[:_SAMPLE]
    sample = read(np.sort(chosen))
    if np.count_nonzero(sample) <= sparse.LARGEST_SHARE * sample.size:
        return sparse.nearest(read, count, neighbours, progress)
    form = cells.Cells.fit(sample, count, random)
    return cells.nearest(form, read, count, neighbours, progress)
