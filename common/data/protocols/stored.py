"""Applies a paper's stored split to a data set."""

import importlib.resources
from collections.abc import Callable

import numpy as np

from common.data import arrays
from common.data.protocols import papers
from common.system import files

NAMES = tuple(papers.CUTS)


def parts(name: str, data: arrays.CrossModalData) -> dict[str, np.ndarray]:
    """Query, retrieval and training rows that a paper's protocol takes.

    The number of rows tells which data set it is. Where rows have to be left
    out first, the index counts those that stay.

    Args:
        name: One of `NAMES`.
        data: The data set.

    Returns:
        `query`, `retrieval` and `train`, [m] int64 rows of `data` each.

    Raises:
        ValueError: The paper has no data set of that size.
    """
    found = _find(papers.CUTS[name], data)
    if found is None:
        kept = {key: len(select(data)) for key, select in _KEPT.items()}
        known = "; ".join(
            f"{cut.dataset} {cut.items} ({cut.keep})"
            for cut in papers.CUTS[name]
        )
        raise ValueError(
            f"Protocol {name} knows these numbers of items: {known}. The data "
            f"set has {kept['all']}, with a label {kept['label']}, with label "
            f"and text {kept['label_and_text']}. Draw a split instead: "
            "--protocol=drawn --num_query=N."
        )
    cut, rows = found
    query, train = _read(name, cut)
    is_query = np.zeros(cut.items, bool)
    is_query[query] = True
    retrieval = np.flatnonzero(~is_query)
    train = retrieval if train is None else train
    return {
        "query": rows[query],
        "retrieval": rows[retrieval],
        "train": rows[train],
    }


def _find(cuts, data) -> tuple[papers.Cut, np.ndarray] | None:
    for cut in cuts:
        if len(data) == cut.items:
            return cut, np.arange(cut.items)
    for cut in cuts:
        if len(data) > cut.items:
            rows = _KEPT[cut.keep](data)
            if len(rows) == cut.items:
                return cut, rows
    return None


def _read(name, cut) -> tuple[np.ndarray, np.ndarray | None]:
    path = importlib.resources.files("common.data.protocols") / f"{name}.npz"
    stored = files.read_npz(str(path))
    train = stored.get(f"{cut.dataset}_train")
    return stored[f"{cut.dataset}_query"].astype(np.int64), (
        None if train is None else train.astype(np.int64)
    )


def _all(data: arrays.CrossModalData) -> np.ndarray:
    return np.arange(len(data))


def _with_label(data: arrays.CrossModalData) -> np.ndarray:
    if data.labels is None:
        return _all(data)
    return np.flatnonzero(data.labels.any(axis=1))


def _with_label_and_text(data: arrays.CrossModalData) -> np.ndarray:
    return np.setdiff1d(_with_label(data), data.empty_texts())


_KEPT: dict[str, Callable[[arrays.CrossModalData], np.ndarray]] = {
    "all": _all,
    "label": _with_label,
    "label_and_text": _with_label_and_text,
}
