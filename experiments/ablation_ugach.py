r"""UGACH's own ablation over several seeds: Baseline, Baseline-GAN, UGACH.

    python -m experiments.ablation_ugach --num_seeds=3
    python -m experiments.ablation_ugach --dataset=PATH.npz --num_seeds=3 \
        --output_dir=runs/ablation --result=experiments/results/NAME.json

Every run has its own folder below the output folder, `MODE_SEED`. A run that
finished is not repeated and one that was cut off is continued, so the same
command with the same --output_dir goes on where it stopped.
"""

import dataclasses
import pathlib

from absl import flags

from common import files
from common import run as common_run
from common import runner
from experiments import train_ugach
from ugach import config as ugach_config

_KEPT = (
    "map_all",
    "map_all_optimistic",
    "map_all_pessimistic",
    "map_at_50",
    "chance",
)


def run_all(
    config: ugach_config.Config, run: common_run.Run, num_seeds: int
) -> dict:
    """Runs every mode with seeds 0 to `num_seeds - 1`, or reads it again.

    Returns:
        What a result file holds: settings, versions, data and split hashes,
        and the metrics of each run.
    """
    with runner.one_sentence_errors():
        parent = common_run.choose_directory(run, "ugach_ablation", config)
    runs = []
    for seed in range(num_seeds):
        for mode in ugach_config.MODES:
            directory = parent / f"{mode}_{seed}"
            metrics = _run_one(
                dataclasses.replace(config, mode=mode),
                dataclasses.replace(
                    run,
                    seed=seed,
                    output_dir=str(directory),
                    resume=(directory / "run.json").exists(),
                ),
            )
            runs.append({"mode": mode, "seed": seed, **metrics})
    record = common_run.load_record(parent / f"{ugach_config.MODES[-1]}_0")
    return {
        "kind": "ugach_ablation",
        "dataset": pathlib.Path(run.dataset).stem,
        "rows": run.rows,
        "config": dataclasses.asdict(config),
        "data": record["data"],
        "split": record["split"],
        "versions": record["versions"],
        "runs": runs,
    }


def _run_one(config, run) -> dict:
    finished = pathlib.Path(run.output_dir) / "metrics.json"
    if finished.exists():
        metrics = files.read_json(finished)
    else:
        metrics = train_ugach.train(config, run)
    return {
        "train_seconds": round(metrics["train_seconds"], 1),
        **{
            direction: {name: metrics[direction][name] for name in _KEPT}
            for direction in ("i2t", "t2i")
        },
    }


def _define_flags() -> None:
    flags.DEFINE_integer("num_seeds", 3, "Number of seeds.", lower_bound=1)
    flags.DEFINE_string("result", "", "A .json file for the figures.")


def _main(config: ugach_config.Config, run: common_run.Run) -> None:
    result = run_all(config, run, flags.FLAGS.num_seeds)
    if flags.FLAGS.result:
        files.write_json(flags.FLAGS.result, result)
    from experiments import tables

    print(tables.ablation_table(result))


if __name__ == "__main__":
    runner.start(_main, ugach_config.PRESETS, _define_flags)
