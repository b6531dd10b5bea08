r"""Makes the papers' tables and figures again, on whatever data is given.

    python -m experiments.paper_tables --table=ugach_1
    python -m experiments.paper_tables --table=uch_1,uch_figure_2 \
        --dataset=PATH.npz --num_seeds=3 --jobs=2 --output_dir=runs/tables
    python -m experiments.paper_tables --table=all --quick

Tables: ugach_1, ugach_2, uch_1 to uch_3, ssah_2 to ssah_4, `later` unsupervised
methods beside ours, and `all` at once. Figures: ugach_figure_2, ugach_figure_3,
uch_figure_2, uch_figure_3, ssah_figure_2 to ssah_figure_5. Each cell is a
training in a folder of its own below --output_dir/cells, which tables share;
the same command goes on where it stopped. A table leaves .md, .csv, .tex, .png,
.json and an HParams folder. Seeds are 0 and up, whatever --seed is.
"""

import dataclasses
import pathlib
import sys
from collections.abc import Sequence

from absl import flags

from common.data import arrays
from common.runs import flags as common_flags
from common.runs import interruptions
from common.runs import provenance
from common.runs import records
from common.runs import run as common_run
from common.runs import runner
from common.system import files
from experiments.baselines import fits
from experiments.methods import ablations
from experiments.papers import cells
from experiments.papers import comparison
from experiments.papers import origins
from experiments.papers import published
from experiments.papers import rendering
from experiments.papers import specs
from experiments.papers import spreads

_QUICK_ITEMS = {"num_query": 60, "num_train": 300}


@dataclasses.dataclass(frozen=True)
class Plan:
    """One table with what the command line says of it."""

    name: str
    table: specs.Table
    lengths: tuple[int, ...]
    num_seeds: int
    quick: bool
    published: str | None

    @property
    def cells(self) -> list[cells.Cell]:
        """Every training of the table."""
        return cells.plan(self.table, self.lengths, self.num_seeds, self.quick)


def make(
    plan: Plan, run: common_run.Run, parent: pathlib.Path, jobs: int
) -> dict:
    """Trains a table's cells, and writes the table in all its forms.

    Args:
        plan: The table.
        run: Data and split.
        parent: Output folder.
        jobs: Processes at a time.

    Returns:
        What the table's `.json` holds.
    """
    todo, outcomes = plan.cells, []
    for cell, outcome in cells.train_all(todo, run, parent / "cells", jobs):
        outcomes.append((cell, outcome))
        print(_line(cell, outcome, len(outcomes), len(todo)), flush=True)
    place = {cell: number for number, cell in enumerate(todo)}
    outcomes.sort(key=lambda one: place[one[0]])
    folders = _folders(outcomes, parent / "cells")
    result = _result(plan, run, outcomes, folders, parent / "cells")
    _write(plan, run, parent, result, outcomes, folders)
    return result


def _line(cell, outcome, done, total) -> str:
    start = f"[{done}/{total}] {cell.row.label}, {cell.bits} bits"
    start += f", seed {cell.seed}: "
    if "failure" in outcome:
        return f"{start}Error: {outcome['failure']}"
    scores = " / ".join(
        spreads.map_all([outcome], direction)
        for direction in spreads.DIRECTIONS
    )
    return f"{start}map_all {scores}, {outcome['train_seconds']:.0f} s"


def _folders(outcomes, parent) -> dict[tuple[str, int], list[pathlib.Path]]:
    found = {}
    for cell, outcome in outcomes:
        if "failure" not in outcome:
            key = cell.row.label, cell.bits
            found.setdefault(key, []).append(parent / cell.folder)
    return found


def _result(plan, run, outcomes, folders, parent) -> dict:
    described = [records.load(found[0]) for found in folders.values()]
    record = described[0] if described else {}
    made_by = []
    return {
        "kind": "paper",
        "table": plan.name,
        "title": plan.table.title,
        "dataset": pathlib.Path(run.dataset).stem,
        "rows": run.rows,
        "quick": plan.quick,
        "published": plan.published,
        "lengths": list(plan.lengths),
        "methods": [row.label for row in plan.table.rows],
        "supervised": [
            row.label for row in plan.table.rows if cells.supervised(row)
        ],
        "settings": {
            row: one["config"]
            for (row, _), one in zip(folders, described, strict=True)
        },
        "data": record.get("data"),
        # Training rows differ between methods; queries and database do not.
        "split": {
            part: record.get("split", {}).get(part)
            for part in ("query", "retrieval")
        },
        "runs": [
            {
                "variant": cell.row.label,
                "bits": cell.bits,
                "seed": cell.seed,
                **outcome,
                "provenance": provenance.places(
                    records.made_by(parent / cell.folder), made_by
                ),
            }
            for cell, outcome in outcomes
        ],
        "provenance": made_by,
        "comparisons": comparison.compare(folders),
    }


