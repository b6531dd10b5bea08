"""What a set of codes looks like before any retrieval: dead and wasted bits."""

import numpy as np

from common.hamming import codes

# [256, 8], the bits of every byte.
_BYTE_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
# 2^64 divided by the golden ratio, odd: it spreads what it multiplies.
_MIXER = np.uint64(0x9E3779B97F4A7C15)
# Codes whose bits are counted at once, exactly in float32.
_BLOCK = 1 << 16


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


def bit_correlation(
    first: codes.PackedCodes, second: codes.PackedCodes
) -> np.ndarray:
    """Correlation of every bit of one code with every bit of another.

    Args:
        first: n codes of K bits, n >= 1.
        second: n codes of L bits, of the same items.

    Returns:
        [K, L] float64 in [-1, 1]; 0 where a bit is constant.

    Raises:
        ValueError: If there is no code, or the numbers of codes differ.
    """
    if len(first) != len(second):
        raise ValueError(
            "Bits are compared item by item, received "
            f"{len(first)} and {len(second)} codes."
        )
    share, other = bit_balance(first), bit_balance(second)
    both = np.zeros((first.bits, second.bits))
    for start in range(0, len(first), _BLOCK):
        part = np.arange(start, min(start + _BLOCK, len(first)))
        ones, others = (
            packed.take(part).to_bits().astype(np.float32)
            for packed in (first, second)
        )
        both += ones.T @ others
    covariance = both / len(first) - np.outer(share, other)
    scale = np.sqrt(np.outer(share * (1 - share), other * (1 - other)))
    return np.divide(
        covariance, scale, out=np.zeros(scale.shape), where=scale > 0
    )


def distinct_codes(packed: codes.PackedCodes) -> int:
    """Number of different codes among n, between 1 and min(n, 2^K).

    Args:
        packed: n codes; 0 is returned when there is none.
    """
    if not len(packed):
        return 0
    words = packed.words
    # One number for each code sorts faster than its words do.
    mixed = words[:, 0].copy()
    for column in words.T[1:]:
        mixed = mixed * _MIXER + column
    order = np.argsort(mixed)
    ordered, mixed = words[order], mixed[order]
    differ = np.any(ordered[1:] != ordered[:-1], axis=1)
    if np.any(differ & (mixed[1:] == mixed[:-1])):
        # Different codes with one number may stand in any order.
        ordered = words[np.lexsort(words.T)]
        differ = np.any(ordered[1:] != ordered[:-1], axis=1)
    return 1 + int(differ.sum())


def _ones(packed: codes.PackedCodes) -> np.ndarray:
    """[K] int64, how many codes have each bit set."""
    if not len(packed):
        raise ValueError(
            "Bit statistics need at least one code, received none."
        )
    ones = np.stack(
        [
            np.bincount(column, minlength=256) @ _BYTE_BITS
            for column in packed.rows.T
        ]
    )
    return ones.ravel()[: packed.bits]
