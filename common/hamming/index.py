"""A searchable set of codes, each with an id of its own.

`HammingIndex` keeps codes and ids; an engine finds positions. Every engine
gives the same distances, and equal distances are always ordered by id, whatever
order items were added in:

    automatic.Automatic            exact; one of the next two; the default
    scan.Scan                      exact; compares all codes
    multi_index.MultiIndexHashing  exact; fast for small radii in large sets
    tensor_scan.TensorScan         exact; TensorFlow, on the GPU if there is one
    faiss_engine.FaissEngine       FAISS; approximate but for "flat"

Axis legend: `q` queries, `n` items of the database, `m` items that come or go,
`K` bits.
"""

import threading

import numpy as np

from common.hamming import codes
from common.hamming import distances as distances_lib
from common.hamming import index_file
from common.hamming import snapshot
from common.hamming.choosing import automatic
from common.hamming.snapshot import Engine

__all__ = ("Engine", "HammingIndex")

_LARGEST_ID = np.iinfo(np.int64).max


class HammingIndex:
    """A searchable set of codes.

    Threads may search while others change the index. A search answers for the
    items that were there when it began; a change is seen whole or not at all,
    and one change waits for the other.

    Adding a few items takes microseconds and leaves the engine as it is, for
    they are scanned beside it. Once they are a sixteenth of the index, and
    after every `remove`, all items are copied and the next search makes the
    engine anew: remove in large batches.

    Args:
        bits: K, the length of all codes in the index.
        engine: Makes the engine from codes, before the first search.

    Raises:
        ValueError: If K is not a code length.
    """

    def __init__(
        self, bits: int, engine: snapshot.EngineMaker = automatic.Automatic
    ):
        """Makes an empty index."""
        none = codes.PackedCodes.empty(bits)
        self._state = snapshot.Snapshot.of(none, np.empty(0, np.int64), engine)
        self._changing = threading.Lock()

    @classmethod
    def load(
        cls,
        path,
        mmap: bool = True,
        check: bool = True,
        engine: snapshot.EngineMaker = automatic.Automatic,
    ):
        """Opens a saved index.

        Args:
            path: File made by `save`.
            mmap: Map the file instead of reading it; pages come in as searches
                touch them and are shared between processes.
            check: Check the content against its checksum, which reads the
                whole file once in a process, until the file changes. Without
                it, damaged codes give wrong answers.
            engine: As for a new index.

        Returns:
            The index. Adding to it does not change the file.

        Raises:
            ValueError: If the file is not an index, is truncated or damaged,
                or is of a newer format.
        """
        rows, ids, bits = index_file.read(path, mmap, check)
        return _restored(codes.PackedCodes(rows, bits), ids, engine)

    def save(self, path) -> None:
        """Writes the index to one file, replacing an old one in one step."""
        state = self._state
        index_file.write(path, state.codes.rows, state.ids, state.bits)

    def __reduce__(self):
        # Locks and engines stay behind.
        state = self._state
        return _restored, (state.codes, np.array(state.ids), state.main.make)

    def __len__(self) -> int:
        """Returns the number of items."""
        return len(self._state)

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self._state.bits

    @property
    def ids(self) -> np.ndarray:
        """[n] int64, ascending, read-only."""
        return self._state.ids

    def items(self) -> tuple[codes.PackedCodes, np.ndarray]:
        """Codes and ids of one moment, while other threads change the index.

        Returns:
            The n codes and their ids, [n] int64, ascending, read-only.
        """
        state = self._state
        return state.codes, state.ids

    def add(
        self,
        added: codes.PackedCodes,
        ids: np.ndarray | int | None = None,
    ) -> None:
        """Adds items.

        Args:
            added: m codes of K bits. An empty index keeps the very array, if
                ids ascend, so leave it as it is.
            ids: [m] integers that fit 64 bits, in any order, or the one id of
                one code; by default the m numbers after the largest id in the
                index, from 0 when it is empty.

        Raises:
            ValueError: If the code length differs, or an id is not an int64,
                is given twice, or is in the index already.
        """
        distances_lib.check_same_length(self.bits, added.bits)
        if ids is not None:
            ids = _checked_ids(ids, len(added))
        with self._changing:
            if ids is None:
                numbers = _next_ids(self._state.largest, len(added))
            else:
                numbers = ids
            self._state = self._state.with_items(added.rows, numbers)

    def remove(self, ids: np.ndarray | int) -> None:
        """Removes items.

        Args:
            ids: [m] integers, in any order, or one.

        Raises:
            ValueError: If an id is not in the index or is given twice; nothing
                is removed then.
        """
        removed = np.sort(_checked_ids(ids, np.size(ids)))
        snapshot.refuse_repeats(
            removed[1:][removed[1:] == removed[:-1]], "given twice"
        )
        with self._changing:
            missing = removed[~self._state.has(removed)]
            if len(missing):
                raise ValueError(
                    f"There is no item {missing[0]} in the index; remove only "
                    "ids that it has."
                )
            self._state = self._state.without(removed)

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
            ValueError: If the code lengths differ or k is no integer from 1 up.
        """
        if not _is_integer(k) or k < 1:
            raise ValueError(
                "A search needs k >= 1, received "
                f"{k!r}; ask for a whole number of items."
            )
        distances_lib.check_same_length(self.bits, queries.bits)
        return self._state.nearest(queries, int(k))

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
            ValueError: If the code lengths differ or the radius is no integer
                from 0 up.
        """
        if not _is_integer(radius) or radius < 0:
            raise ValueError(
                "A radius is at least 0, received "
                f"{radius!r}; give a whole number of bits."
            )
        distances_lib.check_same_length(self.bits, queries.bits)
        return self._state.within(queries, int(radius))

    # Last, because the name hides the module in the annotations after it.
    @property
    def codes(self) -> codes.PackedCodes:
        """The codes, in the order of `ids`."""
        return self._state.codes


def _restored(
    packed: codes.PackedCodes, ids: np.ndarray, engine: snapshot.EngineMaker
) -> HammingIndex:
    """An index of codes whose ids ascend."""
    index = HammingIndex(packed.bits, engine)
    index._state = snapshot.Snapshot.of(packed, ids, engine)
    return index


def _is_integer(value: object) -> bool:
    is_integer = isinstance(value, int | np.integer)
    return is_integer and not isinstance(value, bool)


def _next_ids(largest: int | None, count: int) -> np.ndarray:
    """The `count` ids after the largest."""
    start = 0 if largest is None else largest + 1
    if start + count - 1 > _LARGEST_ID:
        raise ValueError(
            f"The largest id is {largest}, and {count} more do not fit 64 "
            "bits; give ids of your own."
        )
    # Without items, start itself may be one too large for an int64.
    return np.arange(count, dtype=np.int64) + (start if count else 0)


def _checked_ids(ids: np.ndarray | int, count: int) -> np.ndarray:
    """[count] int64 ids, copied."""
    given = np.asarray(ids)
    if given.size and given.dtype.kind not in "iu":
        raise ValueError(f"Ids are 64-bit integers, received {given.dtype}.")
    if given.size and given.max() > _LARGEST_ID:
        raise ValueError(
            f"Ids are 64-bit integers with sign, received {given.max()}; use "
            f"smaller ones, up to {_LARGEST_ID}."
        )
    if given.ndim == 0 and count == 1:
        given = given[None]
    if given.shape != (count,):
        raise ValueError(
            f"{count} codes need {count} ids, received shape "
            f"{list(given.shape)}."
        )
    return given.astype(np.int64)