def _write(plan, run, parent, result, outcomes, folders) -> None:
    base = parent / plan.name / plan.name
    files.write_json(f"{base}.json", result)
    for suffix, text in (
        ("md", origins.below(rendering.markdown(result), [result]) + "\n"),
        ("csv", rendering.comma_separated(result)),
        ("tex", rendering.latex(result)),
    ):
        with files.atomic_write(f"{base}.{suffix}") as file:
            file.write(text.encode("utf-8"))
    runner.import_tensorflow()
    from common.reports import figures
    from experiments.papers import trials

    trials.write(base.parent / "hparams", outcomes)
    with files.atomic_write(f"{base}.png") as file:
        file.write(figures.png(_picture(plan, run, result, folders)))


def _picture(plan, run, result, folders):
    from experiments.papers import drawing

    kind = plan.table.picture
    if kind == "map":
        return drawing.map_by_length(result)
    if kind == "settings":
        return drawing.settings(result, plan.table)
    if kind == "time":
        return drawing.training_time(result, plan.table)
    data, split = common_run.read_inputs(run)
    return drawing.curves(result, folders, data, split, kind)


def _define_flags() -> None:
    common_flags.define(common_run.Run)
    flags.DEFINE_list("table", [], f"Some of {', '.join(specs.TABLES)}.")
    flags.DEFINE_list(
        "methods",
        [],
        "Rows to train; none takes all. MODULE.CLASS adds one of your own.",
    )
    flags.DEFINE_list("lengths", [], "Code lengths in place of the table's.")
    flags.DEFINE_integer("num_seeds", 3, "Number of seeds.", lower_bound=1)
    flags.DEFINE_integer("jobs", 1, "Trainings at a time.", lower_bound=1)
    flags.DEFINE_boolean(
        "quick", False, "One round, one seed, few items: to try the command."
    )
    flags.DEFINE_string(
        "published", "", "Data set whose published numbers stand beside."
    )


def _plan(name: str, given: flags.FlagValues) -> Plan:
    if name not in specs.TABLES:
        raise ValueError(
            f"--table takes some of {', '.join(specs.TABLES)}; received "
            f"{name!r}."
        )
    table = specs.TABLES[name]
    own = [name for name in given.methods if "." in name]
    chosen = [name for name in given.methods if name not in own]
    _refuse("methods", chosen, [row.label for row in table.rows])
    kept = [row for row in table.rows if not chosen or row.label in chosen]
    added = [specs.Row(fits.label(name), name) for name in own]
    table = dataclasses.replace(table, rows=(*added, *kept))
    known = published.data_sets(name)
    if given.published:
        _refuse("published", [given.published], known)
    lengths = tuple(ablations.code_lengths(given.lengths)) or table.lengths
    return Plan(
        name,
        table,
        lengths[:1] if given.quick else lengths,
        1 if given.quick else given.num_seeds,
        given.quick,
        given.published or (known[0] if known else None),
    )


def _refuse(flag: str, received: Sequence[str], known: Sequence[str]) -> None:
    unknown = [name for name in received if name not in known]
    if unknown:
        raise ValueError(
            f"--{flag} takes {', '.join(known) or 'nothing'} for this table; "
            f"received {unknown[0]!r}."
        )


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    with runner.one_sentence_errors():
        if not flags.FLAGS.table:
            raise ValueError(f"--table takes some of {', '.join(specs.TABLES)}")
        plans = [_plan(name, flags.FLAGS) for name in flags.FLAGS.table]
        run = common_flags.resolve(common_run.Run())
        if flags.FLAGS.quick:
            run = dataclasses.replace(run, jit_compile=False, **_QUICK_ITEMS)
        # Wrong data would be wrong for every cell.
        data, _ = common_run.read_inputs(run)
        arrays.require_features(data)
        common_run.require_labels(run, data, "a table of MAPs needs them")
        parent = pathlib.Path(run.output_dir or "runs/paper_tables")
    interruptions.safe_in(parent, resumes=False)
    failed = 0
    for plan in plans:
        result = make(plan, run, parent, flags.FLAGS.jobs)
        print(f"\n{plan.table.title}\n\n{rendering.markdown(result)}\n")
        print(f"Table and picture are in {parent / plan.name}", flush=True)
        failed += sum("failure" in one for one in result["runs"])
    if failed:
        sys.exit(f"Error: {failed} trainings failed, for what stands above.")


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
