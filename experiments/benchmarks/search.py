r"""Times search and evaluation against FAISS, sorting, and the machine.

    python -m experiments.benchmarks.search
    python -m experiments.benchmarks.search --output=FILE

Needs the `faiss` extra for the comparison with FAISS. About 20 minutes on 2
cores. Everything is a ratio of times of one run. FILE keeps what another
processor measured of code paths that this one does not have.
"""

import pathlib
from importlib import metadata

from absl import flags

from common.hamming import kernel
from common.runs import provenance
from common.runs import runner
from common.system import files
from experiments.benchmarks import search_paths

# The published splits of MIRFlickr-25K and NUS-WIDE, with their labels.
_SIZES = (("MIRFlickr", 2000, 18015, 24), ("NUS-WIDE", 1866, 184691, 10))


def measure(items: int, queries: int, rounds: int, kept: list[dict]) -> dict:
    """All figures of `search_timings` and `evaluation_timings`.

    Args:
        items: Size of the database that is searched.
        queries: Queries of a top-k search.
        rounds: Turns that the rivals take.
        kept: What is known of code paths, see `search_paths.measure_each`.
    """
    from experiments.benchmarks import evaluation_timings
    from experiments.benchmarks import search_choices
    from experiments.benchmarks import search_timings

    figures = {
        "kind": "search",
        "provenance": [provenance.record()],
        "faiss": _faiss_version(),
        "rounds": rounds,
        "paths": search_paths.measure_each(items, queries, rounds, kept),
        "evaluation": [],
        "radius": [],
        "choices": [],
    }
    for kind in search_choices.KINDS:
        for bits in (64, 128):
            for found in search_choices.measure(
                items, max(1, queries // 10), bits, kind, rounds
            ):
                figures["choices"].append(found)
                _say("choice", found)
    figures["growth"] = search_timings.growth(
        items, max(1, queries // 10), rounds
    )
    _say("ten times the items", figures["growth"])
    figures["validation"] = evaluation_timings.validation(rounds)
    _say("validation", figures["validation"])
    for name, asked, size, labels in _SIZES:
        share = min(1.0, items / 1_000_000)
        for bits in (16, 64, 128):
            found = evaluation_timings.full_evaluation(
                name,
                max(1, int(asked * share)),
                max(100, int(size * share)),
                labels,
                bits,
                rounds,
            )
            figures["evaluation"].append(found)
            _say("evaluation", found)
    for size in (items, 10 * items):
        for found in search_timings.radius(size, queries, (2, 8), rounds):
            figures["radius"].append(found)
            _say("radius", found)
    return figures


def _say(what: str, found: dict) -> None:
    shown = (
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in found.items()
    )
    print(f"{what}: {', '.join(shown)}", flush=True)


def _faiss_version() -> str | None:
    try:
        return metadata.version("faiss-cpu")
    except metadata.PackageNotFoundError:
        return None


def _define_flags() -> None:
    search_paths.define_size_flags()
    flags.DEFINE_string("output", "", "A .json file for the figures.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    with runner.one_sentence_errors():
        if kernel.library() is None:
            raise ValueError(
                "The compiled scans are not built, so there is nothing to "
                "time; install a C compiler and repeat `pip install`."
            )
        kept = []
        if given.output and pathlib.Path(given.output).is_file():
            kept = files.read_object(given.output).get("paths", [])
        figures = measure(given.items, given.queries, given.rounds, kept)
        if given.output:
            files.write_json(given.output, figures)


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
