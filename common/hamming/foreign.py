"""Codes that other programs wrote: one array in a `.npy`, in any usual form."""

import os

import numpy as np

from common.hamming import codes
from common.system import files

BIT_ORDERS = ("big", "little")


def read(
    path: str | os.PathLike, bits: int = 0, bit_order: str = "big"
) -> codes.PackedCodes:
    """Reads codes, packed or a column for each bit.

    Args:
        path: A `.npy` with one row per item: bits as booleans, as 0 and 1 or as
            -1 and 1, in any type of number; or packed, eight to a uint8.
        bits: K, the code length; 0 takes the number of columns, or for packed
            codes eight for each.
        bit_order: Where packed bytes begin: `big` with their highest bit, as
            `numpy.packbits` does, `little` with their lowest, as FAISS does.

    Raises:
        ValueError: The file holds no such array, or not of this length.
        OSError: It cannot be read.
    """
    rows = files.read_npy(path)
    if rows.ndim != 2 or not rows.size:
        raise ValueError(
            f"{path} holds no codes [n, columns]; received {rows.dtype} "
            f"{list(rows.shape)}."
        )
    if _is_packed(rows, bits):
        unpacked = np.unpackbits(rows, axis=1, bitorder=bit_order)
        return _cut(unpacked.astype(bool), bits, path)
    return _cut(_booleans(rows, path), bits, path)


def _is_packed(rows: np.ndarray, bits: int) -> bool:
    if rows.dtype != np.uint8:
        return False
    # All bytes of short codes may happen to be 0 and 1; the length then tells.
    return rows.max() > 1 or (
        bits > 0 and rows.shape[1] == -(-bits // 8) < bits
    )


def _booleans(rows: np.ndarray, path) -> np.ndarray:
    if rows.dtype.kind not in "biuf":
        raise ValueError(f"{path} holds {rows.dtype}, which are no codes.")
    low, high = rows.min(), rows.max()
    signed = low == -1
    ends = (-1, 1) if signed else (0, 1)
    if low < ends[0] or high > 1 or not np.isin(rows, ends).all():
        raise ValueError(
            f"Codes are booleans, 0 and 1, -1 and 1, or packed uint8; {path} "
            f"holds {rows.dtype} from {low:g} to {high:g}. Threshold the "
            "outputs of a model first."
        )
    return rows > 0


def _cut(found: np.ndarray, bits: int, path) -> codes.PackedCodes:
    """The first `bits` columns; what is left over pads the last byte."""
    bits = bits or found.shape[1]
    spare = found.shape[1] - bits
    if not 0 <= spare < 8 or found[:, bits:].any():
        raise ValueError(
            f"{path} holds codes of {found.shape[1]} bits, padding included; "
            f"received {bits} as their length. Look whether the bit order fits."
        )
    return codes.PackedCodes.from_bits(found[:, :bits])
