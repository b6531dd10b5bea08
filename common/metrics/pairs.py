"""Scores that need no labels: how near a query finds its own pair.

An image asks for its text among the texts of all queries, and the other way
round. Items at one distance have no order: every score is the mean over the
orders that ties allow, so that a constant code scores what chance does.

Axis legend: `n` pairs, `K` bits.
"""

import numpy as np
from scipy import special

from common.hamming import codes
from common.hamming import distances

RANKS = (1, 5, 10)
# More pairs than this are not asked; n asks n.
MOST_PAIRS = 10_000


def scores(
    image: codes.PackedCodes,
    text: codes.PackedCodes,
    groups: np.ndarray | None = None,
) -> dict:
    """Recall of the own pair and its median rank, in both directions.

    Args:
        image: Codes of n images; of more than `MOST_PAIRS` the first are taken.
        text: Codes of their texts, in the same order.
        groups: [n] integers, equal for pairs that are of one item, such as the
            captions of one picture; finding any of them counts. By default
            every pair is an item.

    Returns:
        For `i2t` and `t2i` a dict of `recall_at_1`, `recall_at_5`,
        `recall_at_10` and `median_rank`, the same with `chance_` before the
        name for an order drawn blindly, and `pairs`, the number asked.

    Raises:
        ValueError: Images and texts do not pair up, or there are none.
    """
    if len(image) != len(text) or not len(image):
        raise ValueError(
            "A pair is an image and a text, received "
            f"{len(image)} image and {len(text)} text codes."
        )
    kept = np.arange(min(len(image), MOST_PAIRS))
    groups = kept if groups is None else np.asarray(groups)[kept]
    image, text = image.take(kept), text.take(kept)
    chance = _summary(*_all_tied(groups), "chance_")
    return {
        direction: {
            **_summary(*_places(queries, database, groups)),
            **chance,
            "pairs": len(kept),
        }
        for direction, queries, database in (
            ("i2t", image, text),
            ("t2i", text, image),
        )
    }


def recall_at(
    rank: int, nearer: np.ndarray, tied: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """Probability that an own item is among the first, per query.

    Of `tied` items in any order the first m hold none of `own` with the
    probability C(tied - own, m) / C(tied, m).

    Args:
        rank: How many of the first items count.
        nearer: Items before the nearest own one, [n].
        tied: Items at its distance, itself included, [n].
        own: Own items among those, at least 1, [n].

    Returns:
        [n] float64.
    """
    drawn = np.clip(rank - nearer, 0, tied)
    others = tied - own
    # Logarithms of the factorials in both binomials.
    missed = np.exp(
        special.gammaln(others + 1)
        - special.gammaln(np.maximum(others - drawn, 0) + 1)
        - special.gammaln(tied + 1)
        + special.gammaln(tied - drawn + 1)
    )
    return np.where(drawn > others, 1.0, 1.0 - missed)


def expected_rank(
    nearer: np.ndarray, tied: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """Mean rank of the first own item over the orders of ties, from 1.

    Args:
        nearer: Items before the nearest own one, [n].
        tied: Items at its distance, itself included, [n].
        own: Own items among those, at least 1, [n].
    """
    return nearer + (tied + 1) / (own + 1)


def _places(queries, database, groups):
    """Items nearer than the nearest own one, at its distance, own ones there.

    Each is [n] int64.
    """
    counts = np.empty((3, len(queries)), np.int64)
    for row, found in distances.distance_rows(queries, database):
        own = found[groups == groups[row]]
        nearest = own.min()
        counts[:, row] = (
            np.count_nonzero(found < nearest),
            np.count_nonzero(found == nearest),
            np.count_nonzero(own == nearest),
        )
    return counts


def _all_tied(groups):
    _, inverse, sizes = np.unique(
        groups, return_inverse=True, return_counts=True
    )
    none = np.zeros(len(groups), np.int64)
    return none, np.full(len(groups), len(groups)), sizes[inverse]


def _summary(nearer, tied, own, prefix: str = "") -> dict[str, float]:
    found = {
        f"{prefix}recall_at_{rank}": float(
            recall_at(rank, nearer, tied, own).mean()
        )
        for rank in RANKS
    }
    ranks = expected_rank(nearer, tied, own)
    found[f"{prefix}median_rank"] = float(np.median(ranks))
    return found
