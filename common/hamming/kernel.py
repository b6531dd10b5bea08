"""The compiled scans of `scan.c`, where they could be built.

`pip install` builds them if it finds a C compiler. Without one everything works
and answers alike, on NumPy and more slowly; a warning says so once.
"""

import ctypes
import functools
import logging
import os
import pathlib
from collections.abc import Callable
from collections.abc import Iterable
from concurrent import futures
from importlib import machinery

import numpy as np

from common.hamming import codes
from common.hamming import distances

# Must be what `scan_version` returns: an older build is not called.
VERSION = 3
# Pairs below which a further thread costs more than it saves.
_PAIRS_PER_THREAD = 1 << 20
_SIZE, _ARRAY = ctypes.c_int64, ctypes.c_void_p
_SCAN = [_ARRAY, _SIZE, _ARRAY, _SIZE, _SIZE]
_LABELS = [_ARRAY, _ARRAY, _SIZE]
_ARGUMENTS = {
    "scan_version": [],
    "nearest": [*_SCAN, _SIZE, _SIZE, _ARRAY, _ARRAY],
    "within": [*_SCAN, _SIZE, _ARRAY, _ARRAY, _ARRAY, _ARRAY],
    "histograms": [*_SCAN, *_LABELS, _SIZE, _ARRAY],
    "build_table": [_ARRAY, *4 * [_SIZE], _ARRAY, _ARRAY],
    "compare_only": [_ARRAY, _SIZE, _SIZE, _ARRAY],
    "probe": [*_SCAN, *2 * [_SIZE], *8 * [_ARRAY]],
}


@functools.cache
def library() -> ctypes.CDLL | None:
    """The compiled scans, or None where they are not there."""
    folder = pathlib.Path(__file__).parent
    for suffix in machinery.EXTENSION_SUFFIXES:
        path = folder / f"_scan{suffix}"
        found = _load(path) if path.exists() else None
        if found is not None:
            return found
    logging.warning(
        "The compiled scans are not built, so searches and evaluations use "
        "NumPy and are many times slower; install a C compiler and repeat "
        "`pip install`."
    )
    return None


def _load(path: pathlib.Path) -> ctypes.CDLL | None:
    try:
        found = ctypes.CDLL(os.fspath(path))
        for name, arguments in _ARGUMENTS.items():
            getattr(found, name).argtypes = arguments
    except (OSError, AttributeError):
        return None
    return found if found.scan_version() == VERSION else None


def path() -> str:
    """Which instructions the scans use on this processor.

    Returns:
        `avx512`, `popcnt` or `portable` of the compiled ones; `numpy` without
        them.
    """
    if library() is None:
        return "numpy"
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return "portable"
    found = set(text.partition("\nflags")[2].partition("\n")[0].split())
    if {"avx512_vpopcntdq", "avx512vl"} <= found:
        return "avx512"
    return "popcnt" if "popcnt" in found else "portable"


def call(name: str, *arguments: int | np.ndarray) -> None:
    """Calls one compiled function; other Python threads run meanwhile.

    Args:
        name: A function of `scan.c`.
        *arguments: Its arguments in order. Arrays are of the type that it
            asks for.

    Raises:
        ValueError: If an array is not C-contiguous.
        MemoryError: If it could not have the memory it needs.
    """
    passed = []
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            if not argument.flags.c_contiguous:
                raise ValueError(
                    f"The scan `{name}` takes C-contiguous arrays, received "
                    f"one with strides {argument.strides}; copy it first."
                )
            argument = argument.ctypes.data
        passed.append(argument)
    if getattr(library(), name)(*passed):
        raise MemoryError(f"The scan `{name}` ran out of memory.")


def pair(
    queries: codes.PackedCodes, database: codes.PackedCodes
) -> tuple[np.ndarray, int, np.ndarray, int, int]:
    """The arguments that every scan begins with.

    Raises:
        ValueError: If the code lengths differ, which a scan cannot see.
    """
    distances.check_same_length(database.bits, queries.bits)
    asked = np.ascontiguousarray(queries.rows)
    rows = np.ascontiguousarray(database.rows)
    return asked, len(asked), rows, len(rows), rows.shape[1]


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
