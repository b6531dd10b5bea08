"""Exact search in Hamming space.

Distances are small integers (0..K), so nothing is ever sorted in full: the
items are counted per distance, the distance of the k-th neighbour is read off
the counts, and only the items up to it are gathered.

Equal distances are always ordered by id, whatever order items were added in.

Axis legend: `q` queries, `n` items of the database, `K` bits.
"""

from collections.abc import Iterator

import numpy as np

from common import codes
from common import index_file

# Pairs whose distances are computed at once: three arrays of this many words
# stay in a core's cache.
_TILE_PAIRS = 1 << 15
# Distances held at once by a search.
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
    _check_same_length(database.bits, queries.bits)
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


class HammingIndex:
    """A searchable set of codes, each with an id of its own.

    Items are kept in ascending id order, which makes the tie rule free.
    Adding copies the index, so add in large batches.

    Args:
        bits: K, the length of all codes in the index.
    """

    def __init__(self, bits: int):
        """Makes an empty index."""
        width = -(-bits // 8)
        self._codes = codes.PackedCodes(np.empty((0, width), np.uint8), bits)
        self._ids = np.empty(0, np.int64)

    @classmethod
    def load(cls, path, mmap: bool = True, verify: bool = False):
        """Opens a saved index.

        Args:
            path: File made by `save`.
            mmap: Map the file instead of reading it; pages come in as searches
                touch them and are shared between processes.
            verify: Read the file once to check its checksum.

        Returns:
            The index. Adding to it does not change the file.

        Raises:
            ValueError: If the file is not an index, is truncated or damaged,
                or is of a newer format.
        """
        rows, ids, bits = index_file.read(path, mmap, verify)
        index = cls(bits)
        index._codes = codes.PackedCodes(rows, bits)
        index._ids = ids
        return index

    def save(self, path) -> None:
        """Writes the index to one file, replacing an old one in one step."""
        index_file.write(path, self._codes.rows, self._ids, self.bits)

    def __len__(self) -> int:
        """Returns the number of items."""
        return len(self._codes)

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self._codes.bits

    @property
    def ids(self) -> np.ndarray:
        """[n] int64, ascending, read-only."""
        ids = self._ids.view()
        ids.flags.writeable = False
        return ids

    def add(self, added: codes.PackedCodes, ids: np.ndarray | None = None):
        """Adds items.

        Args:
            added: m codes of K bits.
            ids: [m] integers, in any order; by default the m numbers after the
                largest id in the index, from 0 when it is empty.

        Raises:
            ValueError: If the code length differs, or an id is not an int64,
                is given twice, or is in the index already.
        """
        _check_same_length(self.bits, added.bits)
        if ids is None:
            start = int(self._ids[-1]) + 1 if len(self) else 0
            ids = np.arange(start, start + len(added), dtype=np.int64)
        merged = np.concatenate([self._ids, _checked_ids(ids, len(added))])
        rows = np.concatenate([self._codes.rows, added.rows])
        if np.any(merged[1:] <= merged[:-1]):
            order = np.argsort(merged, kind="stable")
            merged, rows = merged[order], rows[order]
            _refuse_repeats(merged)
        self._codes = codes.PackedCodes(rows, self.bits)
        self._ids = merged

    def search(
        self, queries: codes.PackedCodes, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest items of each query, nearest first.

        Args:
            queries: q codes of K bits.
            k: How many to return, at least 1.

        Returns:
            distances [q, min(k, n)] int32 and ids [q, min(k, n)] int64, each
            row in ascending order of (distance, id).

        Raises:
            ValueError: If the code lengths differ or k < 1.
        """
        if k < 1:
            raise ValueError(f"A search needs k >= 1, received {k}.")
        k = min(int(k), len(self))
        distances = np.empty((len(queries), k), np.int32)
        ids = np.empty((len(queries), k), np.int64)
        for row, found in distance_rows(queries, self._codes):
            nearest = _nearest(found, k)
            distances[row] = found[nearest]
            ids[row] = self._ids[nearest]
        return distances, ids

    def search_radius(
        self, queries: codes.PackedCodes, radius: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All items within a radius of each query, the radius included.

        Args:
            queries: q codes of K bits.
            radius: Largest distance of a hit, at least 0.

        Returns:
            limits [q + 1] int64, distances int32 and ids int64. The hits of
            query i are at `limits[i]:limits[i + 1]`, in ascending order of
            (distance, id).

        Raises:
            ValueError: If the code lengths differ or the radius is negative.
        """
        if radius < 0:
            raise ValueError(f"A radius is at least 0, received {radius}.")
        limits = np.zeros(len(queries) + 1, np.int64)
        distances = [np.empty(0, np.int32)]
        ids = [np.empty(0, np.int64)]
        for row, found in distance_rows(queries, self._codes):
            hits = np.flatnonzero(found <= radius)
            hits = hits[np.argsort(found[hits], kind="stable")]
            limits[row + 1] = len(hits)
            distances.append(found[hits].astype(np.int32))
            ids.append(self._ids[hits])
        return np.cumsum(limits), np.concatenate(distances), np.concatenate(ids)

    # Last, because the name hides the module in the annotations after it.
    @property
    def codes(self) -> codes.PackedCodes:
        """The codes, in the order of `ids`."""
        return self._codes


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


def _nearest(distances: np.ndarray, k: int) -> np.ndarray:
    """Positions of the k smallest of [n] distances, by (distance, position)."""
    reached = np.cumsum(np.bincount(distances))
    furthest = np.searchsorted(reached, k)
    nearer = np.flatnonzero(distances < furthest)
    tied = np.flatnonzero(distances == furthest)[: k - len(nearer)]
    nearer = nearer[np.argsort(distances[nearer], kind="stable")]
    return np.concatenate([nearer, tied])


def _checked_ids(ids: np.ndarray, count: int) -> np.ndarray:
    ids = np.asarray(ids)
    if ids.size and (
        ids.dtype.kind not in "iu" or not np.can_cast(ids.dtype, np.int64)
    ):
        raise ValueError(f"Ids are 64-bit integers, received {ids.dtype}.")
    if ids.shape != (count,):
        raise ValueError(
            f"{count} codes need {count} ids, received shape {list(ids.shape)}."
        )
    return ids.astype(np.int64)


def _refuse_repeats(ascending: np.ndarray) -> None:
    repeats = ascending[1:][ascending[1:] == ascending[:-1]]
    if len(repeats):
        raise ValueError(
            f"Ids must be unique, received {repeats[0]} twice or in the index "
            "already; give other ids or leave them out."
        )


def _check_same_length(bits: int, other_bits: int) -> None:
    if bits != other_bits:
        raise ValueError(
            f"Codes of one length can be compared, received {bits} and "
            f"{other_bits} bits."
        )
