"""Which rows form batch number `step`: a function of the seed alone.

A draw never depends on what was drawn before it, so a run that resumes at
step s sees exactly the batches it would have seen.
"""

import dataclasses
import functools

import numpy as np


@functools.lru_cache(maxsize=2)
def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Order in which an epoch visits rows 0..count-1, [count] int64."""
    order = np.random.default_rng([seed, epoch]).permutation(count)
    order.flags.writeable = False
    return order


@dataclasses.dataclass(frozen=True)
class PairDraws:
    """Paired batches: each epoch visits every row at most once.

    The rows that do not fill a last batch are left out; the next epoch's
    order leaves out others.

    Attributes:
        count: Number of training rows, n.
        batch_size: Rows in a batch, B, at most n.
        seed: Seed of the order.
    """

    count: int
    batch_size: int
    seed: int

    # Draws whose rows are gathered, one after the other, into a batch.
    gathered = ("index",)

    @classmethod
    def at_most(cls, count: int, batch_size: int, seed: int) -> "PairDraws":
        """Batches of `batch_size`, or of all rows where there are fewer."""
        return cls(count, min(batch_size, count), seed)

    def __post_init__(self):
        if not 1 <= self.batch_size <= self.count:
            raise ValueError(
                f"batch_size must lie between 1 and the {self.count} training "
                f"rows; received {self.batch_size}."
            )

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch."""
        return self.count // self.batch_size

    def __call__(self, step: int) -> dict[str, np.ndarray]:
        """Draws batch `step`, counted from the start of training.

        Returns:
            `index`: [B] int32 row numbers within the training rows.
        """
        return {"index": self._index(step)}

    def _index(self, step: int) -> np.ndarray:
        epoch, within = divmod(step, self.steps_per_epoch)
        order = epoch_order(self.count, self.seed, epoch)
        start = within * self.batch_size
        return order[start : start + self.batch_size].astype(np.int32)


@dataclasses.dataclass(frozen=True)
class GraphDraws:
    """Paired batches with a graph neighbour and a shared candidate pool.

    The batch's own rows are a uniform draw too; with `pool_size` 0 they are
    the pool, and nothing more has to be encoded.

    Attributes:
        neighbours: Rows that count as positives of each row, itself
            included, [n, m] int32.
        batch_size: Queries in a batch, B.
        pool_size: Candidates drawn afresh for each batch, P; 0 takes the
            batch's own rows.
        seed: Seed of everything drawn.
        pair_share: Share of positives that are the row itself, the first
            of its neighbours, whatever the rest of the list; 0 draws
            uniformly from the whole list.
    """

    neighbours: np.ndarray
    batch_size: int
    pool_size: int
    seed: int
    pair_share: float = 0.0

    def __post_init__(self):
        fits = 2 <= self.pool_size <= len(self.neighbours)
        if self.pool_size and not fits:
            raise ValueError(
                f"pool_size must be 0 or lie between 2 and the "
                f"{len(self.neighbours)} training rows; received "
                f"{self.pool_size}."
            )
        object.__setattr__(
            self,
            "_pairs",
            PairDraws(len(self.neighbours), self.batch_size, self.seed),
        )

    @property
    def gathered(self) -> tuple[str, ...]:
        """Draws whose rows must be encoded; the others repeat `index`."""
        graph = self.neighbours.shape[1] > 1
        return (
            "index",
            *(("positive",) if graph else ()),
            *(("pool",) if self.pool_size else ()),
        )

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch."""
        return self._pairs.steps_per_epoch

    def __call__(self, step: int) -> dict[str, np.ndarray]:
        """Draws batch `step`, counted from the start of training.

        Returns:
            `index`: [B] int32 query rows. `positive`: [B] int32, one graph
            neighbour of each. `pool`: [P] int32 distinct rows,
            uniform. `known`: [B, P] bool, true where a candidate is among the
            query's positives, and so cannot serve as a negative.
        """
        index = self._pairs(step)["index"]
        # The third number keeps these draws apart from the epoch orders.
        rng = np.random.default_rng([self.seed, step, 1])
        positives = self.neighbours[index]
        choice = rng.integers(positives.shape[1], size=len(index))
        choice[rng.random(len(index)) < self.pair_share] = 0
        pool = index
        if self.pool_size:
            pool = rng.choice(
                len(self.neighbours), self.pool_size, replace=False
            )
        return {
            "index": index,
            "positive": positives[np.arange(len(index)), choice],
            "pool": pool.astype(np.int32),
            "known": (positives[:, :, None] == pool).any(axis=1),
        }
