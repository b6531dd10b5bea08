r"""Looks a data set over: says what is wrong with it and how to mend it.

    python -m experiments.inspect_data PATH
    python -m experiments.inspect_data openclipart --output_dir=looked_at

Writes report.json, report.png and, where there are pictures, a contact sheet.
Exit code 0: nothing is wrong; 2: something is; 1: it is no data set.
"""

import math
import os
import pathlib
import sys

import numpy as np
from absl import flags

from common.data import arrays
from common.data import checkup as data_checkup
from common.data import readers
from common.data import thumbnails
from common.data.reading import labels as label_forms
from common.runs import flags as common_flags
from common.runs import runner
from common.system import files

_PICTURES = (4, 8)
_KINDS = {
    arrays.BAG_OF_WORDS: "bags of words",
    arrays.EMBEDDING: "embeddings",
}
# Image values of a chart: 2,000 rows of features, few pictures' pixels.
_CHART_VALUES = 1 << 23


def inspect(
    source: str,
    output_dir: pathlib.Path,
    thumbnail_file: str = "",
    trust_pickle: bool = False,
    labels: str = "auto",
    names: str = "",
) -> dict:
    """Examines a data set and writes what was found.

    Args:
        source: Name or path of the data set.
        output_dir: Where the report goes.
        thumbnail_file: Thumbnails of its items, or "".
        trust_pickle: Whether pickled arrays may be read.
        labels: How labels are read, see `common.data.readers.read`.
        names: Names of arrays that no layout knows.

    Returns:
        The report.

    Raises:
        ValueError: It is no data set.
    """
    data = readers.read(source, trust_pickle, labels, names)
    pictures = thumbnails.for_dataset(source, thumbnail_file)
    checkup = data_checkup.examine(data, pictures)
    report = {"source": str(source), **checkup.report()}
    files.write_json(output_dir / "report.json", report)
    _write(output_dir / "report.png", _charts(checkup))
    if pictures is not None:
        sheet = _contact_sheet(data, pictures)
        _write(output_dir / "contact_sheet.png", sheet)
    return report


def show(report: dict) -> str:
    """The report as lines for people."""
    image, text = report["image"], report["text"]
    known = f" ({', '.join(report['known_as'])})" if report["known_as"] else ""
    lines = [
        f"{report['items']} items{known}",
        f"images: {_size(image['shape'])} of {image['dtype']}, "
        f"{image['minimum']:.4g} to {image['maximum']:.4g}, "
        f"{image['zeros']:.1%} zeros, {image['repeated_rows']} repeated",
        f"texts: {_KINDS[text['kind']]}, {text['columns']} columns, "
        f"{text['minimum']:.4g} to {text['maximum']:.4g}, "
        f"{text['zeros']:.1%} zeros, "
        f"{text['empty_rows']} empty, {text['repeated_rows']} repeated",
    ]
    if report["labels"]:
        labels = report["labels"]
        lines.append(
            f"labels: {labels['labels']}, {labels['labels_per_item']:.2f} an "
            f"item, {labels['items_without_label']} items without"
        )
    lines += report["notes"]
    if report["parts"]:
        sizes = ", ".join(f"{p} {n}" for p, n in report["parts"].items())
        lines.append(f"its own split: {sizes}")
    if report["cca"]:
        cca = report["cca"]
        line = f"linear CCA: own text nearer in {cca['matched']:.1%}"
        if cca["chance"] is not None:
            line += (
                f", MAP i2t {cca['i2t']:.3f}, t2i {cca['t2i']:.3f}, chance "
                f"{cca['chance']:.3f}"
            )
        lines.append(line)
    for finding in report["findings"]:
        lines.append(
            f"{finding['severity'].upper()}: {finding['what']} "
            f"{finding['mend']}"
        )
    return "\n".join(lines)


def _size(shape: list[int]) -> str:
    if len(shape) == 1:
        return f"{shape[0]} columns"
    return f"pixels {' x '.join(map(str, shape))}"


def _charts(checkup: data_checkup.Checkup):
    """Label frequencies, words in a text and values of image columns."""
    from matplotlib import figure as mpl_figure

    figure = mpl_figure.Figure(figsize=(12, 3.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    data = checkup.data
    if data.labels is not None:
        frequency = np.sort(data.labels.mean(axis=0))[::-1]
        left.bar(np.arange(len(frequency)), frequency)
    left.set(title="labels", xlabel="rank", ylabel="share of items")
    rows = np.linspace(0, len(data) - 1, min(len(data), 2000)).astype(int)
    texts = data.text_features(rows)
    if data.text_kind == arrays.BAG_OF_WORDS:
        middle.hist((texts > 0).sum(axis=1), bins=30)
        middle.set(title="texts", xlabel="words", ylabel="items")
    else:
        middle.hist(texts.ravel(), bins=60, log=True)
        middle.set(title="texts", xlabel="value")
    apart = max(1, len(rows) * math.prod(data.image_shape) // _CHART_VALUES)
    values = data.image_features(rows[::apart]).ravel()
    right.hist(values[values != 0], bins=60, log=True)
    right.set(title="images", xlabel="value, zeros left out")
    return figure


def _contact_sheet(
    data: arrays.CrossModalData, pictures: thumbnails.Thumbnails
):
    """Pictures of some items with their words and labels."""
    from matplotlib import figure as mpl_figure

    from common.reports import figures

    lines, width = _PICTURES
    held = [row for row in range(len(data)) if row in pictures]
    chosen = np.random.default_rng(0).permutation(held)[: lines * width]
    figure = mpl_figure.Figure(figsize=(14, 9), layout="constrained")
    axes = figure.subplots(lines, width, squeeze=False).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, row in zip(axes, sorted(chosen), strict=False):
        picture = pictures.picture(row)
        if picture is not None:
            axis.imshow(picture)
        axis.set_title(f"{row}: {figures.caption(data, row)[:40]}", fontsize=6)
    return figure


def _write(path: pathlib.Path, figure) -> None:
    from common.reports import figures

    with files.atomic_write(path) as file:
        file.write(figures.png(figure))


def _define_flags() -> None:
    common_flags.define_path(
        "output_dir", "", "Where to write; empty: runs/inspect_NAME."
    )
    common_flags.define_path("thumbnails", "", "A .npz of JPEGs for the sheet.")
    flags.DEFINE_boolean("trust_pickle", False, "Read pickled arrays.")
    flags.DEFINE_enum(
        "labels", "auto", label_forms.FORMS, "How labels are read."
    )
    flags.DEFINE_string(
        "map", "", "Names of arrays: image=img,text=txt,labels=gnd."
    )


def _main(arguments: list[str]) -> None:
    if len(arguments) != 2:
        sys.exit("Error: name one data set; see --help.")
    given, source = flags.FLAGS, os.path.expanduser(arguments[1])
    name = f"inspect_{pathlib.Path(source).stem}"
    output_dir = pathlib.Path(given.output_dir or pathlib.Path("runs") / name)
    with runner.one_sentence_errors():
        report = inspect(
            source,
            output_dir,
            given.thumbnails,
            given.trust_pickle,
            given.labels,
            given.map,
        )
    print(show(report))
    print(f"Report: {output_dir}/report.json")
    if any(one["severity"] == "wrong" for one in report["findings"]):
        sys.exit(2)


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
