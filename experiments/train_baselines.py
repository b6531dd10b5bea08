r"""Fits and evaluates the methods that the papers compare with.

    python -m experiments.train_baselines --methods=cvh,scm_seq
    python -m experiments.train_baselines --dataset=PATH.npz --lengths=16,32 \
        --num_seeds=3 --output_dir=runs/baselines --result=FILE.json
    python -m experiments.train_baselines --methods=fsh --change=fsh.anchors=100

Methods: cvh, pdh, cmfh, ccq, stmh, lssh, fsh, ucch, cirh, infonce; with labels
cmssh, scm_orth, scm_seq, seph, dcmh, acmr, acmr_sign; or MODULE.CLASS of your
own, see `experiments/baselines/README.md`. Seeds are 0 and up, whatever --seed
is. The same command with the same --output_dir goes on where it stopped.
"""

import dataclasses
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

from absl import flags

from common.data import arrays
from common.runs import flags as common_flags
from common.runs import folders
from common.runs import interruptions
from common.runs import provenance
from common.runs import records
from common.runs import run as common_run
from common.runs import runner
from common.system import files
from experiments.baselines import fits
from experiments.methods import ablations
from experiments.methods import trainings
from experiments.papers import result_tables


def run_all(
    methods: dict[str, Any],
    run: common_run.Run,
    num_seeds: int,
    lengths: list[int],
) -> dict:
    """Fits every method at every length with seeds from 0.

    Every cell has its own folder below the output folder; one that finished
    is not repeated. A fit that failed leaves its `failure` in place of
    metrics.

    Args:
        methods: Compared methods with their settings, by name.
        run: Data and output folder, which is named.
        num_seeds: How many.
        lengths: Code lengths, in bits.

    Returns:
        What a result file holds.
    """
    runs, record, made_by = [], {}, []
    for name, cell, cell_run in _cells(methods, run, num_seeds, lengths):
        directory = pathlib.Path(cell_run.output_dir)
        one = {
            "variant": fits.label(name),
            "bits": cell.bits,
            "seed": cell_run.seed,
        }
        try:
            one |= kept(run_cell(name, cell, cell_run))
            record = records.load(directory)
        except (ValueError, OSError, RuntimeError, MemoryError) as error:
            one["failure"] = trainings.failure(error)
            print(f"Error: {directory.name}: {one['failure']}", flush=True)
        found = records.made_by(directory)
        one["provenance"] = provenance.places(found, made_by)
        runs.append(one)
    return _result(methods, run, runs, record) | {"provenance": made_by}


def _cells(methods, run, num_seeds, lengths) -> Iterator[tuple]:
    """Name, cell and run of every fit, seed by seed.

    A method that draws nothing is fitted once.
    """
    parent = pathlib.Path(run.output_dir)
    for seed in range(num_seeds):
        for bits in lengths:
            for name, settings in methods.items():
                if seed and not settings.draws:
                    continue
                directory = parent / f"{name}_{bits}_{seed}"
                yield (
                    name,
                    fits.Cell(bits, settings),
                    dataclasses.replace(
                        run,
                        seed=seed,
                        output_dir=str(directory),
                        resume=(directory / "run.json").exists(),
                    ),
                )


def run_cell(name: str, cell: fits.Cell, run: common_run.Run) -> dict:
    """Fits and evaluates one method, unless its folder holds the outcome.

    Raises:
        ValueError: The inputs are wrong, or the folder holds a cell of other
            settings.
        MemoryError: The method needs more memory than there is.
        RuntimeError: The process of the fit died.
    """
    prepared = common_run.prepare(run, name, cell, cell.settings.supervised)
    finished = prepared.directory / "metrics.json"
    if finished.exists():
        return files.read_object(finished)
    with folders.writing(prepared.directory):
        return _fit_cell(name, cell, prepared)


def _fit_cell(name, cell, prepared) -> dict:
    run = prepared.run
    label = f"{fits.label(name)}, {cell.bits} bits, seed {run.seed}"
    print(f"{label}: writing to {prepared.directory}", flush=True)
    if not (prepared.directory / "fit.json").exists():
        fits.fit_alone(name, cell, prepared)
    runner.import_tensorflow()
    from experiments.baselines import evaluation as baseline_evaluation

    metrics = baseline_evaluation.finish(prepared, cell.settings)
    for warning in metrics["warnings"]:
        print(f"Warning: {label}: {warning}", flush=True)
    return metrics


def kept(metrics: dict) -> dict:
    """What a result file keeps of a fit's metrics."""
    return {
        "training_pairs": metrics["training_pairs"],
        "train_seconds": round(metrics["train_seconds"], 1),
        "cpu_seconds": round(metrics["cpu_seconds"], 1),
        "peak_memory_mb": round(metrics["peak_memory_bytes"] / 2**20),
        "ranked_by": metrics["ranked_by"],
        **{
            direction: {
                name: metrics[direction][name] for name in ablations.KEPT
            }
            for direction in ("i2t", "t2i")
        },
    }


def _result(methods, run, runs, record) -> dict:
    return {
        "kind": "baselines",
        "dataset": pathlib.Path(run.dataset).stem,
        "rows": run.rows,
        "settings": {
            fits.label(name): dataclasses.asdict(found)
            for name, found in methods.items()
        },
        "data": record.get("data"),
        # Training rows differ between methods; queries and database do not.
        "split": {
            part: record.get("split", {}).get(part)
            for part in ("query", "retrieval")
        },
        "runs": runs,
    }


def _define_flags() -> None:
    common_flags.define(common_run.Run)
    flags.DEFINE_list(
        "methods",
        [],
        "Methods to fit, in this order, MODULE.CLASS among them; empty takes "
        "all of the project.",
    )
    flags.DEFINE_list("change", [], "Changed settings, such as cmfh.rounds=50.")
    flags.DEFINE_list("lengths", [], "Code lengths K; empty takes 32 bits.")
    flags.DEFINE_integer("num_seeds", 1, "Number of seeds.", lower_bound=1)
    common_flags.define_path("result", "", "A .json file for the figures.")


def _methods(names: list[str], changes: list[str]) -> dict:
    changed = {name: {} for name in names}
    for change in changes:
        place, equals, value = change.partition("=")
        name, _, setting = place.rpartition(".")
        if not equals or not setting or name not in changed:
            raise ValueError(
                "--change takes METHOD.SETTING=VALUE of a method that is "
                f"fitted; received {change!r}."
            )
        changed[name][setting] = value
    return {n: fits.create(n, changed[n]) for n in names}


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    with runner.one_sentence_errors():
        run = common_flags.resolve(common_run.Run())
        lengths = ablations.code_lengths(given.lengths) or [32]
        names = given.methods or list(fits.NAMES)
        methods = _methods(names, given.change)
        if run.strategy != "none":
            raise ValueError(
                "The compared methods fit on one processor; leave --strategy="
                f"{run.strategy} out."
            )
        # Wrong data would be wrong for every cell.
        data, _ = common_run.read_inputs(run)
        arrays.require_features(data)
        common_run.require_labels(run, data, "a MAP needs them")
        stem = pathlib.Path(run.dataset).stem
        parent = folders.choose(run, f"baselines_{stem}_{lengths[0]}")
        run = dataclasses.replace(run, output_dir=str(parent))
    interruptions.safe_in(parent, resumes=False)
    result = run_all(methods, run, given.num_seeds, lengths)
    if given.result:
        files.write_json(given.result, result)
    print(result_tables.baselines(result))
    failed = sum("failure" in one for one in result["runs"])
    if failed:
        sys.exit(f"Error: {failed} fits failed, for what stands above.")


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
