"""Pictures of an evaluation: curves, and sheets of what was retrieved."""

import functools
import io
import textwrap
import warnings

import numpy as np
from matplotlib import figure as mpl_figure
from matplotlib import font_manager

from common import hamming
from common.data import arrays
from common.data import thumbnails

DIRECTIONS = {"i2t": "image → text", "t2i": "text → image"}

_RIGHT = "#2e8b57"
_WRONG = "#b22222"
_RETRIEVED = 8
# Of Linux, Windows and macOS, for scripts that Matplotlib's own font lacks.
_MORE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans",
    "Arial Unicode MS",
)


def precision_recall(
    curves: dict, base_rates: dict[str, float | None], title: str
) -> mpl_figure.Figure:
    """Precision against recall over Hamming radius 0..K, both directions.

    Args:
        curves: What `Evaluation.curves` returned.
        base_rates: Share of relevant items of each direction; None, where
            no query has one, is not drawn.
        title: Method, data and code length.
    """
    figure, axes = _two_axes(title)
    for axis, (direction, name) in zip(axes, DIRECTIONS.items(), strict=True):
        for kind, style in (("micro", "-"), ("macro", "--")):
            axis.plot(
                curves[direction][f"{kind}_recall"],
                curves[direction][f"{kind}_precision"],
                style,
                marker=".",
                label=f"{kind} average",
            )
        _baseline(axis, base_rates[direction])
        axis.set(title=name, xlabel="recall", ylabel="precision", xlim=(0, 1))
        axis.legend()
    return figure


def precision_at(
    curves: dict, base_rates: dict[str, float | None], title: str
) -> mpl_figure.Figure:
    """Expected precision of the first N results, N = 1..1000."""
    figure, axes = _two_axes(title)
    for axis, (direction, name) in zip(axes, DIRECTIONS.items(), strict=True):
        values = curves[direction]["precision_at"]
        axis.plot(np.arange(1, len(values) + 1), values, label="precision@N")
        _baseline(axis, base_rates[direction])
        axis.set(title=name, xlabel="N", ylabel="precision")
        axis.legend()
    return figure


def text_query_sheet(
    data: arrays.CrossModalData,
    pictures: thumbnails.Thumbnails,
    query_rows: np.ndarray,
    found_rows: np.ndarray,
    distances: np.ndarray,
) -> mpl_figure.Figure:
    """Texts and the images they find, each with its Hamming distance.

    A frame is green where a label is shared, and red and dashed where none is.
    Without labels nothing is framed.

    Args:
        data: The data set.
        pictures: Its thumbnails.
        query_rows: Data rows of the queries, [q].
        found_rows: Data rows found, nearest first, [q, k].
        distances: Their Hamming distances, [q, k].
    """
    queries = [(caption(data, row), None) for row in query_rows]
    relevant = _relevant(data, query_rows, found_rows)
    return picture_sheet(
        queries, found_rows, distances, pictures, relevant=relevant
    )


def picture_sheet(
    queries: list[tuple[str, np.ndarray | None]],
    found_rows: np.ndarray,
    distances: np.ndarray,
    pictures: thumbnails.Thumbnails,
    relevant: np.ndarray | None = None,
) -> mpl_figure.Figure:
    """One line of retrieved pictures for each query.

    Args:
        queries: Text and picture of each query; either may be empty.
        found_rows: Data rows found, nearest first, [q, k].
        distances: Their Hamming distances, [q, k].
        pictures: Thumbnails of the data set.
        relevant: Whether each shares a label with its query, [q, k] bool.
    """
    count, width = found_rows.shape
    figure, axes = _grid(count, width)
    for line, (text, picture) in enumerate(queries):
        _show(axes[line, 0], picture, text)
        for place in range(width):
            axis = axes[line, place + 1]
            row = found_rows[line, place]
            _show(axis, pictures.picture(row), "")
            axis.set_xlabel(f"distance {distances[line, place]}", fontsize=7)
            if relevant is not None:
                _frame(axis, relevant[line, place])
    return figure


