"""A run's codes for TensorBoard's embedding projector."""

import math
import os
import pathlib

import numpy as np
from google.protobuf import text_format
from PIL import Image
from PIL import ImageOps
from tensorboard.plugins import projector

from common.data import arrays
from common.data import thumbnails
from common.hamming import codes
from common.reports import figures
from common.system import files

_MOST_ITEMS = 1000
# Pixels of a thumbnail's side in the sprite; JPEG mixes none of two tiles
# where it is a multiple of 16.
_TILE = 48
# What is white in an image's thumbnail, in its text's.
_TEXT = "#9ec5ff"
_LONGEST_WORDS = 120


def write(
    directory: str | os.PathLike,
    data: arrays.CrossModalData,
    rows: np.ndarray,
    image: codes.PackedCodes,
    text: codes.PackedCodes,
    pictures: thumbnails.Thumbnails | None = None,
) -> None:
    """Writes image and text codes of at most 1,000 items as one embedding.

    Each code is a point of -1 and +1, so that squared distances are 4 times
    Hamming distances. Texts show the picture of their item in blue. Where
    there are pictures, only items that have one are taken.

    Args:
        directory: Folder of events, which gets `projector_config.pbtxt` and a
            folder `projector`.
        data: The data set.
        rows: Data rows of the codes, [n].
        image: Their n image codes.
        text: Their n text codes.
        pictures: Thumbnails of the data set.
    """
    directory = pathlib.Path(directory)
    shown, with_pictures = _choose(rows, pictures)
    config = projector.ProjectorConfig()
    embedding = config.embeddings.add(
        tensor_name="codes",
        tensor_path="projector/codes.tsv",
        metadata_path="projector/metadata.tsv",
    )
    points = [packed.take(shown).to_bits() for packed in (image, text)]
    signs = np.where(np.concatenate(points), 1, -1)
    with files.atomic_write(directory / embedding.tensor_path) as file:
        np.savetxt(file, signs, "%d", "\t")
    with files.atomic_write(directory / embedding.metadata_path) as file:
        file.write(_metadata(data, rows[shown]).encode("utf-8"))
    if with_pictures:
        embedding.sprite.image_path = "projector/sprite.jpg"
        embedding.sprite.single_image_dim.extend([_TILE, _TILE])
        with files.atomic_write(
            directory / embedding.sprite.image_path
        ) as file:
            _sprite(pictures, rows[shown]).save(file, "JPEG", quality=85)
    with files.atomic_write(directory / "projector_config.pbtxt") as file:
        file.write(text_format.MessageToString(config).encode("utf-8"))


def _choose(rows, pictures) -> tuple[np.ndarray, bool]:
    """Evenly spaced positions in `rows`, and whether all have a picture."""
    pictured = np.array([], np.int64)
    if pictures is not None:
        pictured = np.flatnonzero([row in pictures for row in rows])
    among = pictured if len(pictured) else np.arange(len(rows))
    count = min(_MOST_ITEMS, len(among))
    return among[np.arange(count) * len(among) // count], len(pictured) > 0


def _metadata(data, rows) -> str:
    """A heading and a line for each point, images before texts."""
    columns = {}
    originals = data.originals
    if originals is not None and originals.captions is not None:
        columns["caption"] = [
            _cell(originals.captions[row])[:_LONGEST_WORDS] for row in rows
        ]
    elif data.vocabulary is not None:
        words = [figures.words(data, row) for row in rows]
        columns["words"] = [_cell(line)[:_LONGEST_WORDS] for line in words]
    if data.labels is not None:
        columns["labels"] = [_cell(figures.labels(data, row)) for row in rows]
    columns["item"] = [_cell(data.ids[row]) for row in rows]
    if originals is not None and originals.paths is not None:
        columns["path"] = [_cell(originals.paths[row]) for row in rows]
    columns["row"] = [str(row) for row in rows]
    lines = [(*columns, "modality")]
    for modality in ("image", "text"):
        lines += [
            (*cells, modality) for cells in zip(*columns.values(), strict=True)
        ]
    return "".join("\t".join(line) + "\n" for line in lines)


def _cell(text) -> str:
    """A text without what ends a cell or a line."""
    return " ".join(str(text).split())


def _sprite(pictures, rows) -> Image.Image:
    """All points' pictures, row by row in a square."""
    tiles = [_tile(pictures, row) for row in rows]
    tiles += [
        ImageOps.colorize(tile.convert("L"), "black", _TEXT) for tile in tiles
    ]
    side = math.ceil(math.sqrt(len(tiles)))
    sprite = Image.new("RGB", (side * _TILE, side * _TILE), "white")
    for place, tile in enumerate(tiles):
        line, column = divmod(place, side)
        sprite.paste(tile, (column * _TILE, line * _TILE))
    return sprite


def _tile(pictures, row) -> Image.Image:
    picture = pictures.picture(row)
    if picture is None:
        return Image.new("RGB", (_TILE, _TILE), "white")
    return ImageOps.pad(Image.fromarray(picture), (_TILE, _TILE), color="white")
