"""The correlation graph: which rows count as positives of which.

Equation numbers are those of Zhang, Peng, Yuan: "Unsupervised Generative
Adversarial Cross-modal Hashing", AAAI 2018.
"""

import functools
import logging
import os
import pathlib
from collections.abc import Callable

import numpy as np

from common.data import arrays
from common.data.neighbours import approximate
from common.data.neighbours import exact
from common.system import files

BUILDERS = ("exact", "approximate")
# Changes whenever the meaning of a stored graph does.
_VERSION = 1


def pairs_only(count: int) -> np.ndarray:
    """The graph of the paper's Baseline: an item and its own pair, [n, 1]."""
    return np.arange(count, dtype=np.int32)[:, None]


def correlation_graph(
    data: arrays.CrossModalData,
    rows: np.ndarray,
    size: int,
    metric: str,
    progress: Callable[[str, int], None] | None = None,
    builder: str = "exact",
) -> np.ndarray:
    """Neighbours of each training row in either modality, and its own pair.

    UGACH Eq. (5):

        w(p, q) = 1 if x_p is among the k nearest neighbours of x_q, else 0

    for images and for texts. A neighbour in one modality counts in both,
    because pairing carries it over. The item itself takes no place among the
    k; it comes first instead, as the natural pair.

    Deviation: the text calls the graphs undirected, yet Eq. (5) is not
    symmetric. As in the release an edge counts for q alone: items that many
    others are near to would otherwise have a thousand positives and more.

    Args:
        data: The data set.
        rows: Training rows, [n] int64.
        size: k, neighbours per modality.
        metric: `euclidean` or `cosine`; see
            `common.data.neighbours.exact.nearest`.
        progress: Called with the modality and the rows done so far.
        builder: One of `BUILDERS`.

    Returns:
        [n, 1 + 2k] int32 positions within `rows`: the item, its k nearest by
        image, its k nearest by text.
    """
    readers = {"image": data.image_features, "text": data.text_features}
    found = [pairs_only(len(rows))]
    build = exact.nearest if builder == "exact" else approximate.nearest
    for modality, read in readers.items():
        found.append(
            build(
                lambda block, read=read: read(rows[block]),
                len(rows),
                size,
                metric,
                progress=progress and functools.partial(progress, modality),
            )
        )
    return np.concatenate(found, axis=1)


def cached_correlation_graph(
    cache_dir: str | os.PathLike,
    data: arrays.CrossModalData,
    rows: np.ndarray,
    size: int,
    metric: str,
    progress: Callable[[str, int], None] | None = None,
    builder: str = "exact",
) -> np.ndarray:
    """Like `correlation_graph`, kept on disk under its inputs' SHA-256."""
    settings = [_VERSION, size, exact.METRICS.index(metric)]
    if builder != "exact":
        settings += [BUILDERS.index(builder), approximate.VERSION]
    settings = np.array(settings)
    key = files.array_digest(rows, settings, np.array([data.digest(cache_dir)]))
    path = pathlib.Path(cache_dir) / f"correlation_graph_{key[:32]}.npz"
    if path.exists():
        try:
            return _read(path, len(rows), size)
        except ValueError as error:
            logging.warning("%s The graph is made again.", error)
    graph = correlation_graph(data, rows, size, metric, progress, builder)
    files.write_npz(path, neighbours=graph)
    return graph


def _read(path: pathlib.Path, count: int, size: int) -> np.ndarray:
    """A stored graph, [count, 1 + 2 size] int32."""
    graph = files.read_npz(path, expect_digest=True).get("neighbours")
    shape = count, 1 + 2 * size
    if (
        graph is None
        or graph.dtype != np.int32
        or graph.shape != shape
        or not 0 <= graph.min() <= graph.max() < count
    ):
        raise ValueError(f"{path} holds no graph of {count} rows.")
    return graph
