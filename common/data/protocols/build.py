"""Writes the index files.

python -m common.data.protocols.build
"""

import pathlib

import numpy as np

from common.data.protocols import papers
from common.system import files

_SEED = 0


def rows(cut: papers.Cut) -> dict[str, np.ndarray]:
    """Query rows of a cut, and training rows where they are not all others.

    Returns:
        Increasing row numbers in the smallest type that holds them.
    """
    order = np.arange(cut.items)
    if cut.order == "last":
        order = np.concatenate(
            [order[-cut.num_query :], order[: -cut.num_query]]
        )
    elif cut.order == "drawn":
        # A seed for each size, or the same rows would be drawn by all.
        order = np.random.default_rng([_SEED, cut.num_query]).permutation(order)
    parts = {"query": order[: cut.num_query]}
    if cut.num_train:
        stop = cut.num_query + cut.num_train
        parts["train"] = order[cut.num_query : stop]
    kind = np.min_scalar_type(cut.items - 1)
    return {part: np.sort(of).astype(kind) for part, of in parts.items()}


def write(folder: pathlib.Path) -> None:
    """Writes one file for each protocol."""
    for name, cuts in papers.CUTS.items():
        arrays = {
            f"{cut.dataset}_{part}": values
            for cut in cuts
            for part, values in rows(cut).items()
        }
        files.write_npz(folder / f"{name}.npz", **arrays)


if __name__ == "__main__":
    write(pathlib.Path(__file__).parent)
