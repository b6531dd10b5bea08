"""A method with parts left out, over seeds and code lengths."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

from common.runs import folders
from common.runs import interruptions
from common.runs import provenance
from common.runs import records
from common.runs import run as common_run
from common.runs import runner
from experiments.methods import trainings
from experiments.papers import comparison

# Metrics of a direction that result files hold.
KEPT = (
    "map_all",
    "map_all_optimistic",
    "map_all_pessimistic",
    "map_at_50",
    "chance",
)


def run_all(
    method: trainings.Method,
    config: Any,
    run: common_run.Run,
    num_seeds: int,
    lengths: list[int],
) -> dict:
    """Trains every variant at every length with seeds from 0.

    Every run has its own folder below the output folder. One that finished is
    not repeated and one that was cut off is continued. A training that went
    wrong by itself leaves its `failure` in place of metrics.

    Returns:
        What a result file holds: settings, data and split hashes, the
        metrics of each run, and what made them: `provenance` of a run holds
        positions in that of the file.
    """
    with runner.one_sentence_errors():
        stem = pathlib.Path(run.dataset).stem
        parent = folders.choose(
            run, f"{method.name}_ablation_{stem}_{config.bits}"
        )
    interruptions.safe_in(parent, resumes=False)
    runs, compared, made_by = [], {}, []
    for seed in range(num_seeds):
        for bits in lengths:
            for variant, changed in method.variants.items():
                directory = parent / "_".join(
                    (trainings.folder_name(variant), str(bits), str(seed))
                )
                metrics = run_one(
                    method,
                    dataclasses.replace(config, bits=bits, **changed),
                    dataclasses.replace(
                        run,
                        seed=seed,
                        output_dir=str(directory),
                        resume=(directory / "run.json").exists(),
                    ),
                )
                runs.append(
                    {
                        **{"variant": variant, "bits": bits, "seed": seed},
                        **metrics,
                        "provenance": provenance.places(
                            records.made_by(directory), made_by
                        ),
                    }
                )
                if (directory / comparison.FILE).exists():
                    compared.setdefault((variant, bits), []).append(directory)
    record = records.load(directory)
    return {
        "kind": "ablation",
        "method": method.name,
        "dataset": pathlib.Path(run.dataset).stem,
        "rows": run.rows,
        "config": dataclasses.asdict(config),
        "variants": method.variants,
        "data": record["data"],
        "split": record["split"],
        "provenance": made_by,
        "runs": runs,
        "comparisons": comparison.compare(compared),
    }


def run_one(method: trainings.Method, config: Any, run: common_run.Run) -> dict:
    """What a result file keeps of one training, finished or not.

    A training that went wrong by itself leaves its `failure`.
    """
    try:
        metrics = trainings.train_once(method, config, run)
    except method.failures as error:
        print(error)
        return {"failure": str(error)}
    return {
        "train_seconds": round(metrics["train_seconds"], 1),
        "cpu_seconds": _rounded(metrics.get("cpu_seconds")),
        "peak_memory_mb": _megabytes(metrics.get("peak_memory_bytes")),
        **{
            direction: {name: metrics[direction][name] for name in KEPT}
            for direction in ("i2t", "t2i")
        },
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _megabytes(size: int | None) -> int | None:
    return None if size is None else round(size / 2**20)


def choose(method: trainings.Method, names: Sequence[str]) -> trainings.Method:
    """The method with only the named variants; all of them without a name.

    Raises:
        ValueError: It has no such variant.
    """
    unknown = [name for name in names if name not in method.variants]
    if unknown:
        raise ValueError(
            f"--variants takes some of {', '.join(method.variants)}; received "
            f"{unknown[0]!r}."
        )
    variants = {name: method.variants[name] for name in names}
    return dataclasses.replace(method, variants=variants or method.variants)


def code_lengths(texts: Sequence[str]) -> list[int]:
    """Code lengths as they are typed.

    Raises:
        ValueError: One is no whole number from 1, or stands there twice, which
            would count its runs as more seeds.
    """
    found = []
    for text in texts:
        length = int(text) if text.strip().isdecimal() else 0
        if length < 1:
            raise ValueError(
                "--lengths takes whole numbers from 1, such as 16,32,64; "
                f"received {text!r}."
            )
        if length in found:
            raise ValueError(
                "--lengths takes each code length once; received "
                f"{length} twice."
            )
        found.append(length)
    return found
