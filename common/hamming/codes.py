"""Binary codes, packed eight bits to a byte.

One bit order everywhere: bit j of a code is in byte `j // 8` and has the value
`128 >> (j % 8)`, which is the order of `np.packbits`. The bits of the last byte
that no code bit uses (padding) are zero.

Axis legend: `n` items, `K` bits.
"""

import dataclasses
import functools

import numpy as np

# Distances are 32-bit numbers, and counts are kept for each of them.
MOST_BITS = 1 << 24


def pack_bits(bits: np.ndarray) -> np.ndarray:
    """Packs boolean codes into bytes.

    Args:
        bits: [n, K] bool, K >= 1. A real-valued output has to be thresholded
            by the caller: the threshold belongs to the method.

    Returns:
        [n, ceil(K / 8)] uint8 with zero padding bits.

    Raises:
        ValueError: If `bits` is not boolean, not a matrix, or has no column.
    """
    bits = np.asarray(bits)
    if bits.dtype != np.bool_ or bits.ndim != 2 or bits.shape[1] < 1:
        raise ValueError(
            "Codes to pack are a boolean [n, K] array with K >= 1, received "
            f"{bits.dtype} {list(bits.shape)}; threshold the outputs first."
        )
    return np.packbits(bits, axis=1)


def unpack_bits(packed: np.ndarray, bits: int) -> np.ndarray:
    """Undoes `pack_bits`.

    Args:
        packed: [n, ceil(K / 8)] uint8.
        bits: K, the code length.

    Returns:
        [n, K] bool.

    Raises:
        ValueError: If `packed` is not a valid packing of K-bit codes.
    """
    return PackedCodes(packed, bits).to_bits()


@dataclasses.dataclass(frozen=True, eq=False)
class PackedCodes:
    """The codes of n items, all of the same length.

    Attributes:
        rows: [n, ceil(K / 8)] uint8, in the bit order of this module. May be a
            `numpy.memmap`; it is neither copied nor changed.
        bits: K, the code length, an integer from 1 to `MOST_BITS`.

    Raises:
        ValueError: If `rows` does not have that type and shape or has a padding
            bit that is not zero.
    """

    rows: np.ndarray
    bits: int

    def __post_init__(self):
        """Refuses rows that are not K-bit codes."""
        _check_bits(self.bits)
        _check_rows(self.rows, self.bits)

    @classmethod
    def empty(cls, bits: int) -> "PackedCodes":
        """No code at all, of K bits."""
        _check_bits(bits)
        return cls(np.empty((0, -(-int(bits) // 8)), np.uint8), int(bits))

    @classmethod
    def from_bits(cls, bits: np.ndarray) -> "PackedCodes":
        """Packs [n, K] booleans; see `pack_bits`."""
        packed = pack_bits(bits)
        return cls(packed, int(np.shape(bits)[1]))

    def __len__(self) -> int:
        """Returns the number of items."""
        return len(self.rows)

    @functools.cached_property
    def words(self) -> np.ndarray:
        """The codes as machine words, for XOR and population counts.

        [n, ceil(K / 64)] uint64, zero padded. Inside a word the bytes keep
        their order in memory, so the numeric value depends on the machine.
        A view of `rows` when K is a multiple of 64, otherwise a copy.
        """
        rows = np.ascontiguousarray(self.rows)
        row_bytes = 8 * -(-self.bits // 64)
        if rows.shape[1] != row_bytes:
            padded = np.zeros((len(rows), row_bytes), np.uint8)
            padded[:, : rows.shape[1]] = rows
            rows = padded
        return rows.view(np.uint64)

    def take(self, indices: np.ndarray) -> "PackedCodes":
        """Selects items by position.

        Args:
            indices: [m] integers, in any order, with or without repeats.

        Returns:
            The m codes, in the order of `indices`.

        Raises:
            ValueError: If `indices` is not a list of integers.
        """
        indices = np.asarray(indices)
        if indices.size == 0:
            indices = indices.astype(np.int64)
        if indices.dtype.kind not in "iu" or indices.ndim != 1:
            raise ValueError(
                "Items are selected by a list of integer positions, received "
                f"{indices.dtype} {list(indices.shape)}."
            )
        return PackedCodes(self.rows[indices], self.bits)

    def to_bits(self) -> np.ndarray:
        """Returns the codes as [n, K] bool."""
        unpacked = np.unpackbits(self.rows, axis=1, count=self.bits)
        return unpacked.view(np.bool_)


def _check_bits(bits: int) -> None:
    is_integer = isinstance(bits, int | np.integer)
    if not is_integer or isinstance(bits, bool) or not 1 <= bits <= MOST_BITS:
        raise ValueError(
            "A code length is an integer of at least 1, received "
            f"{bits!r}; the longest code has {MOST_BITS:,} bits."
        )


def _check_rows(rows: np.ndarray, bits: int) -> None:
    width = -(-bits // 8)
    if (
        not isinstance(rows, np.ndarray)
        or rows.dtype != np.uint8
        or rows.ndim != 2
        or rows.shape[1] != width
    ):
        raise ValueError(
            f"Packed {bits}-bit codes are a NumPy uint8 array [n, {width}], "
            f"received {type(rows).__name__} of "
            f"{getattr(rows, 'dtype', 'no dtype')} {list(np.shape(rows))}."
        )
    padding = (1 << (8 * width - bits)) - 1
    if padding and np.any(rows[:, -1] & padding):
        raise ValueError(
            f"Packed {bits}-bit codes have zero padding bits, received a last "
            "byte with one of them set; check the code length and bit order."
        )
