"""What codes of queries and of a database are worth, under Keras' names."""

import dataclasses

import numpy as np

from common.data import subset
from common.metrics import diagnostics
from common.models import base
from common.runs import encoding

# Metrics of a direction; MAP over all ranks is the field's.
_METRICS = {
    "map": "map_all",
    "map_at_50": "map_at_50",
}


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


def evaluate(
    model: base.HashingModel, query: subset.Subset, database: subset.Subset
) -> dict[str, float]:
    """Scores of both directions, and how evenly bits are used.

    Returns:
        `map_i2t` and `map_t2i`, tie-aware MAP over the whole database;
        `map_at_50_i2t` and `map_at_50_t2i`; left out without labels, or where
        no query has a relevant item. `bit_balance_image` and
        `bit_balance_text`: mean distance of a bit's share of ones from one
        half, 0 at best and 0.5 for constant codes.
    """
    found = encode(model, query, database)
    scores = {}
    if query.labels is not None and database.labels is not None:
        metrics = found.evaluation(query.labels, database.labels).metrics()
        scores = {
            f"{name}_{direction}": metrics[direction][key]
            for name, key in _METRICS.items()
            for direction in ("i2t", "t2i")
        }
    for name, packed in (
        ("image", found.retrieval_image),
        ("text", found.retrieval_text),
    ):
        balance = diagnostics.bit_balance(packed)
        scores[f"bit_balance_{name}"] = np.abs(balance - 0.5).mean()
    return {
        name: float(value)
        for name, value in scores.items()
        if value is not None
    }
