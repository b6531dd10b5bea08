"""Nearest neighbours among candidates from a projection.

All rows are projected onto the first principal components of a sample, and
k-means of the projections divides them into cells. What is nearest to a row in
the projection is a candidate. Rows that are near to each other have many
candidates in common: all those of a group are compared with all its rows in the
original space. So every step is a product of matrices.

Axis legend: `n` items, `d` columns, `p` components, `c` cells.
"""

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np

from common.data.neighbours import selection
from common.data.neighbours import threads

_COMPONENTS = 128
# Rounds of the power method and of k-means.
_POWERS = 2
_ROUNDS = 8
# Rows of a sample for each cell.
_ROWS_PER_CELL = 64
# Candidates of a row for each neighbour that is sought.
_CANDIDATES = 5
_BLOCK = 4096
_QUERY_BLOCK = 1024
_ITEM_BLOCK = 32_768
# Rows whose candidates are compared with all of them, at most.
_GROUP = 128


@dataclasses.dataclass(frozen=True, eq=False)
class Cells:
    """A projection and the centres of cells in it.

    Attributes:
        mean: What is taken off a row, [d].
        components: Principal components, [d, p].
        centres: [c, p].
    """

    mean: np.ndarray
    components: np.ndarray
    centres: np.ndarray

    @classmethod
    def fit(
        cls, sample: np.ndarray, count: int, random: np.random.Generator
    ) -> "Cells":
        """Learns both from a sample of rows.

        Args:
            sample: [m, d] float32.
            count: Number of all rows, n; there are about sqrt(n) cells.
            random: Where random numbers come from.
        """
        mean = sample.mean(axis=0)
        centred = sample - mean
        components = _components(centred, random)
        projected = centred @ components
        wanted = min(round(count**0.5), max(1, len(sample) // _ROWS_PER_CELL))
        return cls(mean, components, _centres(projected, wanted, random))

    def project(self, rows: np.ndarray) -> np.ndarray:
        """[m, p] float32 of [m, d] rows."""
        return (rows - self.mean) @ self.components

    def assign(self, projected: np.ndarray) -> np.ndarray:
        """Cell of each projected row, [m] int64."""
        return _closest(projected, self.centres)


def nearest(
    form: Cells,
    read: Callable[[np.ndarray | slice], np.ndarray],
    count: int,
    neighbours: int,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """The nearest other items of every item; see `approximate.nearest`.

    Args:
        form: Projection and cells.
        read: Returns the float32 features of rows.
        count: Number of items, n.
        neighbours: k, less than n.
        progress: Called with the number of items done so far.

    Returns:
        [n, k] int32.
    """
    order, edges, projected = _sorted_by_cell(form, read, count)
    sought = min(count - 1, _CANDIDATES * neighbours)
    near = _nearest_cells(form.centres, np.diff(edges), sought + 1)
    # With -2 q and 1 instead, a product with these is a squared distance less
    # that of q, which all of a query's have in common.
    norms = np.einsum("ij,ij->i", projected, projected)
    with_norms = np.hstack([projected, norms[:, None]])
    found = np.empty((count, neighbours), np.int32)

    def find(queries):
        number = np.searchsorted(edges, queries.start, "right") - 1
        first = np.concatenate(
            [np.arange(edges[cell], edges[cell + 1]) for cell in near[number]]
        )
        places = _candidates(with_norms, queries, first, sought)
        for group in _groups(projected[queries]):
            own = order[queries][group]
            others = np.sort(order[np.unique(places[group])])
            found[own] = _ranked(read, own, others, neighbours)

    threads.each(find, _query_blocks(edges), progress)
    return found


def _query_blocks(edges: np.ndarray) -> list[slice]:
    """Slices of rows, none of which lies in two cells."""
    return [
        slice(start, min(start + _QUERY_BLOCK, last))
        for first, last in itertools.pairwise(edges.tolist())
        for start in range(first, last, _QUERY_BLOCK)
    ]


def _groups(rows: np.ndarray) -> list[np.ndarray]:
    """Places of rows in groups of neighbours, of `_GROUP` at most.

    Halves, and halves of halves, across the direction of largest variance.
    """
    groups, large = [], [np.arange(len(rows))]
    while large:
        places = large.pop()
        if len(places) <= _GROUP:
            groups.append(places)
            continue
        centred = rows[places] - rows[places].mean(axis=0)
        along = centred[np.einsum("ij,ij->i", centred, centred).argmax()]
        for _ in range(_POWERS):
            along = centred.T @ (centred @ along)
            # Where all rows are the same there is no direction.
            along /= max(np.linalg.norm(along), np.finfo(np.float32).tiny)
        sorted_places = places[np.argsort(centred @ along, kind="stable")]
        large += np.array_split(sorted_places, 2)
    return groups


def _sorted_by_cell(form, read, count):
    """Rows cell by cell, where each cell's begin, and their projections."""
    projected = np.empty((count, form.components.shape[1]), np.float32)
    for start in range(0, count, _BLOCK):
        rows = slice(start, min(start + _BLOCK, count))
        projected[rows] = form.project(read(rows))
    cell = form.assign(projected)
    order = np.argsort(cell, kind="stable")
    edges = np.searchsorted(cell[order], np.arange(len(form.centres) + 1))
    return order, edges, projected[order]


def _nearest_cells(
    centres: np.ndarray, sizes: np.ndarray, enough: int
) -> list[np.ndarray]:
    """For each cell those nearest to it that have `enough` rows together."""
    distances = -2 * centres @ centres.T
    distances += np.einsum("ij,ij->i", centres, centres)
    np.fill_diagonal(distances, -np.inf)
    nearest = np.argsort(distances, axis=1, kind="stable")
    reached = np.cumsum(sizes[nearest], axis=1)
    return [
        row[: 1 + np.searchsorted(total, enough)]
        for row, total in zip(nearest, reached, strict=True)
    ]


def _candidates(with_norms, queries, first, wanted) -> np.ndarray:
    """Places of what is nearest to each query in the projection, [q, wanted].

    The rows at `first` are looked at before all others, so that few of these
    are nearer than what is found already.
    """
    best = selection.Nearest(wanted)
    block = -2 * with_norms[queries]
    block[:, -1] = 1
    own = np.arange(queries.start, queries.stop)
    distances = block @ with_norms[first].T
    distances[own[:, None] == first] = np.inf
    best.add(distances, first)
    for start in range(0, len(with_norms), _ITEM_BLOCK):
        items = slice(start, min(start + _ITEM_BLOCK, len(with_norms)))
        distances = block @ with_norms[items].T
        known = first[(first >= items.start) & (first < items.stop)]
        distances[:, known - items.start] = np.inf
        best.add(distances, np.arange(items.start, items.stop))
    return best.items


def _ranked(read, queries, candidates, wanted: int) -> np.ndarray:
    """The nearest other items among some, [queries, wanted]."""
    best = selection.Nearest(wanted)
    block = -2 * read(queries)
    for start in range(0, len(candidates), _BLOCK):
        numbers = candidates[start : start + _BLOCK]
        items = read(numbers)
        distances = block @ items.T
        distances += np.einsum("ij,ij->i", items, items)
        distances[queries[:, None] == numbers] = np.inf
        best.add(distances, numbers)
    return best.items


def _components(centred: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """First principal components of centred rows, [d, p] float32.

    Halko, Martinsson, Tropp: *Finding Structure with Randomness*, 2011; the
    subspace of random projections, turned towards the largest variance.
    """
    size = min(_COMPONENTS, *centred.shape)
    basis = random.standard_normal((centred.shape[1], size), np.float32)
    for _ in range(_POWERS):
        basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
    return np.ascontiguousarray(basis)


def _centres(
    rows: np.ndarray, wanted: int, random: np.random.Generator
) -> np.ndarray:
    """Centres of k-means, [wanted, p]; an empty cell keeps its centre."""
    centres = rows[random.permutation(len(rows))[:wanted]].copy()
    for _ in range(_ROUNDS):
        cell = _closest(rows, centres)
        order = np.argsort(cell, kind="stable")
        used, starts = np.unique(cell[order], return_index=True)
        sums = np.add.reduceat(rows[order], starts, axis=0)
        counts = np.diff([*starts, len(rows)])
        centres[used] = sums / counts[:, None].astype(np.float32)
    return centres


def _closest(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    norms = np.einsum("ij,ij->i", centres, centres)
    blocks = range(0, len(rows), _BLOCK)
    return np.concatenate(
        [
            (norms - 2 * rows[at : at + _BLOCK] @ centres.T).argmin(axis=1)
            for at in blocks
        ]
    )
