"""The least time of a step: by the machine's rates, and by its own shapes."""

import math
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.benchmarks.training import cases
from experiments.benchmarks.training import machine as machine_lib
from experiments.benchmarks.training.counts import products as products_lib

# Adam reads weight, gradient and two moments, and writes all but one.
_ADAM_WORDS = 7
# A call of a compiled function costs what small products take: as many of
# these are timed in one call as have so many operations, of operands of their
# own.
_ENOUGH_OPERATIONS = 2e8
_MOST_COPIES = 32
# Seconds that a product is timed in each library.
_SECONDS = 0.05

# Seconds of one product of some pairs of operands.
Timer = Callable[[Sequence[tuple[np.ndarray, np.ndarray]], str, float], float]


def step_products(
    case: cases.Case, sizes: cases.Sizes, kind: str
) -> list[products_lib.Product]:
    """The matrix products of a case's step of one kind."""
    # They import TensorFlow.
    from experiments.benchmarks.training.counts import ssah
    from experiments.benchmarks.training.counts import uch
    from experiments.benchmarks.training.counts import ugach

    counts = {"ugach": ugach, "uch": uch, "ssah": ssah}[case.method]
    return counts.of_step(case.config, sizes, kind)


def updated_weights(model: Any, kind: str) -> int:
    """How many numbers a step of one kind lets Adam change.

    Args:
        model: A built model of one of the methods.
        kind: The phase.
    """
    own = {
        "pretrain": ("discriminator",),
        "discriminators": ("discriminator",),
        "adversarial": ("discriminator", "generator"),
        "algorithm_1": tuple(model.players),
    }.get(kind, (kind,))
    return sum(
        math.prod(variable.shape)
        for player in own
        for variable in model.players[player]
    )


def traffic_seconds(machine: machine_lib.Machine, weights: int) -> float:
    """Least time of Adam's reads and writes of so many weights."""
    return 4.0 * _ADAM_WORDS * weights / machine.stream


def floor_seconds(
    machine: machine_lib.Machine, operations: int, weights: int
) -> float:
    """Least time of a step at the machine's rates.

    Args:
        machine: The rates.
        operations: Floating-point operations of its matrix products.
        weights: How many numbers Adam changes.
    """
    return operations / machine.products + traffic_seconds(machine, weights)


class ShapeTimer:
    """Seconds of single products, each shape timed once.

    Args:
        timers: Of each library, of which the fastest counts.
    """

    def __init__(self, timers: Sequence[Timer]):
        self._timers = timers
        self._known = {}

    def seconds(self, products: Iterable[products_lib.Product]) -> float:
        """Seconds of some products one after the other."""
        return sum(map(self._one, products))

    def _one(self, product) -> float:
        if product not in self._known:
            pairs = _operands(product)
            self._known[product] = min(
                time(pairs, product.transposed, _SECONDS)
                for time in self._timers
            )
        return self._known[product]


def time_in_tensorflow(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
    transposed: str,
    seconds: float,
) -> float:
    """Seconds of one product compiled by XLA, in the fastest of some rounds.

    Args:
        pairs: Operands of products of one shape, as they lie in memory.
        transposed: See `counts.products.Product`.
        seconds: How long rounds go on.
    """
    import tensorflow as tf

    lefts, rights = (
        [tf.constant(one) for one in side] for side in zip(*pairs, strict=True)
    )

    @tf.function(jit_compile=True, autograph=False)
    def multiply(lefts, rights):
        return [
            tf.matmul(
                *both,
                transpose_a=transposed == "left",
                transpose_b=transposed == "right",
            )
            for both in zip(lefts, rights, strict=True)
        ]

    multiply(lefts, rights)
    found = machine_lib.fastest(
        lambda: multiply(lefts, rights)[-1], seconds, least=5
    )
    return found / len(pairs)


def _operands(product) -> list[tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(0)
    left = [product.rows, product.inner]
    right = [product.inner, product.columns]
    if product.transposed == "left":
        left.reverse()
    if product.transposed == "right":
        right.reverse()
    copies = math.ceil(_ENOUGH_OPERATIONS / product.operations)
    return [
        tuple(random.random(shape, np.float32) for shape in (left, right))
        for _ in range(min(copies, _MOST_COPIES))
    ]
