r"""Computes a run's metrics again, from its codes or its SavedModel.

python -m experiments.evaluate --run=runs/NAME
python -m experiments.evaluate --run=runs/NAME --source=saved_model
"""

from absl import app
from absl import flags

from common.runs import finished as finished_runs
from common.runs import flags as common_flags
from common.runs import runner
from common.system import files


def evaluate(finished: finished_runs.FinishedRun, source: str) -> dict:
    """Metrics of a finished run.

    Args:
        finished: The run.
        source: `codes` reads `codes.npz`; `saved_model` encodes again.

    Returns:
        The content of a `metrics.json`, without times.

    Raises:
        ValueError: The run is not ranked by its codes.
    """
    if finished_runs.ranked_by_score(finished.directory):
        raise ValueError(
            f"{finished.directory} is ranked by a score of its own, which its "
            "codes do not tell; its metrics.json has the figures."
        )
    from common.metrics import evaluation
    from common.runs import encoding

    directory, split = finished.directory, finished.split
    if source == "codes":
        found = encoding.load(directory / "codes.npz")
    else:
        from common.runs import exported

        encoders = exported.load(directory / "saved_model", finished.bits)
        found = encoding.encode_split(
            encoders, finished.data, split.query, split.retrieval
        )
    labels = encoding.split_labels(finished.data, split)
    metrics = found.evaluation(*labels).metrics()
    metrics |= found.label_directions(*labels)
    metrics["warnings"] = evaluation.collapse_warnings(metrics)
    return metrics


def _define_flags() -> None:
    common_flags.define_run()
    common_flags.define_dataset()
    flags.DEFINE_enum(
        "source", "codes", ("codes", "saved_model"), "Where codes come from."
    )
    common_flags.define_path("output", "", "A .json file for all metrics.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    with runner.one_sentence_errors():
        finished = finished_runs.open_run(flags.FLAGS.run, flags.FLAGS.dataset)
    runner.import_tensorflow()
    from common.reports import reporting

    with runner.one_sentence_errors():
        metrics = evaluate(finished, flags.FLAGS.source)
        if flags.FLAGS.output:
            files.write_json(flags.FLAGS.output, metrics)
    print(f"{finished.directory}, {finished.bits} bits, {flags.FLAGS.source}")
    print(reporting.table({finished.record["method"]: metrics}))
    for warning in metrics["warnings"]:
        print(f"Warning: {warning}")


if __name__ == "__main__":
    _define_flags()
    app.run(_main)
