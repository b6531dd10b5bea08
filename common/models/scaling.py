"""Inputs of one length, whatever extractor or caption they come from."""

import keras

KINDS = ("none", "unit")


def layers(kind: str, gain: float) -> list[keras.layers.Layer]:
    """Layers without weights that scale inputs [n, d] row by row.

    Args:
        kind: `unit` makes unit vectors times the gain; `none` leaves inputs as
            they are. A row of zeros stays one.
        gain: Length of a scaled row.

    Returns:
        What begins a network; nothing for `none`.

    Raises:
        ValueError: The kind is unknown.
    """
    if kind == "none":
        return []
    if kind == "unit":
        return [keras.layers.UnitNormalization(), keras.layers.Rescaling(gain)]
    raise ValueError(
        f"scaling must be one of {', '.join(KINDS)}; received {kind!r}."
    )
