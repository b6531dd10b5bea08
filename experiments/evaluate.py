r"""Computes a run's metrics again, from its codes or its SavedModel.

    python -m experiments.evaluate --run=runs/NAME
    python -m experiments.evaluate --run=runs/NAME --source=saved_model

Or scores codes that another program wrote: `.npy` of bits as 0 and 1, -1 and 1
or booleans, or packed eight to a byte, with labels [n, c] of 0 and 1.

    python -m experiments.evaluate --query_codes=q.npy --query_labels=ql.npy \
        --database_codes=d.npy --database_labels=dl.npy
"""

import numpy as np
from absl import flags

from common.runs import finished as finished_runs
from common.runs import flags as common_flags
from common.runs import provenance
from common.runs import records
from common.runs import runner
from common.system import files

_FILES = ("query_codes", "query_labels", "database_codes", "database_labels")
_SIDES = (
    "the queries' codes",
    "the queries' labels",
    "the database's codes",
    "the database's labels",
)


def evaluate(finished: finished_runs.FinishedRun, source: str) -> dict:
    """Metrics of a finished run.

    Args:
        finished: The run.
        source: `codes` reads `codes.npz`; `saved_model` encodes again.

    Returns:
        The content of a `metrics.json`, without times and provenance.

    Raises:
        ValueError: The run is not ranked by its codes.
    """
    if finished_runs.ranked_by_score(finished.directory):
        raise ValueError(
            f"{finished.directory} is ranked by a score of its own, which its "
            "codes do not tell; its metrics.json has the figures."
        )
    from common.runs import encoding
    from common.runs import scoring

    directory, split = finished.directory, finished.split
    if source == "codes":
        found = encoding.load(directory / "codes.npz")
    else:
        from common.runs import exported

        encoders = exported.load(directory / "saved_model", finished.bits)
        found = encoding.encode_split(
            encoders, finished.data, split.query, split.retrieval
        )
    return scoring.score(finished.data, split, found)


def evaluate_files(
    query: tuple[str, str],
    database: tuple[str, str],
    bits: int = 0,
    bit_order: str = "big",
) -> dict:
    """Metrics of codes in files, queries of one kind against one database.

    Args:
        query: Files of the queries' codes and of their labels.
        database: Files of the database's codes and of its labels.
        bits: The code length; 0: as many as there are columns.
        bit_order: That of packed codes, see `common.hamming.foreign.read`.

    Returns:
        What `evaluation.direction_metrics` returns, and `bits`.

    Raises:
        ValueError: A file does not hold what it should.
    """
    from common.hamming import foreign
    from common.metrics import evaluation
    from common.metrics import histograms

    sides = []
    for codes_file, labels_file in (query, database):
        found = foreign.read(codes_file, bits, bit_order)
        sides.append((found, _labels(labels_file, codes_file, len(found))))
    (asked, asked_labels), (held, held_labels) = sides
    counts = histograms.distance_histograms(
        asked, held, asked_labels, held_labels
    )
    metrics = evaluation.direction_metrics(counts.items, counts.relevant)
    if metrics["map_all"] is None:
        raise ValueError(
            f"No query of {query[1]} shares a label with {database[1]}."
        )
    return {"bits": asked.bits, **metrics}


def _labels(path, codes_file, count) -> np.ndarray:
    labels = files.read_npy(path)
    if labels.ndim != 2 or not np.isin(labels, (0, 1)).all():
        raise ValueError(
            f"Labels are [n, c] of 0 and 1; {path} holds {labels.dtype} "
            f"{list(labels.shape)}."
        )
    if len(labels) != count:
        raise ValueError(
            f"{path} has {len(labels)} rows and {codes_file} {count}."
        )
    return labels.astype(np.uint8)


def _show_files() -> None:
    """Scores the files that flags name, and prints or writes what comes out."""
    given = flags.FLAGS
    named = [given[name].value for name in _FILES]
    if not all(named):
        missing = _FILES[named.index("")]
        raise ValueError(f"Codes in files need --{missing} too.")
    query, database = tuple(named[:2]), tuple(named[2:])
    metrics = evaluate_files(query, database, given.bits, given.bit_order)
    if given.output:
        made_by = {"provenance": [provenance.record()]}
        files.write_json(given.output, metrics | made_by)
    print(
        f"{metrics['queries']} queries of {metrics['bits']} bits, of which "
        f"{metrics['queries_without_relevant']} have no relevant item and are "
        "left out"
    )
    for name in ("map_all", "map_at_50", "chance"):
        print(f"{name} {metrics[name]:.4f}")


def _define_flags() -> None:
    common_flags.define_run()
    for name, side in zip(_FILES, _SIDES, strict=True):
        common_flags.define_path(name, "", f"A .npy of {side}.")
    flags.DEFINE_integer(
        "bits", 0, "Length of codes in files; 0: as many as columns."
    )
    flags.DEFINE_enum(
        "bit_order", "big", ("big", "little"), "Of packed codes in files."
    )
    common_flags.define_dataset()
    flags.DEFINE_enum(
        "source", "codes", ("codes", "saved_model"), "Where codes come from."
    )
    common_flags.define_path("output", "", "A .json file for all metrics.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    if any(flags.FLAGS[name].value for name in _FILES):
        with runner.one_sentence_errors():
            _show_files()
        return
    with runner.one_sentence_errors():
        finished = finished_runs.open_run(flags.FLAGS.run, flags.FLAGS.dataset)
    runner.import_tensorflow()
    from common.reports import reporting

    with runner.one_sentence_errors():
        metrics = evaluate(finished, flags.FLAGS.source)
        if flags.FLAGS.output:
            made_by = records.made_by(finished.directory)
            provenance.places([provenance.record()], made_by)
            files.write_json(
                flags.FLAGS.output, metrics | {"provenance": made_by}
            )
    print(f"{finished.directory}, {finished.bits} bits, {flags.FLAGS.source}")
    print(reporting.tables(finished.record["method"], metrics))
    for warning in metrics["warnings"]:
        print(f"Warning: {warning}")


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
