"""Query, retrieval, training and validation rows, stored as index files."""

import dataclasses
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from common.system import files

if TYPE_CHECKING:
    from common.data import arrays

PARTS = ("query", "retrieval", "train", "validation")


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of each part, [m] int64 each.

    Attributes:
        query: Test queries; in no other part.
        retrieval: The database that is searched.
        train: Rows a method may learn from; a subset of `retrieval`, which is
            the custom of this field.
        validation: Rows of `retrieval` that serve as queries while training;
            scored against the rest of `retrieval`.

    Raises:
        ValueError: Parts overlap that must not, or a row appears twice.
    """

    query: np.ndarray
    retrieval: np.ndarray
    train: np.ndarray
    validation: np.ndarray

    def __post_init__(self):
        for part in PARTS:
            rows = getattr(self, part)
            if len(np.unique(rows)) != len(rows):
                raise ValueError(f"The split repeats rows in `{part}`.")
        shared = np.intersect1d(self.query, self.retrieval)
        if len(shared):
            raise ValueError(
                f"{len(shared)} rows are both query and retrieval, the first "
                f"is row {shared[0]}; the two must be disjoint."
            )
        for part in ("train", "validation"):
            outside = np.setdiff1d(getattr(self, part), self.retrieval)
            if len(outside):
                raise ValueError(
                    f"{len(outside)} rows of `{part}` are not in `retrieval`, "
                    f"the first is row {outside[0]}."
                )

    @property
    def validation_database(self) -> np.ndarray:
        """Retrieval rows that validation queries are scored against."""
        return self.retrieval[~np.isin(self.retrieval, self.validation)]

    def counts(self) -> dict[str, int]:
        """Number of rows of each part."""
        return {part: len(getattr(self, part)) for part in PARTS}

    def digest(self) -> str:
        """SHA-256 over the four index arrays."""
        return files.array_digest(*(getattr(self, part) for part in PARTS))

    def save(self, path: str | os.PathLike) -> None:
        """Writes the four index arrays and their SHA-256 as one `.npz`."""
        parts = {part: getattr(self, part) for part in PARTS}
        files.write_npz(path, sha256=np.array(self.digest()), **parts)


def load(path: str | os.PathLike) -> Split:
    """Reads a stored split.

    Raises:
        ValueError: The file is no split, or does not fit its own SHA-256.
    """
    stored = files.read_npz(path)
    missing = [name for name in (*PARTS, "sha256") if name not in stored]
    if missing:
        raise ValueError(f"{path} is no split; it lacks {', '.join(missing)}.")
    parts = [stored[part] for part in PARTS]
    if str(stored["sha256"]) != files.array_digest(*parts):
        raise ValueError(
            f"The split {path} does not fit its own SHA-256; it was edited or "
            "damaged. Make it again."
        )
    return Split(*parts)


def make(
    rows: np.ndarray,
    num_query: int,
    num_train: int = 0,
    seed: int = 0,
    num_validation: int = 0,
    hold_out_validation: bool = False,
    groups: np.ndarray | None = None,
) -> Split:
    """Draws a split: the permuted rows' head is query, the rest retrieval.

    Args:
        rows: Row numbers to split, [n] int64.
        num_query: Size of the query part.
        num_train: Training rows, the first of the retrieval part; 0 takes the
            whole retrieval part.
        seed: Seed of `numpy.random.default_rng`.
        num_validation: Size of the validation part, the last of retrieval.
        hold_out_validation: Keep validation rows out of training.
        groups: Group of every row of the data set, [N] int64; groups are
            permuted then, and neither queries nor validation rows share one
            with what they are scored against. They grow to whole groups.

    Raises:
        ValueError: The numbers do not fit the rows.
    """
    if not 0 < num_query < len(rows):
        raise ValueError(
            f"num_query must lie between 1 and {len(rows) - 1}, one less than "
            f"the {len(rows)} rows; received {num_query}."
        )
    rng = np.random.default_rng(seed)
    if groups is None:
        permuted = rng.permutation(rows).astype(np.int64)
        cut = num_query
    else:
        permuted, key = _grouped(rows, groups, rng)
        cut = _whole_groups(key, num_query)
    query, retrieval = permuted[:cut], permuted[cut:]
    if not 0 <= num_train <= len(retrieval) or not len(retrieval):
        raise ValueError(
            f"num_train must lie between 0 and the {len(retrieval)} retrieval "
            f"rows; received {num_train}."
        )
    if not 0 <= num_validation < len(retrieval):
        raise ValueError(
            f"num_validation must lie between 0 and {len(retrieval) - 1}; "
            f"received {num_validation}."
        )
    if groups is not None and num_validation:
        num_validation = _whole_groups(key[cut:][::-1], num_validation)
    validation = retrieval[len(retrieval) - num_validation :]
    train = retrieval[: num_train or len(retrieval)]
    train = _trainable(train, validation, hold_out_validation)
    return Split(query, retrieval, train, validation)


def random_split(
    data: "arrays.CrossModalData",
    num_query: int,
    num_train: int = 0,
    seed: int = 0,
    num_validation: int = 0,
) -> Split:
    """Draws a split of all items of a data set, see `make`.

    Items of one group stay together, where the data set has groups.

    Args:
        data: The data set.
        num_query: Size of the query part.
        num_train: Training rows; 0 takes the whole retrieval part.
        seed: Seed of the permutation, `--split_seed` of the commands.
        num_validation: Size of the validation part.

    Raises:
        ValueError: The numbers do not fit the data.
    """
    rows = np.arange(len(data))
    return make(
        rows, num_query, num_train, seed, num_validation, groups=data.groups
    )


def _grouped(rows, groups, rng) -> tuple[np.ndarray, np.ndarray]:
    """Rows group by group in a drawn order, and the place of each's group."""
    _, number = np.unique(groups[rows], return_inverse=True)
    place = rng.permutation(number.max() + 1)[number]
    order = np.argsort(place, kind="stable")
    return rows[order].astype(np.int64), place[order]


