r"""Writes the README's tables from the result files, or checks them.

    python -m experiments.tables
    python -m experiments.tables --check

A README marks a table's place with `<!-- table: NAME -->` and
`<!-- end of table -->`, NAME being a file of experiments/results.
"""

import pathlib
import re
import sys

import numpy as np
from absl import app
from absl import flags

from common import files

ROOT = pathlib.Path(__file__).parent.parent
RESULTS = pathlib.Path(__file__).parent / "results"
_READMES = ("README.md", "ugach/README.md", "ssah/README.md", "uch/README.md")
_PLACE = re.compile(
    r"(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL
)


def fill(text: str, results: pathlib.Path = RESULTS) -> str:
    """Returns a README's text with every marked table made anew.

    Raises:
        ValueError: A table has no result file, or one of an unknown kind.
    """

    def table(match: re.Match) -> str:
        path = results / f"{match[2]}.json"
        if not path.is_file():
            raise ValueError(f"The table {match[2]} has no file {path}.")
        result = files.read_json(path)
        if result["kind"] not in _MAKERS:
            raise ValueError(f"{path} is of unknown kind {result['kind']!r}.")
        return f"{match[1]}{_MAKERS[result['kind']](result)}\n{match[3]}"

    return _PLACE.sub(table, text)


def ablation_table(result: dict) -> str:
    """Mean and spread over seeds, one line per variant and code length."""
    lines = [
        "| | bits | map_all i2t | map_all t2i | mean of both | map_at_50 i2t "
        "| map_at_50 t2i | seeds | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    rows = dict.fromkeys((r["variant"], r["bits"]) for r in result["runs"])
    for variant, bits in sorted(rows, key=lambda row: row[1]):
        runs = [
            run
            for run in result["runs"]
            if (run["variant"], run["bits"]) == (variant, bits)
        ]
        both = np.mean([_column(runs, d, "map_all") for d in _BOTH], axis=0)
        cells = [
            variant,
            str(bits),
            *(_spread(_column(runs, d, "map_all")) for d in _BOTH),
            _spread(both),
            *(_spread(_column(runs, d, "map_at_50")) for d in _BOTH),
            str(len(runs)),
            f"{np.mean([run['train_seconds'] for run in runs]):.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    chance = [_column(result["runs"], d, "chance").mean() for d in _BOTH]
    lines.append(
        f"| chance | | {chance[0]:.4f} | {chance[1]:.4f} "
        f"| {np.mean(chance):.4f} | | | | |"
    )
    return "\n".join(lines)


_BOTH = ("i2t", "t2i")
_MAKERS = {"ablation": ablation_table}


def _column(runs, direction, metric) -> np.ndarray:
    return np.array([run[direction][metric] for run in runs])


def _spread(values: np.ndarray) -> str:
    if len(values) < 2:
        return f"{values.mean():.4f}"
    return f"{values.mean():.4f} ± {values.std(ddof=1):.4f}"


def _main(arguments: list[str]) -> None:
    del arguments
    stale = []
    for name in _READMES:
        path = ROOT / name
        if not path.is_file():
            continue
        before = path.read_text(encoding="utf-8")
        after = fill(before)
        if before != after:
            stale.append(name)
            if not flags.FLAGS.check:
                with files.atomic_write(path) as file:
                    file.write(after.encode("utf-8"))
    if flags.FLAGS.check and stale:
        sys.exit(
            f"Error: the tables of {', '.join(stale)} do not agree with the "
            "result files; run `python -m experiments.tables`."
        )
    print(f"{len(stale)} files {'differ' if flags.FLAGS.check else 'changed'}")


if __name__ == "__main__":
    flags.DEFINE_boolean("check", False, "Change nothing; fail if stale.")
    app.run(_main)
