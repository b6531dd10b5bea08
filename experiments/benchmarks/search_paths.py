r"""Times top-k searches of one code path of the scans against FAISS.

    python -m experiments.benchmarks.search_paths --output=FILE
    CMH_SCAN_PATH=popcnt python -m experiments.benchmarks.search_paths ...

`experiments.benchmarks.search` runs this once for every path that the
processor has; a file keeps the rows of paths that another processor ran.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from absl import flags

from common.hamming import kernel
from common.hamming.native import library
from common.runs import flags as common_flags
from common.runs import provenance
from common.runs import runner
from common.system import files

_BITS = (16, 32, 64, 128, 256, 512)
_KEPT = (1, 100, 1000)
# Of these lengths two threads are measured, too.
_TWICE = (64, 128)


def measure(items: int, queries: int, rounds: int) -> dict:
    """The path that this process takes, at all lengths and numbers of results.

    Args:
        items: Size of the database.
        queries: Queries of a search; a tenth of them at all but 64 and 128
            bits and the 100 nearest.
        rounds: Turns that the rivals take.

    Returns:
        `path`, `provenance` and `rows`, see `search_timings.top_k`.
    """
    from experiments.benchmarks import search_timings

    found = {
        "path": kernel.path(),
        "provenance": provenance.record(),
        "rows": [],
    }
    for bits in _BITS:
        for count in _KEPT:
            usual = bits in _TWICE and count == 100
            asked = queries if usual else max(1, queries // 10)
            for threads in (1, 2) if usual else (1,):
                row = search_timings.top_k(
                    items, asked, bits, threads, rounds, count
                )
                found["rows"].append(row)
                print(found["path"], row, flush=True)
    return found


def measure_each(
    items: int, queries: int, rounds: int, kept: list[dict]
) -> list[dict]:
    """Every path that this processor can run, each in a process of its own.

    Args:
        items: As in `measure`.
        queries: As in `measure`.
        rounds: As in `measure`.
        kept: What was measured before, perhaps elsewhere.

    Returns:
        The paths, the fastest first; of `kept` those that cannot be run here.

    Raises:
        CalledProcessError: A path could not be measured.
    """
    found = {one["path"]: one for one in kept}
    for path, able in library.paths(kernel.library().functions).items():
        if able:
            found[path] = _in_child(path, items, queries, rounds)
    return [found[path] for path in library.PATHS if path in found]


def _in_child(path, items, queries, rounds) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "path.json"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "experiments.benchmarks.search_paths",
                f"--items={items}",
                f"--queries={queries}",
                f"--rounds={rounds}",
                f"--output={output}",
            ],
            env=os.environ | {library.VARIABLE: path},
            check=True,
        )
        return files.read_json(output)


def define_size_flags() -> None:
    """Flags of what is searched, and how often."""
    flags.DEFINE_integer("items", 1_000_000, "Codes to search.", 1000)
    flags.DEFINE_integer("queries", 2000, "Queries of a search.", 20)
    flags.DEFINE_integer("rounds", 5, "Turns that the rivals take.", 1)


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    with runner.one_sentence_errors():
        found = measure(given.items, given.queries, given.rounds)
        if given.output:
            files.write_json(given.output, found)


if __name__ == "__main__":
    define_size_flags()
    common_flags.define_path("output", "", "A .json file for the figures.")
    runner.run(_main)
