"""Decodes picture files of any kind into what an image network takes."""

import io
import os
import warnings

import numpy as np

# How every extractor of features sees a picture.
BACKGROUND = "white"
RESIZING = "whole picture squeezed, bicubic"


def open_rgb(file: bytes):
    """Decodes a picture, turns it upright and puts it on white.

    Args:
        file: The contents of a JPEG, PNG, GIF, WebP, ... file.

    Returns:
        A `PIL.Image.Image` of mode RGB.

    Raises:
        ValueError: It is no picture, it is damaged or has more than 179
            million pixels.
    """
    from PIL import Image
    from PIL import ImageOps

    try:
        with warnings.catch_warnings():
            # Some drawings pass the size at which Pillow only warns, and
            # odd metadata does no harm.
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(file))
            picture = ImageOps.exif_transpose(picture).convert("RGBA")
    except Image.UnidentifiedImageError as error:
        raise ValueError("it is of no known picture format") from error
    # A damaged file fails wherever the damage is.
    except Exception as error:
        raise ValueError(str(error) or type(error).__name__) from error
    canvas = Image.new("RGBA", picture.size, BACKGROUND)
    canvas.alpha_composite(picture)
    return canvas.convert("RGB")


def squeeze(picture, side: int) -> np.ndarray:
    """Squeezes the whole picture into a square, [side, side, 3] uint8.

    Args:
        picture: A `PIL.Image.Image` of mode RGB.
        side: Height and width of the square.
    """
    from PIL import Image

    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC))


def read(path: str | os.PathLike, side: int) -> np.ndarray:
    """Reads a picture file as RGB pixels, [side, side, 3] uint8.

    Raises:
        ValueError: The file cannot be read or decoded.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
        return squeeze(open_rgb(content), side)
    except (ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{path} cannot be decoded: {reason}.") from error
