"""Matrix products that reverse-mode differentiation of a network makes.

A product is in a step's list as often as the step has to make it: what two
updates need of the same weights and the same rows is there once.
"""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple


class Product(NamedTuple):
    """One matrix product, [rows, inner] by [inner, columns].

    Attributes:
        rows: Of the result.
        inner: Numbers that are summed to one of the result.
        columns: Of the result.
        transposed: Which operand lies in memory the other way round: "",
            "left" or "right".
    """

    rows: int
    inner: int
    columns: int
    transposed: str = ""

    @property
    def operations(self) -> int:
        """Floating-point operations: a multiplication and an addition each."""
        return 2 * self.rows * self.inner * self.columns


def forward(rows: int, widths: Sequence[int]) -> list[Product]:
    """Dense layers applied to some rows.

    Args:
        rows: Rows of the batch.
        widths: Of the input and of each layer.
    """
    return [Product(rows, *both) for both in _layers(widths)]


def weight_gradients(rows: int, widths: Sequence[int]) -> list[Product]:
    """Gradients of those layers' kernels."""
    return [
        Product(inputs, rows, outputs, "left")
        for inputs, outputs in _layers(widths)
    ]


def input_gradients(rows: int, widths: Sequence[int]) -> list[Product]:
    """Gradients of what goes into each of those layers."""
    return [
        Product(rows, outputs, inputs, "right")
        for inputs, outputs in _layers(widths)
    ]


def passing(rows: int, widths: Sequence[int]) -> list[Product]:
    """Layers that stand still and hand a gradient on: no weight gradients."""
    return forward(rows, widths) + input_gradients(rows, widths)


def learning(rows: int, widths: Sequence[int]) -> list[Product]:
    """Layers that learn, and so do some before them: all three products."""
    return passing(rows, widths) + weight_gradients(rows, widths)


def first(rows: int, widths: Sequence[int]) -> list[Product]:
    """Layers that learn, with data or what stands still before them."""
    return (
        forward(rows, widths)
        + weight_gradients(rows, widths)
        + input_gradients(rows, widths[1:])
    )


def similarities(
    rows: int, others: int, width: int, gradients: int
) -> list[Product]:
    """Inner products of [rows, width] with [others, width].

    Args:
        rows: Of the one side.
        others: Of the other side.
        width: Numbers in a row.
        gradients: Of how many sides: 0 to 2, of the first side first.
    """
    return [
        Product(rows, width, others, "right"),
        Product(rows, others, width),
        Product(others, rows, width, "left"),
    ][: 1 + gradients]


def operations(products: Iterable[Product]) -> int:
    """Floating-point operations of some products together."""
    return sum(product.operations for product in products)


def _layers(widths) -> list[tuple[int, int]]:
    return list(zip(widths, widths[1:], strict=False))