def _whole_groups(key: np.ndarray, count: int) -> int:
    """Length of the shortest head of whole groups with so many rows."""
    ends = np.append(np.flatnonzero(np.diff(key)) + 1, len(key))
    return int(ends[np.searchsorted(ends, count)])


def complete(
    parts: Mapping[str, np.ndarray],
    num_train: int = 0,
    seed: int = 0,
    num_validation: int = 0,
    hold_out_validation: bool = False,
    groups: np.ndarray | None = None,
) -> Split:
    """A split whose query, retrieval and training rows are given.

    Args:
        parts: `query` and `retrieval` rows, and where they are given `train`
            and `validation`; training rows are all of `retrieval` otherwise.
        num_train: Training rows to keep, the first; 0 keeps all.
        seed: Seed of the validation rows, which are drawn from `retrieval`.
        num_validation: Number of those, where they are not given.
        hold_out_validation: Keep validation rows out of training.
        groups: Group of every row of the data set, [N] int64; drawn validation
            rows are then whole groups of `retrieval`.

    Raises:
        ValueError: The rows or the numbers do not fit together.
    """
    retrieval = parts["retrieval"]
    train = parts.get("train", retrieval)
    if not 0 <= num_train <= len(train):
        raise ValueError(
            f"num_train must lie between 0 and the {len(train)} training rows "
            f"of the split; received {num_train}."
        )
    train = train[: num_train or len(train)]
    validation = parts.get("validation")
    if validation is None:
        rng = np.random.default_rng(seed)
        if groups is None or not num_validation:
            validation = rng.choice(retrieval, num_validation, replace=False)
        else:
            permuted, key = _grouped(retrieval, groups, rng)
            validation = permuted[: _whole_groups(key, num_validation)]
    train = _trainable(train, validation, hold_out_validation)
    return Split(parts["query"], retrieval, train, validation)


def _trainable(train, validation, hold_out_validation) -> np.ndarray:
    if hold_out_validation:
        train = train[~np.isin(train, validation)]
    if not len(train):
        raise ValueError("The split leaves no rows to train on.")
    return train
