"""What models say to arguments of Keras' that mean nothing to them."""

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

_WEIGHTS = "losses compare items with one another and weight none"
_ROWS = "all rows are scored; give fewer"
# Of each method: the value that changes nothing, and what is to be done instead
# of passing another.
_FIT = {
    "class_weight": (None, _WEIGHTS),
    "sample_weight": (None, _WEIGHTS),
    "validation_split": (
        0.0,
        "give `validation_data=(queries, database)`, such as rows of "
        "`common.data.random_split`",
    ),
    "validation_batch_size": (None, _ROWS),
    "validation_steps": (None, _ROWS),
    "shuffle": (True, "rows are drawn by the model's `seed`"),
}
_COMPILE = {
    "loss": (None, "the losses are the method's own; its settings weight them"),
    "loss_weights": (None, "the method's settings weight its losses"),
    "metrics": (None, "`evaluate` and `validation_data` give the scores"),
    "weighted_metrics": (None, _WEIGHTS),
    "auto_scale_loss": (True, "give the optimizers that scale losses"),
}
_EVALUATE = {
    "sample_weight": (None, "every query counts once"),
    "steps": (None, _ROWS),
}
_PREDICT = {"steps": (None, "all rows are encoded; give fewer")}
_KNOWN = {
    "fit": _FIT,
    "compile": _COMPILE,
    "evaluate": _EVALUATE,
    "predict": _PREDICT,
}


def refuse(method: str, given: Mapping[str, Any]) -> None:
    """Refuses what a method of a model takes elsewhere, but not here.

    Args:
        method: `fit`, `compile`, `evaluate` or `predict`.
        given: Arguments that it has no place for; those with the value that
            changes nothing pass.

    Raises:
        TypeError: Says what to do instead.
    """
    for name, value in given.items():
        if name not in _KNOWN[method]:
            raise TypeError(f"`{method}` has no argument {name!r}.")
        nothing, reason = _KNOWN[method][name]
        if value is nothing or (np.isscalar(value) and value == nothing):
            continue
        raise TypeError(f"`{method}` takes no `{name}`: {reason}.")


def check_counts(least: int, **counts: int | None) -> None:
    """Refuses what is no whole number, or too small; None passes.

    Raises:
        ValueError: Names the argument and what was received.
    """
    for name, count in counts.items():
        if count is None:
            continue
        try:
            enough = operator.index(count) >= least
        except TypeError:
            enough = False
        if not enough:
            raise ValueError(
                f"`{name}` is a whole number of at least {least}; received "
                f"{count!r}."
            )
