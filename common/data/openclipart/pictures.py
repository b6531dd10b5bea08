"""Decodes the PNG files: network input and thumbnails."""

import io
import warnings

import numpy as np

INPUT_SIDE = 224
THUMBNAIL_SIDE = 64
JPEG_QUALITY = 85


def read_picture(png: bytes):
    """Decodes a picture and puts it on white.

    Returns:
        A `PIL.Image.Image` of mode RGB, or None where the file has more than
        179 million pixels or cannot be decoded.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Some drawings pass the size at which Pillow only warns.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(png)).convert("RGBA")
    except (Image.DecompressionBombError, OSError):
        return None
    canvas = Image.new("RGBA", picture.size, "white")
    canvas.alpha_composite(picture)
    return canvas.convert("RGB")


def network_input(picture) -> np.ndarray:
    """Squeezes the whole picture into a square, [3, 224, 224] near [-1, 1]."""
    from PIL import Image

    side = (INPUT_SIDE, INPUT_SIDE)
    pixels = np.asarray(picture.resize(side, Image.Resampling.BICUBIC))
    return (pixels.astype(np.float32).transpose(2, 0, 1) - 127) / 128


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
