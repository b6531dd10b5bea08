"""What a set of codes looks like before any retrieval: dead and wasted bits."""

import numpy as np

from common import codes

# Bits unpacked at once, to bound memory for large databases.
_UNPACKED_BITS = 1 << 24


def bit_balance(packed: codes.PackedCodes) -> np.ndarray:
    """Share of ones of every bit; 0.5 is balanced, 0 and 1 carry nothing.

    Args:
        packed: n codes of K bits, n >= 1.

    Returns:
        [K] float64 in [0, 1].

    Raises:
        ValueError: If there is no code.
    """
    return _ones(packed) / len(packed)


def constant_bits(packed: codes.PackedCodes) -> np.ndarray:
    """Positions of the bits that have one value in all codes.

    Args:
        packed: n codes of K bits, n >= 1.

    Returns:
        Ascending int64 positions in 0..K-1.

    Raises:
        ValueError: If there is no code.
    """
    ones = _ones(packed)
    return np.flatnonzero((ones == 0) | (ones == len(packed)))


def distinct_codes(packed: codes.PackedCodes) -> int:
    """Number of different codes among n, between 1 and min(n, 2^K).

    Args:
        packed: n codes; 0 is returned when there is none.
    """
    if not len(packed):
        return 0
    words = packed.words
    ordered = words[np.lexsort(words.T)]
    return 1 + int(np.any(ordered[1:] != ordered[:-1], axis=1).sum())


def _ones(packed: codes.PackedCodes) -> np.ndarray:
    """[K] int64, how many codes have each bit set."""
    if not len(packed):
        raise ValueError(
            "Bit statistics need at least one code, received none."
        )
    ones = np.zeros(packed.bits, np.int64)
    block = max(1, _UNPACKED_BITS // packed.bits)
    for start in range(0, len(packed), block):
        rows = packed.rows[start : start + block]
        ones += codes.unpack_bits(rows, packed.bits).sum(axis=0)
    return ones
