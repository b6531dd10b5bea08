r"""Writes the README's tables from the result files, or checks them.

    python -m experiments.tables
    python -m experiments.tables --check

A README marks a table's place with `<!-- table: NAME -->` and
`<!-- end of table -->`, NAME being a file of experiments/results. One table of
several data sets stands between `<!-- overview: BITS NAME NAME -->` and
`<!-- end of overview -->`; NAME+NAME are two files of one data set, the later
of which replaces the runs of its methods at its code lengths.
"""

import os
import pathlib
import re
import sys

from absl import flags

from common.runs import runner
from common.system import files
from experiments.papers import origins
from experiments.papers import result_tables

ROOT = pathlib.Path(__file__).parent.parent
RESULTS = pathlib.Path(__file__).parent / "results"
_FOLDERS = ("common", "ugach", "uch", "ssah", "experiments")
_PLACE = re.compile(
    r"(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL
)
_OVERVIEW = re.compile(
    r"(<!-- overview: (\d+) ([\w+ ]+) -->\n).*?(<!-- end of overview -->)",
    re.DOTALL,
)


def fill(text: str, results: pathlib.Path = RESULTS) -> str:
    """Returns a README's text with every marked table made anew.

    Raises:
        ValueError: A table has no result file, or one of an unknown kind.
    """

    def table(match: re.Match) -> str:
        result = _read(results / f"{match[2]}.json")
        made = result_tables.MAKERS[result["kind"]](result)
        return f"{match[1]}{origins.below(made, [result])}\n{match[3]}"

    def overview(match: re.Match) -> str:
        columns = [
            [_read(results / f"{name}.json") for name in names.split("+")]
            for names in match[3].split()
        ]
        joined = [result_tables.joined(own) for own in columns]
        made = result_tables.overview(joined, int(match[2]))
        below = origins.below(made, [one for own in columns for one in own])
        return f"{match[1]}{below}\n{match[4]}"

    return _OVERVIEW.sub(overview, _PLACE.sub(table, text))


def readmes() -> list[pathlib.Path]:
    """Every README that may have tables.

    Raises:
        ValueError: This is no clone but an installed package.
    """
    if not (ROOT / "README.md").is_file():
        raise ValueError(
            "The tables stand in the READMEs of a clone of the repository; "
            f"{ROOT} is none."
        )
    below = [
        path
        for folder in _FOLDERS
        for path in sorted((ROOT / folder).rglob("README.md"))
    ]
    return [ROOT / "README.md", *below]


def _read(path) -> dict:
    if not path.is_file():
        raise ValueError(f"The table {path.stem} has no file {path}.")
    result = files.read_json(path)
    if result["kind"] not in result_tables.MAKERS:
        raise ValueError(f"{path} is of unknown kind {result['kind']!r}.")
    return result


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    stale = []
    with runner.one_sentence_errors():
        found = readmes()
    for path in found:
        before = path.read_text(encoding="utf-8")
        with runner.one_sentence_errors():
            after = fill(before)
        if before != after:
            stale.append(os.fspath(path.relative_to(ROOT)))
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
    runner.run(_main)
