"""The compiled scans of `native`, where they could be built, and threads.

Without them everything works and answers alike, on NumPy and more slowly.
"""

import functools
import os
from collections.abc import Callable
from collections.abc import Iterable
from concurrent import futures

import numpy as np

from common.hamming import codes
from common.hamming import distances
from common.hamming import native

# Pairs below which a further thread costs more than it saves.
_PAIRS_PER_THREAD = 1 << 20
# What functions return besides 0.
_NO_MEMORY = -1


@functools.cache
def library() -> native.Library | None:
    """The compiled scans, or None where NumPy does their work.

    Raises:
        ValueError: `CMH_SCAN_PATH` asks for a path that is not there.
    """
    return native.find()


def path() -> str:
    """The code path that scans take, one of `native.library.PATHS`.

    Raises:
        ValueError: `CMH_SCAN_PATH` asks for a path that is not there.
    """
    found = library()
    return "numpy" if found is None else found.path


def call(name: str, *arguments: int | np.ndarray) -> None:
    """Calls one compiled function; other Python threads run meanwhile.

    Args:
        name: A function of `native.signatures`.
        *arguments: What it takes, in order.

    Raises:
        ValueError: If an argument is not what the function takes.
        MemoryError: If it could not have the memory it needs.
    """
    found = library()
    passed = native.checked(name, arguments)
    status = getattr(found.functions, name)(found.number, *passed)
    if status == _NO_MEMORY:
        raise MemoryError(f"The scan `{name}` ran out of memory.")
    if status:
        raise ValueError(
            f"The scan `{name}` was given places or tables that lead outside "
            "its arrays."
        )


def pair(
    queries: codes.PackedCodes, database: codes.PackedCodes
) -> tuple[np.ndarray, np.ndarray]:
    """The arguments that every scan begins with.

    Raises:
        ValueError: If the code lengths differ, which a scan cannot see.
    """
    distances.check_same_length(database.bits, queries.bits)
    return (
        np.ascontiguousarray(queries.rows),
        np.ascontiguousarray(database.rows),
    )


def thread_count(threads: int | None, pairs: int) -> int:
    """Number of threads to use.

    Args:
        threads: The number asked for. None: one per available core, but not
            more than have enough to do.
        pairs: Number of codes to compare.
    """
    if threads is None:
        useful = 1 + pairs // _PAIRS_PER_THREAD
        return min(core_count(), useful)
    return max(1, int(threads))


def core_count() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def each(function: Callable, items: Iterable, threads: int) -> list:
    """Calls `function` with every item, in so many threads.

    Returns:
        The results, in the order of the items.
    """
    items = list(items)
    if threads == 1 or len(items) < 2:
        return [function(item) for item in items]
    with futures.ThreadPoolExecutor(min(threads, len(items))) as pool:
        return list(pool.map(function, items))


def each_share(
    function: Callable[[np.ndarray], object],
    queries: int,
    items: int,
    threads: int | None,
) -> list:
    """Calls `function` with even shares of the queries, one per thread.

    Args:
        function: Takes positions of queries.
        queries: q.
        items: Number of codes that each query is compared with.
        threads: As in `thread_count`.

    Returns:
        The results, in the order of the queries.
    """
    threads = thread_count(threads, queries * items)
    return each(function, np.array_split(np.arange(queries), threads), threads)
