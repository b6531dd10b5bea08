"""Parts that no command of its own does; each runs in a child process."""

import pathlib
import statistics
import time

import numpy as np

from common.data import readers
from common.data.neighbours import approximate
from common.data.neighbours import exact
from common.runs import run as common_run
from experiments.benchmarks.scale import imitation
from ugach import config as ugach_config
from ugach import graph

NAMES = ("data", "machine", "graph", *graph.BUILDERS)
_NEIGHBOURS = 20
# Rows of a large product, and how often it is timed.
_SHAPE = 4096, 4096
_ROUNDS = 5


def do(
    name: str,
    folder: pathlib.Path,
    size: imitation.Size,
    rows: int,
    split_flags: list[str],
) -> None:
    """Does a part.

    Args:
        name: One of `NAMES`: makes the data; measures the machine; makes the
            graph that UGACH's training will find in its cache; or a graph of
            some rows' images.
        folder: Where all lies.
        size: Of the data set.
        rows: Rows of a graph by one builder.
        split_flags: Flags of UGACH's split.
    """
    if name == "data":
        imitation.write(folder / "data", size)
        return
    if name == "machine":
        rate = 2 * size.image_dim / _product_seconds(size.image_dim)
        print(f"product_flops {rate:.4g}")
        print(f"copy_bytes_per_second {_copy_rate():.4g}")
        return
    path = folder / "data" / "tc10"
    if name == "graph":
        _graph(path, folder / "cache", split_flags)
        return
    data = readers.read(path)
    build = exact.nearest if name == "exact" else approximate.nearest
    before = _product_seconds(size.image_dim)
    start = time.perf_counter()
    found = build(data.image_features, rows, _NEIGHBOURS, "cosine")
    seconds = time.perf_counter() - start
    if name == "approximate":
        print(f"recall {_recall(data, rows, found):.4f}")
    else:
        pace = (before + _product_seconds(size.image_dim)) / 2
        print(f"product_share {rows**2 * pace / seconds:.4f}")


def _graph(path, cache, split_flags) -> None:
    given = dict(flag.removeprefix("--").split("=") for flag in split_flags)
    numbers = {
        key: int(value) if value.isdigit() else value
        for key, value in given.items()
    }
    run = common_run.Run(dataset=str(path), **numbers)
    data, split = common_run.read_inputs(run)
    config = ugach_config.Config().for_rows(len(split.train))
    cache.mkdir(parents=True, exist_ok=True)
    graph.cached_correlation_graph(
        cache,
        data,
        split.train,
        config.graph_size,
        config.graph_metric,
        None,
        config.graph_builder,
    )


def _product_seconds(dim: int) -> float:
    """Seconds of a product of two rows, in the median of large products."""
    random = np.random.default_rng(0)
    left, right = (random.standard_normal((n, dim), np.float32) for n in _SHAPE)
    seconds = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        left @ right.T
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) / (len(left) * len(right))


def _copy_rate() -> float:
    """Bytes that NumPy copies a second, in one thread."""
    source = np.ones(1 << 26, np.float32)
    target = np.empty_like(source)
    seconds = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        np.copyto(target, source)
        seconds.append(time.perf_counter() - start)
    return source.nbytes / min(seconds)


def _recall(data, rows: int, found: np.ndarray, asked: int = 512) -> float:
    """Share of the exact neighbours of some rows that were found."""
    first = slice(0, min(asked, rows))
    expected = exact.nearest_of(
        first, data.image_features, rows, found.shape[1], "cosine"
    )
    same = [
        len(np.intersect1d(mine, other))
        for mine, other in zip(found[first], expected, strict=True)
    ]
    return sum(same) / expected.size
