import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from common.backbones import photographs


def _file(picture, form, **settings):
    buffer = io.BytesIO()
    picture.save(buffer, form, **settings)
    return buffer.getvalue()


@pytest.fixture
def halves():
    """Left half black, right half white, 8 x 4."""
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, 4:] = 255
    return Image.fromarray(pixels)


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "1", "LA"])
def test_pictures_of_every_mode_become_rgb(halves, mode, tmp_path):
    (tmp_path / "a.png").write_bytes(_file(halves.convert(mode), "PNG"))

    pixels = photographs.read(tmp_path / "a.png", 4)

    assert (pixels.shape, pixels.dtype) == ((4, 4, 3), np.uint8)
    # Squeezed, not cropped: both halves are there.
    assert pixels[:, 0].max() < 30 and pixels[:, 3].min() > 225


@pytest.mark.parametrize(("order", "form"), [("<", "PNG"), (">", "TIFF")])
def test_sixteen_bits_keep_their_shades(order, form):
    shades = np.array([[0, 80, 255]])
    # 65535 is white, 255 times 257.
    picture = Image.fromarray((257 * shades).astype(f"{order}u2"))

    decoded = np.asarray(photographs.open_rgb(_file(picture, form)))

    np.testing.assert_array_equal(decoded, shades[..., None].repeat(3, 2))


@pytest.mark.parametrize(("dtype", "mode"), [("i4", "I"), ("f4", "F")])
def test_values_of_unknown_range_are_refused(dtype, mode):
    file = _file(Image.fromarray(np.zeros((2, 2), dtype)), "TIFF")

    with pytest.raises(ValueError) as refused:
        photographs.open_rgb(file)

    assert str(refused.value) == (
        f"its values have 32 bits (mode {mode}), of which none is known to be "
        "white; save it with 8 or 16"
    )


def test_a_photograph_is_turned_upright(halves):
    exif = Image.Exif()
    # 6: the top of the scene is on the right of the file.
    exif[0x0112] = 6
    file = _file(halves, "JPEG", exif=exif, quality=95)

    picture = photographs.open_rgb(file)

    # The right, white, becomes the bottom.
    assert picture.size == (4, 8)
    assert np.asarray(picture)[0].max() < 60
    assert np.asarray(picture)[-1].min() > 195


def test_what_is_transparent_becomes_white():
    file = _file(Image.new("RGBA", (4, 4), (200, 0, 0, 0)), "PNG")

    assert (np.asarray(photographs.open_rgb(file)) == 255).all()


def _header(width, height):
    """A PNG that tells of many pixels and holds none."""
    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + size
    checksum = struct.pack(">I", zlib.crc32(chunk))
    start = b"\x89PNG\r\n\x1a\n\0\0\0\r"
    return start + chunk + checksum + b"\0\0\0\0IDAT"


@pytest.mark.parametrize(
    ("side", "reason"),
    [
        (13304, "its 177 million pixels are more than the 89 that are safe"),
        (20000, "could be decompression bomb"),
    ],
)
def test_what_may_be_a_decompression_bomb_is_refused(tmp_path, side, reason):
    (tmp_path / "a.png").write_bytes(_header(side, side))

    with pytest.raises(ValueError) as refused:
        photographs.read(tmp_path / "a.png", 8)

    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("form", "settings"),
    [("JPEG", {"mode": "CMYK"}), ("WEBP", {}), ("GIF", {"mode": "P"})],
)
def test_photographs_of_every_kind_are_read(halves, form, settings, tmp_path):
    (tmp_path / "a.JPG").write_bytes(
        _file(halves.convert(settings.get("mode", "RGB")), form)
    )

    pixels = photographs.read(tmp_path / "a.JPG", 4)

    assert pixels[:, 0].max() < 40 and pixels[:, 3].min() > 215


def test_of_an_animation_the_first_picture_counts(halves, tmp_path):
    other = Image.new("RGB", halves.size, "red")
    file = _file(halves, "GIF", save_all=True, append_images=[other])

    pixels = np.asarray(photographs.open_rgb(file))

    assert pixels[:, 0].max() < 30 and pixels[:, 7].min() > 225


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "TIFF"])
@pytest.mark.parametrize("kept", [0, 20, 0.5])
def test_a_truncated_picture_is_named(tmp_path, form, kept):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3))
    content = _file(Image.fromarray(noise.astype(np.uint8)), form)
    path = tmp_path / "cut.bin"
    path.write_bytes(content[: int(kept * len(content)) if kept < 1 else kept])

    with pytest.raises(ValueError) as refused:
        photographs.read(path, 8)

    sentence = str(refused.value)
    assert sentence.startswith(f"{path} cannot be decoded: ")
    assert sentence.endswith(".") and "\n" not in sentence


def test_a_picture_that_is_missing_is_named(tmp_path):
    with pytest.raises(ValueError) as refused:
        photographs.read(tmp_path / "a.png", 8)

    assert str(refused.value) == (
        f"{tmp_path}/a.png cannot be decoded: No such file or directory."
    )
