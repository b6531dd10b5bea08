"""Decodes the PNG files: network input and thumbnails."""

import io

import numpy as np

from common.backbones import efficientnet_lite0
from common.backbones import photographs

INPUT_SIDE = 224
THUMBNAIL_SIDE = 64
JPEG_QUALITY = 85


def read_picture(png: bytes):
    """Decodes a picture and puts it on white.

    Returns:
        A `PIL.Image.Image` of mode RGB, or None where the file has more than
        179 million pixels or cannot be decoded.
    """
    try:
        return photographs.open_rgb(png, guarded=False)
    except ValueError:
        return None


def network_input(picture) -> np.ndarray:
    """Squeezes the whole picture into a square, [3, 224, 224] near [-1, 1]."""
    pixels = photographs.squeeze(picture, INPUT_SIDE).astype(np.float32)
    centred = pixels.transpose(2, 0, 1) - efficientnet_lite0.MEAN
    return centred / efficientnet_lite0.SPREAD


def thumbnail(picture, quality: int = JPEG_QUALITY) -> bytes:
    """Returns a 64 x 64 JPEG file: aspect kept, the rest of the square white.

    Args:
        picture: A `PIL.Image.Image` of mode RGB.
        quality: Pillow's JPEG quality, 1 to 95.
    """
    from PIL import Image
    from PIL import ImageOps

    square = ImageOps.pad(
        picture,
        (THUMBNAIL_SIDE, THUMBNAIL_SIDE),
        Image.Resampling.LANCZOS,
        color="white",
    )
    file = io.BytesIO()
    # Flat colours bleed when chroma is subsampled: 5 dB at this size.
    square.save(file, "JPEG", quality=quality, subsampling=0, optimize=True)
    return file.getvalue()
