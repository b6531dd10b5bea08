"""What a finished run leaves behind: model, codes, metrics and pictures."""

import numpy as np
import tensorflow as tf

from common import hamming
from common.data import thumbnails
from common.metrics import evaluation
from common.metrics import pairs
from common.models import base
from common.reports import export
from common.reports import figures
from common.reports import model_card
from common.reports import projector
from common.reports import summaries
from common.runs import encoding
from common.runs import finished
from common.runs import provenance
from common.runs import records
from common.runs import run as common_run
from common.runs import scoring
from common.system import files

_SHEET_QUERIES = 6


def finish(
    prepared: common_run.Prepared,
    model: base.HashingModel,
    title: str,
    costs: dict[str, float],
) -> dict:
    """Exports the model, hashes query and retrieval rows, and evaluates.

    Writes `saved_model/`, `codes.npz`, `average_precision.npz` of every query,
    `MODEL_CARD.md`, `metrics.json` and `figures/` in the run's folder. Scores,
    curves, figures, bits, settings and a sample of the codes go to TensorBoard.

    Args:
        prepared: The run.
        model: The trained model.
        title: Heading of the figures.
        costs: What graph and training took, of
            `stopwatch.Stopwatch`.

    Returns:
        The content of `metrics.json`; without labels it has no MAP.
    """
    directory, split = prepared.directory, prepared.split
    _export(prepared, model)
    found = encoding.encode_split(
        encoding.model_encoders(model),
        prepared.data,
        split.query,
        split.retrieval,
    )
    found.save(directory / "codes.npz")
    scored = _evaluation(prepared, found)
    metrics = scoring.score(prepared.data, split, found, scored) | costs
    metrics["provenance"] = [provenance.record(model.jit_compile)]
    if scored is not None:
        files.write_npz(
            directory / "average_precision.npz", **scored.average_precision()
        )
    _write_card(prepared, model, metrics)
    drawing = directory / finished.DRAWING
    drawing.touch()
    # Before the pictures: what cannot be drawn costs no training.
    files.write_json(directory / "metrics.json", metrics)
    _show(prepared, found, scored, metrics, title)
    drawing.unlink()
    return metrics


def draw(prepared: common_run.Prepared, title: str) -> None:
    """Draws the figures of a run that has codes and metrics; needs no model.

    Args:
        prepared: The run.
        title: Heading of the figures.

    Raises:
        ValueError: Codes or metrics are damaged.
        OSError: They are not there, or the folder cannot be written.
    """
    directory = prepared.directory
    found = encoding.load(directory / "codes.npz")
    metrics = files.read_object(directory / "metrics.json")
    # Earlier versions did not keep them.
    own = scoring.own_pairs(prepared.data, prepared.split, found)
    metrics = {"pairs": own} | metrics
    _show(prepared, found, _evaluation(prepared, found), metrics, title)
    (directory / finished.DRAWING).unlink(missing_ok=True)


def _export(prepared, model) -> None:
    data = prepared.data
    notes = {} if data.extractor is None else {"extractor.json": data.extractor}
    export.export(
        model, prepared.directory / "saved_model", data.vocabulary, notes
    )


def _write_card(prepared, model, metrics) -> None:
    signatures = model_card.entries(model, prepared.data.vocabulary is not None)
    record = records.load(prepared.directory)
    card = model_card.render(record, metrics, signatures)
    with files.atomic_write(prepared.directory / "MODEL_CARD.md") as file:
        file.write(card.encode("utf-8"))


def _evaluation(prepared, found) -> evaluation.Evaluation | None:
    """The evaluation of the codes; None without labels."""
    if prepared.data.labels is None:
        return None
    labels = encoding.split_labels(prepared.data, prepared.split)
    return found.evaluation(*labels)


def _show(prepared, found, scored, metrics, title) -> None:
    """Figures as PNG, and what TensorBoard shows of the test rows."""
    run, split = prepared.run, prepared.split
    database = found.retrieval_image, found.retrieval_text
    small = thumbnails.for_dataset(run.dataset, run.thumbnails)
    drawn = _curves(scored, metrics, title) | _sheets(prepared, found, small)
    pictures = _save_figures(prepared, drawn)
    logs = prepared.directory / "logs/test"
    for begun in logs.glob("events.out.tfevents.*"):
        # Of a process that was killed here; TensorBoard would show both.
        begun.unlink()
    writer = tf.summary.create_file_writer(str(logs))
    with writer.as_default():
        summaries.write_trial(
            summaries.settings(records.load(prepared.directory)),
            prepared.directory.as_posix(),
            metrics,
            ("map_all", "map_at_50", "chance"),
        )
        summaries.write_pairs(metrics["pairs"])
        summaries.write_pictures(pictures)
        summaries.write_bits(*database)
        if scored is not None:
            summaries.write_precision_recall(scored.counts)
    writer.close()
    projector.write(logs, prepared.data, split.retrieval, *database, small)