def image_query_sheet(
    data: arrays.CrossModalData,
    pictures: thumbnails.Thumbnails,
    query_rows: np.ndarray,
    found_rows: np.ndarray,
    distances: np.ndarray,
) -> mpl_figure.Figure:
    """Images and the texts they find; arguments as `text_query_sheet`."""
    relevant = _relevant(data, query_rows, found_rows)
    figure, axes = _grid(*found_rows.shape)
    for line, query in enumerate(query_rows):
        _show(axes[line, 0], pictures.picture(query), "")
        for place, row in enumerate(found_rows[line]):
            axis = axes[line, place + 1]
            _show(axis, None, caption(data, row))
            axis.set_xlabel(f"distance {distances[line, place]}", fontsize=7)
            if relevant is not None:
                _frame(axis, relevant[line, place])
    return figure


def retrieve(
    index: hamming.HammingIndex, queries, count: int = _RETRIEVED
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and distances of the nearest items, [q, k] each."""
    distances, rows = index.search(queries, count)
    return rows, distances


def words(data: arrays.CrossModalData, row: int) -> str:
    """The words of an item's text, or how many it has without vocabulary."""
    if data.text_kind == arrays.EMBEDDING:
        return f"an embedding of {data.text_dim} numbers"
    present = np.flatnonzero(data.text[row])
    if data.vocabulary is None:
        return f"{len(present)} words"
    return " ".join(str(data.vocabulary[column]) for column in present)


def caption(data: arrays.CrossModalData, row: int) -> str:
    """The text of an item as it was written, else its `words`."""
    if data.originals is None or data.originals.captions is None:
        return words(data, row)
    return data.originals.captions[row]


def labels(data: arrays.CrossModalData, row: int) -> str:
    """The labels of an item, by name where there are names."""
    return ", ".join(label_list(data, row))


def label_list(data: arrays.CrossModalData, row: int) -> tuple[str, ...]:
    """The same one by one."""
    if data.labels is None:
        return ()
    present = np.flatnonzero(data.labels[row])
    named = present if data.label_names is None else data.label_names[present]
    return tuple(map(str, named))


def png(figure: mpl_figure.Figure) -> bytes:
    """The figure as a PNG file's bytes."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A box stands for what no font here can write.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


@functools.cache
def _families() -> tuple[str, ...]:
    """Fonts for texts, those of this machine that write Chinese among them."""
    known = set(font_manager.get_font_names())
    return ("DejaVu Sans", *(name for name in _MORE_FONTS if name in known))


def _two_axes(title):
    figure = mpl_figure.Figure(figsize=(9, 4), layout="constrained")
    figure.suptitle(title)
    return figure, figure.subplots(1, 2, sharey=True)


def _baseline(axis, rate) -> None:
    if rate is not None:
        axis.axhline(rate, color="grey", linestyle=":", label="chance")
    axis.set_ylim(0, 1)
    axis.grid(alpha=0.3)


def _grid(lines, width):
    figure = mpl_figure.Figure(
        figsize=(1.15 * (width + 1), 1.3 * lines), layout="constrained"
    )
    return figure, figure.subplots(lines, width + 1, squeeze=False)


def _show(axis, picture, text) -> None:
    axis.set(xticks=[], yticks=[])
    if picture is not None:
        axis.imshow(picture)
        return
    axis.set(xlim=(0, 1), ylim=(0, 1))
    lines = textwrap.wrap(text, 15, max_lines=7, placeholder=" …")
    axis.text(
        0.5,
        0.5,
        "\n".join(lines),
        ha="center",
        va="center",
        fontsize=6.5,
        fontfamily=_families(),
        parse_math=False,
    )


def _frame(axis, relevant) -> None:
    for side in axis.spines.values():
        side.set(color=_RIGHT if relevant else _WRONG, linewidth=2.5)
        side.set_linestyle("-" if relevant else "--")


def _relevant(data, query_rows, found_rows) -> np.ndarray | None:
    if data.labels is None:
        return None
    query = data.labels[query_rows].astype(bool)
    found = data.labels[found_rows].astype(bool)
    return (query[:, None, :] & found).any(axis=2)
