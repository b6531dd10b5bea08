"""What `benchmark_search` measures: each function returns figures for JSON.

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

from common import codes
from common import evaluation
from common import hamming
from common import histograms
from common import kernel
from common import multi_index
from common import peak_memory
from common import scan

# Items of one tile of `scan.c`.
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


def top_k(items: int, queries: int, bits: int, threads: int, rounds: int):
    """Top-100 against FAISS, and against a comparison that keeps nothing."""
    database = random_codes(items, bits, 0)
    asked = random_codes(queries, bits, 1)
    engine = scan.Scan(database, threads)
    pairs = items * queries
    tiles = pairs // _TILE // 4
    rivals = {
        "ours": lambda: engine.nearest(asked, 100),
        "compare only": lambda: _compare_only(asked, tiles, threads),
    }
    flat = _faiss_flat(database, threads)
    if flat is not None:
        rivals["faiss"] = lambda: flat.search(asked.rows, 100)
        np.testing.assert_array_equal(
            flat.search(asked.rows[:20], 100)[0],
            engine.nearest(asked.take(np.arange(20)), 100)[0],
        )
    seconds = compete(rivals, rounds, threads)
    floor = np.multiply(seconds["compare only"], pairs / (tiles * _TILE))
    figures = {
        "items": items,
        "queries": queries,
        "bits": bits,
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
        kernel.call("compare_only", query, len(query), share, total)

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
    before = peak_memory.so_far()
    rows = np.random.default_rng(0).bytes(8 * items)
    rows = np.frombuffer(rows, np.uint8).reshape(items, 8)
    index = hamming.HammingIndex(64)
    index.add(codes.PackedCodes(rows, 64))
    index.search(random_codes(queries, 64, 1), 100)
    peak = peak_memory.so_far() - before
    return {
        "packed_megabytes": rows.nbytes / 1e6,
        "peak_megabytes": peak / 1e6,
        "open_milliseconds": 1e3 * _seconds_to_open(index),
    }


def _seconds_to_open(index: hamming.HammingIndex) -> float:
    """Until a saved index tells its size and its first id."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "index"
        index.save(path)
        start = time.perf_counter()
        opened = hamming.HammingIndex.load(path)
        _ = len(opened), opened.ids[0]
        return time.perf_counter() - start


def _read_bandwidth(rows: np.ndarray) -> float:
    """Bytes per second of a sum over the memory, in one thread."""
    words = rows.reshape(-1).view(np.uint64)
    seconds = compete({"sum": words.sum}, 5)["sum"]
    return rows.nbytes / min(seconds)


def full_evaluation(
    name: str, queries: int, items: int, labels: int, bits: int, rounds: int
) -> dict:
    """All metrics in both directions against the loop that sorts every row.

    The loop runs for some of the queries, and its time is extrapolated.
    """
    import threadpoolctl

    rng = np.random.default_rng((bits, items))
    packed = [
        random_codes(count, bits, seed)
        for seed, count in enumerate((queries, queries, items, items))
    ]
    query_labels, item_labels = (
        rng.random((count, labels)) < 2 / labels for count in (queries, items)
    )
    some = np.arange(min(50, queries))
    found, looped = {}, {}

    def ours():
        case = *packed, query_labels, item_labels, 1
        found.update(evaluation.Evaluation(*case).metrics())

    def counts():
        case = *packed, query_labels, item_labels, 1
        return evaluation.Evaluation(*case).counts

    def loop(kind):
        for direction, query, item in (("i2t", 0, 3), ("t2i", 1, 2)):
            looped[direction, kind] = sorting_loop(
                packed[query].take(some).to_bits(),
                packed[item].to_bits(),
                query_labels[some],
                item_labels,
                kind,
            )

    with threadpoolctl.threadpool_limits(1):
        seconds = compete(
            {
                "ours": ours,
                "counts": counts,
                "stable": lambda: loop("stable"),
                "default": lambda: loop("quicksort"),
            },
            rounds,
        )
    scale = queries / len(some)
    same = evaluation.Evaluation(
        *(codes_.take(some) for codes_ in packed[:2]),
        *packed[2:],
        query_labels[some],
        item_labels,
        1,
    ).metrics()
    for direction in ("i2t", "t2i"):
        np.testing.assert_allclose(
            same[direction]["map_all_stable"],
            looped[direction, "stable"],
            rtol=1e-12,
        )
    stable, default = (
        scale * np.array(seconds[kind]) for kind in ("stable", "default")
    )
    return {
        "size": name,
        "queries": queries,
        "items": items,
        "bits": bits,
        "seconds": float(np.median(seconds["ours"])),
        "loop_queries": len(some),
        "stable_loop_ratio": median_ratio(stable, seconds["ours"]),
        "default_loop_ratio": median_ratio(default, seconds["ours"]),
        "counts_stable_loop_ratio": median_ratio(stable, seconds["counts"]),
        "counts_default_loop_ratio": median_ratio(default, seconds["counts"]),
    }


