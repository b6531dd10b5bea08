"""Hamming distances with NumPy, in pieces that stay in a core's cache.

`common.hamming.scan` searches without keeping distances where its compiled
scans are built; this module is for whoever needs the distances themselves.

Axis legend: `q` queries, `n` items of the database, `K` bits.
"""

from collections.abc import Iterator

import numpy as np

from common.hamming import codes

# Pairs whose distances are computed at once: three arrays of this many words
# stay in a core's cache.
_TILE_PAIRS = 1 << 15
# Distances held at once, by those who want all of a query.
_BLOCK_DISTANCES = 1 << 25


def hamming_distances(
    queries: codes.PackedCodes, database: codes.PackedCodes
) -> np.ndarray:
    """Number of bits in which each query differs from each item.

    Args:
        queries: q codes of K bits.
        database: n codes of K bits.

    Returns:
        [q, n] distances in 0..K: uint16, or int32 if K > 65,535.

    Raises:
        ValueError: If the code lengths differ.
    """
    dtype = np.uint16 if queries.bits <= 0xFFFF else np.int32
    distances = np.empty((len(queries), len(database)), dtype)
    for rows, columns, tile in distance_tiles(queries, database):
        distances[rows, columns] = tile
    return distances


def distance_tiles(
    queries: codes.PackedCodes, database: codes.PackedCodes
) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """All distances, a piece of the [q, n] matrix at a time.

    Args:
        queries: q codes of K bits.
        database: n codes of K bits.

    Yields:
        The queries and the items of the piece, and its distances in the
        smallest unsigned type that holds K. Every pair comes exactly once; the
        pieces of one query come in ascending item order.

    Raises:
        ValueError: If the code lengths differ.
    """
    check_same_length(database.bits, queries.bits)
    dtype = np.min_scalar_type(queries.bits)
    query_words, database_words = queries.words, database.words
    for first in range(0, len(database), _TILE_PAIRS):
        columns = slice(first, min(first + _TILE_PAIRS, len(database)))
        planes = np.ascontiguousarray(database_words[columns].T)
        step = _TILE_PAIRS // planes.shape[1]
        for row in range(0, len(queries), step):
            rows = slice(row, min(row + step, len(queries)))
            yield rows, columns, _differing(query_words[rows], planes, dtype)


def distance_rows(
    queries: codes.PackedCodes, database: codes.PackedCodes
) -> Iterator[tuple[int, np.ndarray]]:
    """All distances, a query at a time, in bounded memory.

    Args:
        queries: q codes of K bits.
        database: n codes of K bits.

    Yields:
        The position of each query in turn and its [n] distances, in the
        smallest unsigned type that holds K.

    Raises:
        ValueError: If the code lengths differ.
    """
    dtype = np.min_scalar_type(queries.bits)
    block = max(1, _BLOCK_DISTANCES // max(1, len(database)))
    for start in range(0, len(queries), block):
        stop = min(start + block, len(queries))
        part = queries.take(np.arange(start, stop))
        distances = np.empty((len(part), len(database)), dtype)
        for rows, columns, tile in distance_tiles(part, database):
            distances[rows, columns] = tile
        yield from enumerate(distances, start)


def check_same_length(bits: int, other_bits: int) -> None:
    """Refuses to compare codes of different lengths.

    Raises:
        ValueError: If the two lengths differ.
    """
    if bits != other_bits:
        raise ValueError(
            f"Codes of one length can be compared, received {bits} and "
            f"{other_bits} bits."
        )


def _differing(
    query_words: np.ndarray, planes: np.ndarray, dtype: np.dtype
) -> np.ndarray:
    """Counts differing bits of [q, w] words and [w, n] words, one per plane."""
    counts = np.bitwise_count(query_words[:, :1] ^ planes[0])
    counts = counts.astype(dtype, copy=False)
    for word in range(1, len(planes)):
        column = query_words[:, word : word + 1]
        counts += np.bitwise_count(column ^ planes[word])
    return counts
