r"""Compares training from disk with training from memory.

    python -m experiments.benchmarks.pipeline
    python -m experiments.benchmarks.pipeline --items=20000 --rounds=3

Makes features of random numbers, 3.3 GB by default, and trains a UGACH
discriminator on them from memory and from a folder of .npy files. The sources
take turns of a few steps in one process, and medians of the turns are
compared, so that whatever else the machine does slows all alike. `uncached`
throws the file out of the page cache all the while, as on a machine without
memory to spare. Peak memory is that of another process, which only trains
from disk: its largest resident set, mapped file pages counted.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import threading
import time

import numpy as np
from absl import flags

from common.runs import provenance
from common.runs import runner
from common.system import files
from common.system import stopwatch
from experiments.benchmarks import processes

_TEXT_DIM = 1000
_SOURCES = ("memory", "disk", "uncached")


def write_features(folder: pathlib.Path, items: int, dim: int) -> None:
    """Writes random image features and bags of words block by block."""
    rng = np.random.default_rng(0)
    image = np.lib.format.open_memmap(
        folder / "image.npy", "w+", np.float32, (items, dim)
    )
    for start in range(0, items, 2048):
        block = image[start : start + 2048]
        block[:] = rng.random(block.shape, np.float32)
    image.flush()
    text = rng.random((items, _TEXT_DIM), np.float32) < 0.005
    np.save(folder / "text.npy", text.astype(np.uint8))
    labels = rng.integers(0, 2, (items, 10), np.uint8)
    np.save(folder / "labels.npy", labels)


def time_sources(folder: pathlib.Path, given) -> dict[str, dict]:
    """Batches and training steps a second from each source, in turns."""
    from common.data import readers

    disk = readers.read(folder)
    memory = dataclasses.replace(
        disk, image=np.array(disk.image), text=np.array(disk.text)
    )
    step, draws = _model(disk, given)
    steps = 2 * (given.rounds + 1) * given.turn
    feeds = {
        source: _Feed(memory if source == "memory" else disk, draws, steps)
        for source in _SOURCES
    }
    seconds = {source: {"batches": [], "steps": []} for source in _SOURCES}
    for turn in range(given.rounds + 1):
        for source, feed in feeds.items():
            with _uncached(folder / "image.npy", source == "uncached"):
                for kind, work in (
                    ("batches", feed.read),
                    ("steps", lambda feed=feed: step(next(feed.it))),
                ):
                    taken = _time(work, given.turn)
                    # The first turn traces and compiles.
                    if turn:
                        seconds[source][kind].append(taken)
    rates = {
        source: {
            f"{kind}_per_second": given.turn / float(np.median(taken))
            for kind, taken in of.items()
        }
        for source, of in seconds.items()
    }
    for source in _SOURCES[1:]:
        for rate, value in list(rates[source].items()):
            rates[source][f"{rate}_of_memory"] = value / rates["memory"][rate]
    return rates


def train_from_disk(folder: pathlib.Path, given) -> dict[str, float]:
    """Opens, checks and trains; returns what that cost this process."""
    from common.data import readers

    start = time.perf_counter()
    data = readers.read(folder)
    opened = time.perf_counter() - start
    data.digest()
    step, draws = _model(data, given)
    feed = _Feed(data, draws, given.turn)
    for _ in range(given.turn):
        step(next(feed.it))
    return {"open_seconds": opened, "peak_bytes": stopwatch.peak_memory()}


class _Feed:
    """Batches of one source."""

    def __init__(self, data, draws, steps):
        from common.data import pipeline

        rows = np.arange(len(data))
        self.it = iter(pipeline.batches(data, rows, draws, 0, steps))

    def read(self):
        next(self.it)


def _model(data, given):
    """A traced step of a discriminator, and its draws."""
    from common.training import loop
    from ugach import model as ugach_model

    model = ugach_model.UGACH(
        mode="baseline",
        hidden_units=given.hidden_units,
        batch_size=given.batch_size,
        pool_size=0,
    )
    model.compile()
    train = model.prepare(data)
    return loop.step_function(model), model.make_draws(train, given.batch_size)


def _time(step, count) -> float:
    start = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - start


@contextlib.contextmanager
def _uncached(path: pathlib.Path, wanted: bool):
    """Keeps a file's pages out of the page cache."""
    stop = threading.Event()
    if wanted:
        thread = threading.Thread(target=_drop_pages, args=(path, stop))
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if wanted:
            thread.join()


def _drop_pages(path, stop) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    while not stop.wait(0.05):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def _peak_of_another_process(folder: pathlib.Path) -> dict[str, float]:
    names = ("turn", "hidden_units", "batch_size")
    typed = [f"--{name}={flags.FLAGS[name].value}" for name in names]
    return processes.measured(
        "experiments.benchmarks.pipeline", f"--peak_of={folder}", *typed
    )


def _define_flags() -> None:
    flags.DEFINE_integer("items", 200_000, "Rows.", lower_bound=1000)
    flags.DEFINE_integer("image_dim", 4096, "Columns.", lower_bound=1)
    flags.DEFINE_integer("turn", 20, "Steps in a turn.", lower_bound=1)
    flags.DEFINE_integer("rounds", 10, "Turns of each.", lower_bound=1)
    flags.DEFINE_integer("hidden_units", 512, "Width of the common layer.")
    flags.DEFINE_integer("batch_size", 64, "Pairs in a batch.")
    flags.DEFINE_string("folder", "", "Where the features go; empty: /tmp.")
    flags.DEFINE_string("peak_of", "", "Only train from this folder.")
    flags.DEFINE_string("output", "", "A .json file for the figures.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    if given.peak_of:
        runner.import_tensorflow()
        cost = train_from_disk(pathlib.Path(given.peak_of), given)
        print(json.dumps(cost))
        return
    with runner.scratch_folder(given.folder) as made:
        runner.import_tensorflow()
        folder = pathlib.Path(made)
        write_features(folder, given.items, given.image_dim)
        names = ("items", "image_dim", "batch_size", "hidden_units")
        figures = {
            name: given[name].value for name in (*names, "turn", "rounds")
        }
        figures["provenance"] = [provenance.record(xla=True)]
        figures |= time_sources(folder, given)
        figures["disk"] |= _peak_of_another_process(folder)
    print(json.dumps(figures, indent=2))
    if given.output:
        files.write_json(given.output, figures)


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
