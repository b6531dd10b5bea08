"""What the machine can do: its rates of large products and of streams."""

import dataclasses
import time
from collections.abc import Callable

_SIDE = 3072
_NUMBERS = 1 << 26


@dataclasses.dataclass(frozen=True)
class Machine:
    """Rates of the machine.

    Attributes:
        products: Of a large single-precision product, FLOP/s.
        stream: Of a = b + s * c, bytes/s.
    """

    products: float
    stream: float

    def better(self, other: "Machine") -> "Machine":
        """The higher of both measurements' rates."""
        return Machine(
            max(self.products, other.products), max(self.stream, other.stream)
        )


def measure_machine(side: int = _SIDE, numbers: int = _NUMBERS) -> Machine:
    """Best rates of a large product and of a large a = b + s * c.

    Args:
        side: Rows and columns of both matrices.
        numbers: Numbers in each stream.
    """
    import tensorflow as tf

    left = tf.random.stateless_normal([side, side], [0, 0])
    product = tf.function(lambda: tf.reduce_sum(left @ left))
    vector = tf.random.stateless_normal([numbers], [0, 1])
    other = tf.random.stateless_normal([numbers], [0, 2])
    target = tf.Variable(vector)

    @tf.function(jit_compile=True)
    def triad():
        target.assign(vector + 0.5 * other)

    return Machine(
        2.0 * side**3 / fastest(product), 3.0 * 4 * numbers / fastest(triad)
    )


def fastest(function: Callable, seconds: float = 0.0, least: int = 8) -> float:
    """Seconds of the fastest of some calls.

    Args:
        function: What is called; returns a tensor of TensorFlow, or None.
        seconds: How long it is called at least.
        least: How often it is called at least.
    """
    times = []
    while len(times) < least or sum(times) < seconds:
        start = time.perf_counter()
        # A tensor is done when it is read; an assignment, when it returns.
        result = function()
        if result is not None:
            result.numpy()
        times.append(time.perf_counter() - start)
    return min(times)
