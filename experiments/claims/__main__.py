r"""Holds the papers' comparative claims against the result files.

    python -m experiments.claims
    python -m experiments.claims --results=FOLDER --output=claims.md

Every claim *holds*, *does not hold* or is *not established*, by data set and
code length: by the sign of the difference in `map_all` where its 95 % interval
over queries and seeds leaves 0 out, and from five seeds up only.
"""

import collections
import pathlib

from absl import flags

from common.runs import runner
from common.system import files
from experiments.claims import verdicts

_RESULTS = pathlib.Path(__file__).parents[1] / "results"


def read(folder: pathlib.Path) -> list[dict]:
    """The contents of a folder's result files.

    Raises:
        ValueError: There is none.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise ValueError(f"{folder} holds no result file (*.json).")
    return [files.read_json(path) for path in paths]


def summary(found: list[verdicts.Verdict]) -> str:
    """How many claims of each paper have which verdict."""
    counts = collections.Counter((v.claim.paper, v.text) for v in found)
    lines = []
    for paper in dict.fromkeys(verdict.claim.paper for verdict in found):
        parts = [
            f"{counts[paper, text]} {text}"
            for text in (verdicts.HOLDS, verdicts.FAILS, verdicts.OPEN)
        ]
        lines.append(f"{paper}: {', '.join(parts)}")
    return "\n".join(lines)


def _define_flags() -> None:
    flags.DEFINE_string(
        "results", "", "Folder of result files; empty: experiments/results."
    )
    flags.DEFINE_string("output", "", "A Markdown file for the table.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    folder = pathlib.Path(given.results).expanduser()
    with runner.one_sentence_errors():
        found = verdicts.of_results(read(folder if given.results else _RESULTS))
        text = verdicts.table(found)
        if given.output:
            with files.atomic_write(given.output) as file:
                file.write(f"{text}\n".encode())
    print(text)
    print(summary(found))


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