def validation(rounds: int) -> dict:
    """MAP of a training run's validation: compiled scans against TensorFlow.

    As many codes as the embedded data has, in one direction and all threads.
    """
    from common import relevance
    from common import retrieval
    from common import tensor_scan

    rng = np.random.default_rng(3)
    packed = [random_codes(count, 64, count) for count in (425, 3827)]
    labels = [rng.random((len(side), 20)) < 0.1 for side in packed]

    def ours():
        words = relevance.checked_label_words(*packed, *labels)
        counts = histograms.count_words(*packed, *words)
        return retrieval.expected_average_precision(
            counts.items, counts.relevant
        )

    def tensor():
        rows = (side.rows for side in packed)
        return tensor_scan.average_precision(*rows, *labels).numpy()

    np.testing.assert_allclose(ours(), tensor(), rtol=1e-12)
    seconds = compete({"ours": ours, "tensor": tensor}, rounds, threads=2)
    return {
        "queries": len(packed[0]),
        "items": len(packed[1]),
        "milliseconds": 1e3 * float(np.median(seconds["ours"])),
        "tensorflow_ratio": median_ratio(seconds["tensor"], seconds["ours"]),
    }


def sorting_loop(
    query_bits: np.ndarray,
    item_bits: np.ndarray,
    query_labels: np.ndarray,
    item_labels: np.ndarray,
    kind: str,
) -> float:
    """MAP as research code computes it: one product and one sort per query."""
    query_signs, item_signs = query_bits * 2.0 - 1, item_bits * 2.0 - 1
    query_labels, item_labels = query_labels * 1.0, item_labels * 1.0
    total, counted = 0.0, 0
    for signs, wanted in zip(query_signs, query_labels, strict=True):
        relevant = (np.dot(wanted, item_labels.T) > 0).astype(np.float32)
        number = int(relevant.sum())
        if number == 0:
            continue
        distances = 0.5 * (item_signs.shape[1] - np.dot(signs, item_signs.T))
        relevant = relevant[np.argsort(distances, kind=kind)]
        ranks = np.asarray(np.where(relevant == 1)) + 1.0
        total += np.mean(np.linspace(1, number, number) / ranks)
        counted += 1
    return total / counted


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
    results = []
    for reach in radii:
        for mine, other in zip(
            tables.within(few, reach), linear.within(few, reach), strict=True
        ):
            np.testing.assert_array_equal(mine, other)
        seconds = compete(
            {
                "linear": lambda reach=reach: linear.within(few, reach),
                "tables": lambda reach=reach: tables.within(asked, reach),
            },
            rounds,
        )
        linear_seconds = np.array(seconds["linear"]) * len(asked) / len(few)
        results.append(
            {
                "items": items,
                "radius": reach,
                "ratio": median_ratio(linear_seconds, seconds["tables"]),
                "microseconds_per_query": float(np.median(seconds["tables"]))
                / len(asked)
                * 1e6,
                "build_seconds": built,
            }
        )
    return results
