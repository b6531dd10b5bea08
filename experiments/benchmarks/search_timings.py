"""What `benchmark_search` measures of searches, as figures for JSON.

Rivals take turns, and a ratio is the median over the rounds of one round's
ratio, so that what else the machine does hits both alike. One thread is
measured in seconds of the processor, several in seconds of the clock.
"""

import multiprocessing
import pathlib
import tempfile
import time
from collections.abc import Callable
from concurrent import futures

import numpy as np

from common import hamming
from common.hamming import codes
from common.hamming import kernel
from common.hamming import multi_index
from common.hamming import scan
from common.system import stopwatch

# Items of one tile of the compiled scans.
_TILE = 1024


def random_codes(count: int, bits: int, seed: int) -> codes.PackedCodes:
    """Uniform codes; `bits` is a multiple of 8."""
    rng = np.random.default_rng((seed, bits))
    rows = rng.integers(0, 256, (count, bits // 8), np.uint8)
    return codes.PackedCodes(rows, bits)


def compete(
    rivals: dict[str, Callable[[], object]], rounds: int, threads: int = 1
) -> dict[str, list[float]]:
    """Seconds of every rival in every round."""
    clock = time.process_time if threads == 1 else time.perf_counter
    seconds = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, run in rivals.items():
            start = clock()
            run()
            seconds[name].append(clock() - start)
    return seconds


def median_ratio(slower: list[float], faster: list[float]) -> float:
    """Median of the rounds' ratios."""
    return float(np.median(np.divide(slower, faster)))


def top_k(
    items: int,
    queries: int,
    bits: int,
    threads: int,
    rounds: int,
    count: int = 100,
) -> dict:
    """The nearest `count` items against FAISS, and against keeping nothing."""
    database = random_codes(items, bits, 0)
    asked = random_codes(queries, bits, 1)
    engine = scan.Scan(database, threads)
    pairs = items * queries
    tiles = pairs // _TILE // 4
    rivals = {
        "ours": lambda: engine.nearest(asked, count),
        "compare only": lambda: _compare_only(asked, tiles, threads),
    }
    flat = _faiss_flat(database, threads)
    if flat is not None:
        rivals["faiss"] = lambda: flat.search(asked.rows, count)
        some = asked.take(np.arange(min(20, queries)))
        np.testing.assert_array_equal(
            flat.search(some.rows, count)[0], engine.nearest(some, count)[0]
        )
    seconds = compete(rivals, rounds, threads)
    floor = np.multiply(seconds["compare only"], pairs / (tiles * _TILE))
    figures = {
        "items": items,
        "queries": queries,
        "bits": bits,
        "count": count,
        "threads": threads,
        "ns_per_pair": float(np.median(seconds["ours"])) / pairs * 1e9,
        "floor_ns_per_pair": float(np.median(floor)) / pairs * 1e9,
        "share_of_floor": median_ratio(floor, seconds["ours"]),
    }
    if flat is not None:
        figures["faiss_ratio"] = median_ratio(seconds["faiss"], seconds["ours"])
    return figures


def _compare_only(asked: codes.PackedCodes, tiles: int, threads: int) -> None:
    def run(query):
        total = np.zeros(1, np.uint64)
        share = tiles // threads
        kernel.call("compare_only", query, share, total)

    kernel.each(run, [row.copy() for row in asked.rows[:threads]], threads)


def _faiss_flat(database: codes.PackedCodes, threads: int):
    try:
        import faiss
    except ImportError:
        return None
    faiss.omp_set_num_threads(threads)
    flat = faiss.IndexBinaryFlat(database.bits)
    flat.add(database.rows)
    return flat


def growth(items: int, queries: int, rounds: int) -> dict:
    """One query batch over `items` and ten times as many, and its memory."""
    with futures.ProcessPoolExecutor(
        1, multiprocessing.get_context("spawn")
    ) as pool:
        memory = pool.submit(_peak_memory, 10 * items, queries).result()
    asked = random_codes(queries, 64, 1)
    few = scan.Scan(random_codes(items, 64, 0), 1)
    many = scan.Scan(random_codes(10 * items, 64, 0), 1)
    bandwidth = _read_bandwidth(many.codes.rows)
    one = asked.take(np.arange(1))
    seconds = compete(
        {
            "few": lambda: few.nearest(asked, 100),
            "many": lambda: many.nearest(asked, 100),
            "one query": lambda: many.nearest(one, 100),
        },
        rounds,
    )
    floor = many.codes.rows.nbytes / bandwidth
    return {
        "items": 10 * items,
        "queries": queries,
        "cost_against_a_tenth": median_ratio(seconds["many"], seconds["few"]),
        "one_query_share_of_memory_floor": median_ratio(
            np.full(rounds, floor), seconds["one query"]
        ),
        **memory,
    }


def _peak_memory(items: int, queries: int) -> dict:
    """In a process of its own, where nothing larger came before."""
    before = stopwatch.peak_memory()
    rows = np.random.default_rng(0).bytes(8 * items)
    rows = np.frombuffer(rows, np.uint8).reshape(items, 8)
    index = hamming.HammingIndex(64)
    index.add(codes.PackedCodes(rows, 64))
    index.search(random_codes(queries, 64, 1), 100)
    peak = stopwatch.peak_memory() - before
    return {
        "packed_megabytes": rows.nbytes / 1e6,
        "peak_megabytes": peak / 1e6,
        "open_milliseconds": 1e3 * _seconds_to_open(index),
    }


def _seconds_to_open(index: hamming.HammingIndex) -> float:
    """Until a saved index, unchecked, tells its size and its first id."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "index"
        index.save(path)
        start = time.perf_counter()
        opened = hamming.HammingIndex.load(path, check=False)
        _ = len(opened), opened.ids[0]
        return time.perf_counter() - start


def _read_bandwidth(rows: np.ndarray) -> float:
    """Bytes per second of a sum over the memory, in one thread."""
    words = rows.reshape(-1).view(np.uint64)
    seconds = compete({"sum": words.sum}, 5)["sum"]
    return rows.nbytes / min(seconds)


def radius(items: int, queries: int, radii: tuple[int, ...], rounds: int):
    """Multi-index hashing against the linear scan, in one thread each."""
    database = random_codes(items, 64, 0)
    rng = np.random.default_rng(2)
    # Queries near items, as codes of similar things are.
    bits = database.take(rng.integers(items, size=queries)).to_bits()
    asked = codes.PackedCodes.from_bits(bits ^ (rng.random(bits.shape) < 0.05))
    few = asked.take(np.arange(max(1, queries // 20)))
    linear = scan.Scan(database, 1)
    start = time.process_time()
    tables = multi_index.MultiIndexHashing(database, threads=1)
    built = time.process_time() - start
    return [
        {
            "items": items,
            "radius": reach,
            **_one_radius(linear, tables, few, asked, reach, rounds),
            "build_seconds": built,
        }
        for reach in radii
    ]


def _one_radius(linear, tables, few, asked, reach, rounds) -> dict:
    """The scan answers `few` of what is `asked`; its time is extrapolated."""
    for mine, other in zip(
        tables.within(few, reach), linear.within(few, reach), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    seconds = compete(
        {
            "linear": lambda: linear.within(few, reach),
            "tables": lambda: tables.within(asked, reach),
        },
        rounds,
    )
    linear_seconds = np.array(seconds["linear"]) * len(asked) / len(few)
    each = float(np.median(seconds["tables"])) / len(asked)
    return {
        "ratio": median_ratio(linear_seconds, seconds["tables"]),
        "microseconds_per_query": each * 1e6,
    }