def _curves(scored, metrics, title) -> dict:
    """Figures of the evaluation's curves; none without labels."""
    if scored is None:
        return {}
    curves = scored.curves()
    base = {name: metrics[name]["base_rate"] for name in figures.DIRECTIONS}
    return {
        "precision_recall": figures.precision_recall(curves, base, title),
        "precision_at": figures.precision_at(curves, base, title),
    }


def _save_figures(prepared, drawn) -> dict[str, bytes]:
    """Writes figures as PNG and returns what is in the files."""
    pictures = {name: figures.png(figure) for name, figure in drawn.items()}
    for name, picture in pictures.items():
        path = prepared.directory / "figures" / f"{name}.png"
        with files.atomic_write(path) as file:
            file.write(picture)
    return pictures


def _sheets(prepared, found, pictures) -> dict:
    if pictures is None:
        return {}
    split, data = prepared.split, prepared.data
    # Only rows with a thumbnail can be shown.
    shown = np.array([row in pictures for row in split.retrieval])
    asked = np.flatnonzero([row in pictures for row in split.query])
    asked = asked[:_SHEET_QUERIES]
    if not len(asked) or not shown.any():
        return {}
    sheets = {}
    for name, sheet, queries, database in (
        (
            "text_to_image",
            figures.text_query_sheet,
            found.query_text,
            found.retrieval_image,
        ),
        (
            "image_to_text",
            figures.image_query_sheet,
            found.query_image,
            found.retrieval_text,
        ),
    ):
        index = hamming.HammingIndex(database.bits)
        index.add(database.take(np.flatnonzero(shown)), split.retrieval[shown])
        rows, distances = figures.retrieve(index, queries.take(asked))
        sheets[name] = sheet(
            data, pictures, split.query[asked], rows, distances
        )
    return sheets


def tables(name: str, metrics: dict) -> str:
    """All of a run's scores for people: MAP where there are labels, and pairs.

    Args:
        name: What the codes are of.
        metrics: As `finish` returns them.
    """
    parts = [pair_table({name: metrics})]
    if "i2t" in metrics:
        parts.insert(0, table({name: metrics}))
        parts[:0] = _left_out(metrics)
    return "\n".join(parts)


def _left_out(metrics) -> list[str]:
    found = metrics["i2t"]
    count = found["queries_without_relevant"]
    if not count:
        return []
    return [
        f"{count} of {found['queries']} queries have no relevant item and are "
        "left out of every MAP."
    ]


def pair_table(rows: dict[str, dict]) -> str:
    """A table of how the own pair is found, with chance at the end.

    Args:
        rows: Metrics of each line, as `finish` returns them.
    """
    ranks = [f"recall_at_{rank}" for rank in pairs.RANKS]
    columns = (*ranks, "median_rank")
    header = ["own pair"]
    for direction in figures.DIRECTIONS:
        header += [f"{name} {direction}" for name in columns]
    last = next(reversed(rows.values()))["pairs"]
    lines = [
        [name, *_pair_cells(metrics["pairs"], columns)]
        for name, metrics in rows.items()
    ]
    chances = [f"chance_{name}" for name in columns]
    lines.append(["chance", *_pair_cells(last, chances)])
    return _aligned([header, *lines])


def _pair_cells(scores, columns) -> list[str]:
    return [
        f"{scores[direction][name]:.{1 if name.endswith('rank') else 4}f}"
        for direction in figures.DIRECTIONS
        for name in columns
    ]


def table(rows: dict[str, dict]) -> str:
    """A table of metrics, one line per name, with chance at the end.

    Args:
        rows: Metrics of each line, as `finish` returns them.
    """
    columns = ("map_all", "map_at_50")
    header = ["", *(f"{c} {d}" for c in columns for d in figures.DIRECTIONS)]
    lines = [[*header, "map_all mean"]]
    for name, metrics in rows.items():
        cells = [_values(metrics, column) for column in columns]
        lines.append([name, *_printed(*cells, cells[0].mean(keepdims=True))])
    chance = _values(next(reversed(rows.values())), "chance")
    # A constant code's MAP@50 is not its MAP@all; nothing is claimed for it.
    lines.append(["chance", *_printed(chance), "", "", f"{chance.mean():.4f}"])
    return _aligned(lines)


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0])]
            + [c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True)]
        ).rstrip()
        for line in lines
    )


def _values(metrics: dict, column: str) -> np.ndarray:
    found = [metrics[direction][column] for direction in figures.DIRECTIONS]
    return np.array([np.nan if value is None else value for value in found])


def _printed(*values: np.ndarray) -> list[str]:
    return [f"{value:.4f}" for value in np.concatenate(values)]
