"""A correlation graph that `experiments.beam_graph` has made.

Its folder holds `graph.npz`, the neighbours, and `graph.json`, what they are
the neighbours of.
"""

import hashlib
import os
import pathlib

import numpy as np

from common.data import arrays
from common.system import files

_MODALITIES = ("image", "text")
_BLOCK = 4096


def read(
    path: str | os.PathLike,
    data: arrays.CrossModalData,
    rows: np.ndarray,
    size: int,
    metric: str,
) -> np.ndarray:
    """The graph of the training rows; see `graph.correlation_graph`.

    A graph over all rows of the data set will do where it has some neighbours
    more: those that are not trained on are left out, and equal distances keep
    the order of the data set.

    Args:
        path: `graph.npz`, beside its `graph.json`.
        data: The data set.
        rows: Training rows, [n] int64.
        size: k, neighbours per modality.
        metric: `euclidean` or `cosine`.

    Returns:
        [n, 1 + 2k] int32 positions within `rows`.

    Raises:
        ValueError: The graph is of other rows, features or settings, has too
            few neighbours, or is damaged.
        OSError: A file cannot be read.
    """
    found, settings = _load(pathlib.Path(path))
    if settings["graph_metric"] != metric:
        raise ValueError(
            f"{path} was made with graph_metric {settings['graph_metric']} and "
            f"the training asks for {metric}; pass --graph_metric="
            f"{settings['graph_metric']} or make the graph again."
        )
    held = settings["graph_size"]
    if held < size:
        raise ValueError(
            f"{path} has {held} neighbours per modality and the training asks "
            f"for {size}; pass --graph_size={held} or make the graph again."
        )
    if len(found) not in (len(rows), len(data)):
        raise ValueError(
            f"{path} is a graph of {len(found)} rows; there are {len(rows)} "
            f"training rows, and {len(data)} in the data set: make it of one "
            "of these."
        )
    whole = len(found) == len(data)
    _check_features(
        path, settings, data, np.arange(len(data)) if whole else rows
    )
    parts = [found[:, 1 : 1 + held], found[:, 1 + held :]]
    if whole:
        parts = [_within(path, part, rows, len(data), size) for part in parts]
    own = np.arange(len(rows), dtype=np.int32)[:, None]
    return np.hstack([own, *(part[:, :size] for part in parts)])


def _load(path: pathlib.Path) -> tuple[np.ndarray, dict]:
    """Neighbours [n, 1 + 2k] and what they were made of."""
    found = files.read_npz(path, expect_digest=True).get("neighbours")
    about = path.with_name("graph.json")
    manifest = files.read_object(about)
    try:
        settings = manifest["settings"]
        width = 1 + 2 * settings["graph_size"]
        sums = [settings["modalities"][name]["sha256"] for name in _MODALITIES]
        complete = settings["graph_metric"] and all(sums)
    except (KeyError, TypeError):
        complete = False
    if not complete:
        raise ValueError(
            f"{about} does not tell of a graph by image and text; make it "
            "again with both."
        )
    if found is None or found.dtype != np.int32 or found.ndim != 2:
        raise ValueError(f"{path} holds no `neighbours` [n, 1 + 2k] of int32.")
    if (
        found.shape[1] != width
        or files.array_digest(found) != manifest["sha256"]
    ):
        raise ValueError(
            f"{path} is not the graph that {about} tells of; make both again."
        )
    return found, settings


def _check_features(path, settings, data, rows) -> None:
    readers = {"image": data.image_features, "text": data.text_features}
    for name, features in readers.items():
        digest = hashlib.sha256()
        for start in range(0, len(rows), _BLOCK):
            digest.update(features(rows[start : start + _BLOCK]))
        if digest.hexdigest() != settings["modalities"][name]["sha256"]:
            raise ValueError(
                f"{path} is a graph of other {name} features than those of the "
                f"{len(rows)} rows of the data set; make it of these rows, in "
                "this order."
            )


def _within(path, part, rows, count, size) -> np.ndarray:
    """The first `size` neighbours that are training rows, as positions."""
    place = np.full(count, -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    near = place[part[rows]]
    there = near >= 0
    least = int(there.sum(axis=1).min())
    if least < size:
        raise ValueError(
            f"{path} has rows of which only {least} neighbours are trained on, "
            f"and the training asks for {size}; make it with a larger "
            "--graph_size."
        )
    # Stable: what is there comes first, in its order.
    order = np.argsort(~there, axis=1, kind="stable")[:, :size]
    return np.take_along_axis(near, order, axis=1)
