"""A table's picture, in the manner of the papers' figures."""

import pathlib
from collections.abc import Callable

import numpy as np
from matplotlib import figure as mpl_figure

from common.data import arrays
from common.data import splits
from common.reports import figures
from common.runs import encoding
from common.runs import finished as finished_runs
from experiments.baselines import evaluation as baseline_evaluation
from experiments.papers import specs
from experiments.papers import spreads
from experiments.papers import styles

_DIRECTIONS = figures.DIRECTIONS.items()


def map_by_length(result: dict) -> mpl_figure.Figure:
    """MAP against the code length, with the spread over seeds."""
    looks = _looks(result)

    def draw(axis, direction):
        for method in result["methods"]:
            found = [
                (
                    bits,
                    spreads.of(spreads.finished(result["runs"]), method, bits),
                )
                for bits in result["lengths"]
            ]
            _errorbar(
                axis,
                [(bits, runs) for bits, runs in found if runs],
                direction,
                method,
                looks[method],
            )
        _chance(axis, result, direction)
        axis.set(xlabel="bits", xscale="log", xticks=result["lengths"])
        axis.set_xticks(result["lengths"], labels=map(str, result["lengths"]))
        axis.minorticks_off()

    return _figure(result, "MAP", draw)


def settings(result: dict, table: specs.Table) -> mpl_figure.Figure:
    """MAP against a weight's factor, one line per weight."""
    return _by_point(result, table, "weight, times its default")


def training_time(result: dict, table: specs.Table) -> mpl_figure.Figure:
    """MAP against the seconds that training took, one line per method."""
    return _by_point(result, table, "seconds of training")


def curves(
    result: dict,
    folders: dict[tuple[str, int], list[pathlib.Path]],
    data: arrays.CrossModalData,
    split: splits.Split,
    kind: str,
) -> mpl_figure.Figure:
    """Curves over the ranking, mean over seeds.

    A row is left out, with a sentence, where a run of it is ranked by a score
    and an earlier version kept no curves.

    Args:
        result: The table.
        folders: Finished runs of each row and code length.
        data: The data set.
        split: Its query and retrieval rows.
        kind: `precision_at` of the first N, or `precision_recall` by radius,
            by rank where a method ranks by a score.
    """
    labels = encoding.split_labels(data, split)
    found = {}
    for (row, _), of_row in folders.items():
        try:
            found[row] = [_ranking_curves(one, labels) for one in of_row]
        except ValueError as error:
            print(f"{row} is not in the picture: {error}")

    looks = _looks(result)

    def draw(axis, direction):
        for row, seeds in found.items():
            x, y = _curve([seed[direction] for seed in seeds], kind)
            # A marker for each rank would hide the curve.
            axis.plot(x, y, label=row, **(looks[row] | {"marker": ""}))
        names = {
            "precision_at": {"xlabel": "N"},
            "precision_recall": {"xlabel": "recall", "xlim": (0, 1)},
        }
        axis.set(**names[kind])

    return _figure(result, "precision", draw)


def _ranking_curves(folder, labels) -> dict:
    """A run's curves, by the ranking that its MAP is of."""
    if finished_runs.ranked_by_score(folder):
        return baseline_evaluation.load_curves(folder)
    return encoding.load(folder / "codes.npz").evaluation(*labels).curves()


def _curve(seeds, kind) -> tuple[np.ndarray, np.ndarray]:
    if kind == "precision_at":
        values = np.mean([seed["precision_at"] for seed in seeds], axis=0)
        return np.arange(1, len(values) + 1), values
    return tuple(
        np.mean([seed[f"micro_{name}"] for seed in seeds], axis=0)
        for name in ("recall", "precision")
    )


def _by_point(result, table, name) -> mpl_figure.Figure:
    lines = {}
    for row in table.rows:
        if row.label in result["methods"]:
            lines.setdefault(row.line, []).append(row)

    def draw(axis, direction):
        for line, rows in lines.items():
            points = []
            for row in rows:
                runs = spreads.of(
                    spreads.finished(result["runs"]),
                    row.label,
                    result["lengths"][0],
                )
                if runs:
                    seconds = np.mean([run["train_seconds"] for run in runs])
                    at = seconds if table.picture == "time" else row.point
                    points.append((at, runs))
            _errorbar(axis, points, direction, line, {"marker": "."})
        _chance(axis, result, direction)
        axis.set(xlabel=name, xscale="log")

    return _figure(result, "MAP", draw)


def _errorbar(axis, points, direction, label, look) -> None:
    if not points:
        return
    values = [spreads.column(runs, direction, "map_all") for _, runs in points]
    axis.errorbar(
        [at for at, _ in points],
        [found.mean() for found in values],
        [found.std(ddof=1) if len(found) > 1 else 0 for found in values],
        label=label,
        capsize=2,
        **look,
    )


def _looks(result) -> dict[str, dict]:
    return styles.of(result["methods"], result.get("supervised", []))


def _chance(axis, result, direction) -> None:
    scored = spreads.finished(result["runs"])
    if scored:
        level = spreads.column(scored, direction, "chance").mean()
        axis.axhline(level, color="grey", linestyle=":", label="chance")


def _figure(
    result: dict, name: str, draw: Callable[[object, str], None]
) -> mpl_figure.Figure:
    figure = mpl_figure.Figure(figsize=(11, 5), layout="constrained")
    figure.suptitle(f"{result['title']}; {result['dataset']}")
    axes = figure.subplots(1, 2, sharey=True)
    for axis, (direction, title) in zip(axes, _DIRECTIONS, strict=True):
        draw(axis, direction)
        axis.set(title=title, ylabel=name)
        axis.grid(alpha=0.3)
    dashed = set(result.get("supervised", [])) & set(result["methods"])
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside right center",
        title="dashed: learns from labels" if dashed else None,
        title_fontsize="small",
    )
    return figure
