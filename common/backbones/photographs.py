"""Decodes picture files of any kind into what an image network takes."""

import io
import math
import os
import warnings

import numpy as np

# How every extractor of features sees a picture.
BACKGROUND = "white"
RESIZING = "whole picture squeezed, bicubic"


def open_rgb(file: bytes, guarded: bool = True):
    """Decodes a picture, turns it upright and puts it on white.

    Of an animation it is the first picture.

    Args:
        file: The contents of a JPEG, PNG, GIF, WebP, ... file.
        guarded: Whether to refuse what Pillow only warns of, more than 89
            million pixels; more than twice as many it always refuses.

    Returns:
        A `PIL.Image.Image` of mode RGB.

    Raises:
        ValueError: It is no picture, it is damaged, has too many pixels or
            values of 32 bits.
    """
    from PIL import Image
    from PIL import ImageOps

    try:
        with warnings.catch_warnings():
            # Odd metadata does no harm.
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(file))
            if guarded:
                _check_size(picture)
            picture = _eight_bits(ImageOps.exif_transpose(picture))
            picture = picture.convert("RGBA")
    except Image.UnidentifiedImageError as error:
        raise ValueError("it is of no known picture format") from error
    # A damaged file fails wherever the damage is.
    except Exception as error:
        raise ValueError(str(error) or type(error).__name__) from error
    canvas = Image.new("RGBA", picture.size, BACKGROUND)
    canvas.alpha_composite(picture)
    return canvas.convert("RGB")


def _check_size(picture) -> None:
    from PIL import Image

    pixels, most = math.prod(picture.size), Image.MAX_IMAGE_PIXELS
    if most is not None and pixels > most:
        raise ValueError(
            f"its {pixels / 1e6:.0f} million pixels are more than the "
            f"{most / 1e6:.0f} that are safe to decode; make it smaller"
        )


def _eight_bits(picture):
    """The picture itself, or the upper half of 16 bits.

    Pillow takes that half itself where there are several channels, but clips
    a single one at 255.
    """
    from PIL import Image

    if picture.mode in ("I", "F"):
        raise ValueError(
            f"its values have 32 bits (mode {picture.mode}), of which none is "
            "known to be white; save it with 8 or 16"
        )
    if not picture.mode.startswith("I;16"):
        return picture
    return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))


def squeeze(picture, side: int) -> np.ndarray:
    """Squeezes the whole picture into a square, [side, side, 3] uint8.

    Args:
        picture: A `PIL.Image.Image` of mode RGB.
        side: Height and width of the square.
    """
    from PIL import Image

    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC))


def thumbnail(picture, side: int) -> bytes:
    """A small square JPEG: aspect kept, the rest of the square white.

    Args:
        picture: A `PIL.Image.Image` of mode RGB.
        side: Height and width in pixels.
    """
    from PIL import Image
    from PIL import ImageOps

    square = ImageOps.pad(
        picture, (side, side), Image.Resampling.LANCZOS, color=BACKGROUND
    )
    buffer = io.BytesIO()
    square.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def open_file(path: str | os.PathLike):
    """Decodes a picture file, see `open_rgb`.

    Raises:
        ValueError: The file cannot be read or decoded.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
        return open_rgb(content)
    except (ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{path} cannot be decoded: {reason}.") from error


def read(path: str | os.PathLike, side: int) -> np.ndarray:
    """Reads a picture file as RGB pixels, [side, side, 3] uint8.

    Raises:
        ValueError: The file cannot be read or decoded.
    """
    return squeeze(open_file(path), side)
