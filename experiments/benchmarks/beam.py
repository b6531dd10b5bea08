r"""Times encoding and nearest neighbours on Apache Beam against plain loops.

    python -m experiments.benchmarks.beam --output=FILE

Needs the `beam` extra. Every figure is that of a process of its own, over the
same random shards: the plain loop, Beam in one process, and Beam's DirectRunner
with two. `threads` is how many TensorFlow and NumPy may use in each process;
0 leaves them all cores. `start_seconds` is what a job over two rows takes.
About 10 minutes on 2 cores.
"""

import json
import pathlib
import tempfile
import time

import numpy as np
from absl import flags

from common.data.neighbours import exact
from common.hamming import kernel
from common.runs import provenance
from common.runs import runner
from common.system import files
from experiments.benchmarks import processes

_HOW = ("plain", "beam_1", "beam_2")
_KINDS = ("encode", "neighbours")
_NEIGHBOURS = 10
_SHARDS = 8
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


def write_inputs(folder: pathlib.Path, given) -> None:
    """Writes shards of random features and a model of random weights."""
    from common.reports import export
    from ugach import model as ugach_model

    model = ugach_model.UGACH(bits=64, hidden_units=given.hidden_units)
    model.build({"image": (None, given.dim), "text": (None, 8)})
    export.export(model, folder / "saved_model")
    rng = np.random.default_rng(0)
    for kind, rows in zip(_KINDS, (given.rows, given.queries), strict=True):
        for number in range(_SHARDS):
            values = rng.random((rows // _SHARDS, given.dim), np.float32)
            np.save(folder / f"{kind}-{number}.npy", values)
    for number in range(2):
        np.save(folder / f"few-{number}.npy", values[number : number + 1])


def measure(folder: pathlib.Path, kind: str, how: str) -> dict:
    """Seconds of one job in this process, and of one over two rows.

    Args:
        folder: What `write_inputs` wrote.
        kind: `encode` or `neighbours`.
        how: `plain`, `beam_1` or `beam_2`.
    """
    work = _encode if kind == "encode" else _find
    with tempfile.TemporaryDirectory(dir=folder) as made:
        begin = time.perf_counter()
        work(folder, "few", how, f"{made}/few")
        start = time.perf_counter() - begin
        digest = work(folder, kind, how, f"{made}/all")
        seconds = time.perf_counter() - begin - start
    return {"seconds": seconds, "start_seconds": start, "sha256": digest}


def compare(folder: pathlib.Path, rounds: int, rows: dict) -> list[dict]:
    """All figures, each the median of rounds in which the rivals take turns.

    Raises:
        RuntimeError: Rivals made different codes or neighbours.
    """
    figures = []
    for kind in _KINDS:
        for threads in (1, 0):
            found = {how: [] for how in _HOW}
            for _ in range(rounds):
                for how in _HOW:
                    found[how].append(_in_a_process(folder, kind, how, threads))
            digests = {one["sha256"] for of in found.values() for one in of}
            if len(digests) > 1:
                raise RuntimeError(f"Digests of {kind} differ: {digests}.")
            for how, of in found.items():
                figures.append(
                    {"kind": kind, "threads": threads, "how": how}
                    | _summary(of, rows[kind])
                )
                print(json.dumps(figures[-1]), flush=True)
    return figures


def _summary(measured: list[dict], rows: int) -> dict:
    seconds = float(np.median([one["seconds"] for one in measured]))
    start = float(np.median([one["start_seconds"] for one in measured]))
    return {
        "rows": rows,
        "seconds": seconds,
        "start_seconds": start,
        "rows_per_second": rows / seconds,
        "sha256": measured[0]["sha256"],
    }


def _encode(folder, kind, how, output) -> str:
    from common.beam import encoding
    from common.beam import jobs
    from common.beam import manifest
    from common.beam import sources

    shards = sources.find(f"{folder}/{kind}-*.npy")
    model = folder / "saved_model"
    if how == "plain":
        return _encode_plainly(shards, model)
    tasks = encoding.plan(shards, output, model, "image")
    jobs.run(encoding.encode_shard, tasks, jobs.options(_workers(how), ()))
    return manifest.finish(tasks)["codes_sha256"]


def _encode_plainly(shards, model) -> str:
    from common.data import pipeline
    from common.runs import exported

    encode = exported.load_encoder(model, "image").encode
    arrays = [np.load(path, mmap_mode="r") for path in shards]
    packed = [
        pipeline.encode(encode, array.__getitem__, len(array))
        for array in arrays
    ]
    packed = np.concatenate(packed)
    return files.array_digest(np.arange(len(packed)), packed)


def _find(folder, kind, how, output) -> str:
    from common.beam import jobs
    from common.beam import matrix
    from common.beam import nearest
    from common.beam import sources

    features = matrix.Features(tuple(sources.find(f"{folder}/{kind}-*.npy")))
    size = 1 if kind == "few" else _NEIGHBOURS
    if how == "plain":
        read, count = features.reader(), features.describe()["rows"]
        found = exact.nearest(read, count, size)
        return files.array_digest(np.insert(found, 0, np.arange(count), axis=1))
    rows = 4 * exact.QUERY_BLOCK
    tasks = nearest.plan({"image": features}, output, size, "euclidean", rows)
    jobs.run(nearest.find_part, tasks, jobs.options(_workers(how), ()))
    return nearest.finish(tasks)["sha256"]


def _workers(how: str) -> int:
    return int(how.removeprefix("beam_"))


def _in_a_process(folder, kind, how, threads) -> dict:
    limits = {name: str(threads) for name in _THREADS} if threads else {}
    return processes.measured(
        "experiments.benchmarks.beam",
        *(f"--folder={folder}", f"--kind={kind}", f"--how={how}"),
        **limits,
    )


def _define_flags() -> None:
    flags.DEFINE_integer("rows", 32_768, "Rows to encode.", 8)
    flags.DEFINE_integer("queries", 24_576, "Rows with neighbours.", 96)
    flags.DEFINE_integer("dim", 1024, "Columns.", 1)
    flags.DEFINE_integer("hidden_units", 8192, "Width of the model.", 1)
    flags.DEFINE_integer("rounds", 3, "Turns that the rivals take.", 1)
    flags.DEFINE_string("folder", "", "Where the shards go; empty: /tmp.")
    flags.DEFINE_enum("kind", None, _KINDS, "Only measure this, in --folder.")
    flags.DEFINE_enum("how", "plain", _HOW, "With --kind: in which way.")
    flags.DEFINE_string("output", "", "A .json file for the figures.")


def _main(arguments: list[str]) -> None:
    from common.beam import jobs

    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    with runner.one_sentence_errors():
        jobs.check(())
    if given.kind:
        runner.import_tensorflow()
        measured = measure(pathlib.Path(given.folder), given.kind, given.how)
        print(json.dumps(measured))
        return
    with runner.scratch_folder(given.folder) as made:
        runner.import_tensorflow()
        folder = pathlib.Path(made)
        write_inputs(folder, given)
        rows = {"encode": given.rows, "neighbours": given.queries}
        figures = {
            "kind": "beam",
            "provenance": [provenance.record()],
            "cores": kernel.core_count(),
            **{name: given[name].value for name in ("dim", "hidden_units")},
            "neighbours": _NEIGHBOURS,
            "rounds": given.rounds,
            "figures": compare(folder, given.rounds, rows),
        }
    if given.output:
        files.write_json(given.output, figures)


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
