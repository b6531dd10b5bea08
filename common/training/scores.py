"""What codes of queries and of a database are worth, under Keras' names."""

import dataclasses

import numpy as np

from common.data import subset
from common.metrics import diagnostics
from common.metrics import pairs
from common.models import base
from common.runs import encoding


def encode(
    model: base.HashingModel, query: subset.Subset, database: subset.Subset
) -> encoding.SplitCodes:
    """Codes of queries and database, images and texts of each."""
    encoders = dataclasses.replace(encoding.model_encoders(model), label=None)
    return encoding.SplitCodes(
        encoders.image_codes(query.data, query.rows),
        encoders.text_codes(query.data, query.rows),
        encoders.image_codes(database.data, database.rows),
        encoders.text_codes(database.data, database.rows),
    )


def of_codes(
    found: encoding.SplitCodes,
    metrics: dict | None,
    groups: np.ndarray | None = None,
) -> dict[str, float]:
    """Scores of both directions, and how evenly bits are used.

    Args:
        found: Codes of queries and database.
        metrics: Their `Evaluation.metrics`; None without labels.
        groups: The queries' groups, whose members share their pairs, or None.

    Returns:
        `map_i2t` and `map_t2i`, tie-aware MAP over the whole database, left
        out without labels or where no query has a relevant item.
        `recall_at_10_*` and `median_rank_*`: how queries find their own pair
        among one another. `bit_balance_image` and `bit_balance_text`: mean
        distance of a bit's share of ones from one half, 0 at best and 0.5 for
        constant codes.
    """
    scores = {}
    own = pairs.scores(found.query_image, found.query_text, groups)
    for direction in ("i2t", "t2i"):
        reached = metrics and metrics[direction]["map_all"]
        if reached is not None:
            scores[f"map_{direction}"] = reached
        for name in ("recall_at_10", "median_rank"):
            scores[f"{name}_{direction}"] = own[direction][name]
    for name, balance in bit_balance(found).items():
        scores[f"bit_balance_{name}"] = np.abs(balance - 0.5).mean()
    return {name: float(value) for name, value in scores.items()}


def bit_balance(found: encoding.SplitCodes) -> dict[str, np.ndarray]:
    """Share of ones of each bit in the database's codes, [K] a modality."""
    return {
        "image": diagnostics.bit_balance(found.retrieval_image),
        "text": diagnostics.bit_balance(found.retrieval_text),
    }


def evaluate(
    model: base.HashingModel, query: subset.Subset, database: subset.Subset
) -> dict[str, float]:
    """Encodes queries and database and returns `of_codes`."""
    found = encode(model, query, database)
    metrics = None
    if query.labels is not None and database.labels is not None:
        metrics = found.evaluation(query.labels, database.labels).metrics()
    return of_codes(found, metrics, query.groups)
