"""A paper's table as Markdown, CSV and LaTeX."""

import csv
import io
from collections.abc import Iterator

from experiments.papers import published
from experiments.papers import spreads
from experiments.papers import standing

_TASKS = {"i2t": "image to text", "t2i": "text to image"}
# A longer table opens on a click.
_LONG = 10
_COSTS = ("method", "seconds", "CPU seconds", "peak MB", "training pairs")


def markdown(result: dict) -> str:
    """`map_all` by direction, what fits took, and comparisons.

    A cell is mean ± standard deviation over seeds, in brackets what the paper
    printed for its own data.
    """
    head = ["task", "method", *(f"{bits} bits" for bits in result["lengths"])]
    parts = [
        _table(head) + [_line(cells) for cells in _body(result)],
        _source(result),
        _costs(result),
        _standings(result),
        _folded(comparisons(result)),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def comparisons(result: dict) -> list[str]:
    """Differences in `map_all`, mean of both directions, with 95 % intervals.

    Args:
        result: What a result file holds.

    Returns:
        Lines of a table by code length; none without comparisons.
    """
    found = {
        (one["variant"], one["other"], one["bits"]): one
        for one in result["comparisons"]
    }
    lengths = sorted({bits for _, _, bits in found})
    lines = [
        _line(
            [f"{own} less {other}"]
            + [_interval(found.get((own, other, bits))) for bits in lengths]
        )
        for own, other in dict.fromkeys(key[:2] for key in found)
    ]
    head = _table(["difference", *(f"{bits} bits" for bits in lengths)])
    return head + lines if lines else []


def latex(result: dict) -> str:
    """The first of these tables, for the booktabs package."""
    lengths = result["lengths"]
    head = " & ".join(["task", "method", *(f"{bits} bits" for bits in lengths)])
    body = [
        " & ".join(cells).replace("±", r"$\pm$").replace("_", r"\_") + r" \\"
        for cells in _body(result)
    ]
    return "\n".join(
        [
            f"% {result['title']}; {result['dataset']}",
            rf"\begin{{tabular}}{{ll{'r' * len(lengths)}}}",
            r"\toprule",
            head + r" \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def comma_separated(result: dict) -> str:
    """One line per direction, method and length, with all that is known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["direction", "method", "bits", "seeds", "map_all", "deviation"]
        + ["chance", "map_at_50", "published", "seconds", "peak_memory_mb"]
    )
    for direction in _TASKS:
        for method in result["methods"]:
            for bits in result["lengths"]:
                runs = spreads.of(
                    spreads.finished(result["runs"]), method, bits
                )
                if runs:
                    writer.writerow(
                        [direction, method, bits, len(runs)]
                        + _figures(runs, direction)
                        + [_published(result, direction, method, bits) or ""]
                        + [spreads.median(runs, "train_seconds")]
                        + [spreads.most(runs, "peak_memory_mb")]
                    )
    return text.getvalue()


def _figures(runs, direction) -> list[str]:
    found = spreads.column(runs, direction, "map_all")
    deviation = f"{found.std(ddof=1):.6f}" if len(found) > 1 else ""
    rest = (
        spreads.column(runs, direction, metric).mean()
        for metric in ("chance", "map_at_50")
    )
    return [f"{found.mean():.6f}", deviation, *(f"{v:.6f}" for v in rest)]


def _body(result) -> Iterator[list[str]]:
    for direction, task in _TASKS.items():
        for method in result["methods"]:
            cells = []
            for bits in result["lengths"]:
                runs = spreads.of(result["runs"], method, bits)
                cell = spreads.map_all(runs, direction)
                printed = _published(result, direction, method, bits)
                cells.append(f"{cell} ({printed:.3f})" if printed else cell)
            yield [task, method, *cells]
        yield [task, "chance", *_chance(result, direction)]


def _chance(result, direction) -> list[str]:
    scored = spreads.finished(result["runs"])
    if not scored:
        return [""] * len(result["lengths"])
    chance = spreads.mean(spreads.column(scored, direction, "chance"))
    return [chance] * len(result["lengths"])


def _published(result, direction, method, bits) -> float | None:
    if not result["published"]:
        return None
    return published.map_all(
        result["table"], result["published"], direction, method, bits
    )


def _source(result) -> list[str]:
    if not result["published"]:
        return []
    return [
        f"In brackets: what the paper prints for {result['published']}, which "
        "compares with this only on the same data."
    ]


def _costs(result) -> list[str]:
    """Lines of a table of what fits took, without columns that nobody knows.

    Seconds are medians over seeds, one for each code length in its order.
    """
    rows = []
    for method in result["methods"]:
        runs = [
            run
            for run in spreads.finished(result["runs"])
            if run["variant"] == method
        ]
        costs = [
            _at_each_length(result, runs, name)
            for name in ("train_seconds", "cpu_seconds")
        ] + [
            spreads.most(runs, name)
            for name in ("peak_memory_mb", "training_pairs")
        ]
        rows.append([method, *costs])
    columns = [
        (name, *cells)
        for name, *cells in zip(
            _COSTS,
            *rows,
            strict=True,
        )
        if any(cells)
    ]
    head, *lines = zip(*columns, strict=True)
    return _table(head) + [_line(cells) for cells in lines]


def _standings(result) -> list[str]:
    rows = list(standing.rows(result)) if "supervised" in result else []
    head = ["is above", *(f"{bits} bits" for bits in result["lengths"])]
    return _table(head) + [_line(cells) for cells in rows] if rows else []


def _folded(lines) -> list[str]:
    if len(lines) <= _LONG:
        return lines
    return [
        "<details><summary>All differences</summary>",
        "",
        *lines,
        "",
        "</details>",
    ]


def _at_each_length(result, runs, name) -> str:
    medians = [
        spreads.median([run for run in runs if run["bits"] == bits], name)
        for bits in result["lengths"]
    ]
    return " / ".join(one or "-" for one in medians) if any(medians) else ""


def _interval(one) -> str:
    if one is None:
        return ""
    return f"{one['difference']:+.4f} [{one['low']:+.4f}, {one['high']:+.4f}]"


def _table(head) -> list[str]:
    return [_line(head), f"|{'---|' * len(head)}"]


def _line(cells) -> str:
    return f"| {' | '.join(cells)} |"
