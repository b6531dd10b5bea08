"""Picture files that strangers send, and those that a service hands out."""

import functools
import io
import math
import os
import warnings
from typing import NamedTuple

from common.backbones import photographs

THUMBNAIL = 192
# What browsers show, by Pillow's name. Others run decoders that few have tried.
MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
}


class Decoded(NamedTuple):
    """A picture file that was sent.

    Attributes:
        media_type: Of the file.
        picture: A `PIL.Image.Image` of mode RGB, upright and on white.
    """

    media_type: str
    picture: object


def decode(content: bytes, megapixels: float) -> Decoded:
    """Decodes a picture file, after a look at its head.

    Args:
        content: The file.
        megapixels: Most pixels of it, in millions.

    Raises:
        ValueError: It is no picture of `MEDIA_TYPES`, is damaged or has more
            pixels.
    """
    kind, size = _head(io.BytesIO(content))
    pixels = math.prod(size) / 1e6
    if pixels > megapixels:
        raise ValueError(
            f"The picture has {pixels:.1f} million pixels, more than the "
            f"{megapixels:g} that are taken; make it smaller."
        )
    try:
        return Decoded(MEDIA_TYPES[kind], photographs.open_rgb(content))
    except ValueError as error:
        raise ValueError(f"The picture cannot be decoded: {error}.") from error


def read(path: str | os.PathLike) -> tuple[str, bytes]:
    """Media type and content of a picture file of the data set.

    Raises:
        ValueError: It is gone, or is no picture that browsers show.
    """
    try:
        with open(path, "rb") as file:
            kind, _ = _head(file)
            file.seek(0)
            return MEDIA_TYPES[kind], file.read()
    except OSError as error:
        raise ValueError("The picture's file cannot be read.") from error


@functools.lru_cache(maxsize=512)
def small(path: str) -> bytes | None:
    """A small JPEG of a picture file of the data set; None if there is none."""
    try:
        return photographs.thumbnail(photographs.open_file(path), THUMBNAIL)
    except ValueError:
        return None


def _head(file) -> tuple[str, tuple[int, int]]:
    """Pillow's name of a file's format, and width and height."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Of its size, which the caller looks at.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=list(MEDIA_TYPES)) as picture:
                return picture.format, picture.size
    except Image.DecompressionBombError as error:
        raise ValueError(
            "The picture has too many pixels; make it smaller."
        ) from error
    # A damaged head fails in many ways.
    except Exception as error:
        raise ValueError(
            "The file is no JPEG, PNG, GIF, WebP or BMP picture."
        ) from error
