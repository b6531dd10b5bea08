"""Inputs of one length, whatever extractor or caption they come from."""

import keras

KINDS = ("none", "unit")

# Length of scaled embeddings in units of the square root of their width.
EMBEDDING_GAIN = 0.5


def text_gain(kind: str, width: int, of_words: float) -> float:
    """Length of a scaled text.

    Args:
        kind: `bag_of_words` or `embedding`.
        width: Columns of the text.
        of_words: Length of a scaled bag of words.
    """
    return EMBEDDING_GAIN * width**0.5 if kind == "embedding" else of_words


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
