"""The table of parts, and the picture of graphs against the number of rows."""

from collections.abc import Sequence

_COLOURS = {"exact": "#c44", "approximate": "#26a"}


def table(rows: Sequence[dict]) -> str:
    """Markdown: time, peak memory and disk of each part."""
    lines = [
        "| part | time | processor | peak memory | disk |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['name']} | {row['seconds']:,.0f} s | "
            f"{row['cpu_seconds']:,.0f} s | {row['peak_bytes'] / 1e9:.2f} GB | "
            f"{row['disk_bytes'] / 1e9:.2f} GB |"
        )
    return "\n".join(lines)


def picture(graphs: Sequence[dict]) -> bytes:
    """A PNG of seconds and memory against rows, on logarithmic axes.

    Args:
        graphs: With `builder`, `rows`, `seconds` and `peak_bytes` each.
    """
    from matplotlib import figure as mpl_figure

    from common.reports import figures

    figure = mpl_figure.Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for builder, colour in _COLOURS.items():
        held = [row for row in graphs if row["builder"] == builder]
        rows = [row["rows"] for row in held]
        style = {"color": colour, "marker": "o", "label": builder}
        left.loglog(rows, [row["seconds"] for row in held], **style)
        right.loglog(rows, [row["peak_bytes"] / 1e9 for row in held], **style)
    left.set(xlabel="rows", ylabel="seconds", title="20 nearest images")
    right.set(xlabel="rows", ylabel="GB", title="peak memory")
    left.legend(frameon=False)
    return figures.png(figure)
