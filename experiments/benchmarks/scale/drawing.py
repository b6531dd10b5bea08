"""The table of parts, and the picture of graphs against the number of rows."""

from collections.abc import Sequence

_COLOURS = {"exact": "#c44", "approximate": "#26a"}


def markdown(result: dict) -> str:
    """Tables of a `scale.json`: the parts, the graphs, and the machine."""
    parts = {part["name"]: part for part in result["parts"]}
    machine = parts["machine"]
    rate = machine["product_flops"]
    return "\n\n".join(
        [
            table([part for part in result["parts"] if part != machine]),
            graph_table(result["graphs"], result["image_dim"], rate),
            f"The machine: {rate / 1e9:.0f} GFLOP/s in products of matrices of "
            "float32, "
            f"{machine['copy_bytes_per_second'] / 1e9:.1f} GB copied a second "
            "by one thread.",
        ]
    )


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


def graph_table(graphs: Sequence[dict], dim: int, flops: float) -> str:
    """Markdown: the builders beside the time of an exact graph's products.

    Args:
        graphs: As `picture` takes them, with `recall` or `product_share`.
        dim: Columns of the rows.
        flops: Products of matrices a second on this machine.
    """
    lines = [
        "| rows | all products | exact | of the machine's rate | approximate | "
        "recall | all products take | peak memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    found = {(row["builder"], row["rows"]): row for row in graphs}
    for count in sorted({row["rows"] for row in graphs}):
        least = 2.0 * dim * count**2 / flops
        exact = found.get(("exact", count))
        other = found["approximate", count]
        cells = (
            (f"{exact['seconds']:,.0f} s", f"{exact['product_share']:.0%}")
            if exact
            else ("", "")
        )
        lines.append(
            f"| {count:,} | {least:,.0f} s | {' | '.join(cells)} "
            f"| {other['seconds']:,.0f} s | {other['recall']:.3f} "
            f"| {least / other['seconds']:.1f} x "
            f"| {other['peak_bytes'] / 1e9:.2f} GB |"
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
