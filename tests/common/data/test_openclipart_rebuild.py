import io
import tarfile

import numpy as np
import pytest
from absl import flags
from PIL import Image

from common.data.openclipart.rebuild import __main__ as build
from common.data.openclipart.rebuild import archive
from common.data.openclipart.rebuild import features
from common.data.openclipart.rebuild import metadata
from common.data.openclipart.rebuild import pictures


def drawing(path, *keywords):
    return metadata.Drawing(path, keywords=keywords)


def png(size, color):
    file = io.BytesIO()
    Image.new("RGBA", size, color).save(file, "PNG")
    return file.getvalue()


def test_quantised_features_are_off_by_half_a_step_at_most():
    image = np.random.default_rng(0).uniform(0, 6, (50, 8)).astype("float32")
    image[:, 3] = 0

    codes, scale = features.quantise(image)

    assert codes.dtype == np.uint8 and scale.dtype == np.float32
    error = np.abs(codes.astype(np.float32) * scale - image)
    assert (error <= scale * 0.5001).all()
    assert (codes.max(axis=0) == [255, 255, 255, 0, 255, 255, 255, 255]).all()


def test_first_copies_keep_one_row_of_equal_ones():
    rows = np.array([[2.0, 1.0], [1.0, 1.0], [2.0, 1.0], [1.0, 1.0]])

    np.testing.assert_array_equal(
        features.first_copies(rows), [True, True, False, False]
    )


def test_item_arrays_leave_out_copies_blanks_and_lone_labels():
    # 60 drawings of food and 60 plants share the word "leaf".
    food = [drawing(f"food/{i}.svg", "leaf") for i in range(60)]
    plants = [drawing(f"plants/{i}.svg", "leaf") for i in range(60)]
    other = [drawing("odd/a.svg", "leaf"), drawing("food/b.svg")]
    image = np.arange(1.0, 123.0)[:, None] * np.ones((1, 2))
    image[1] = 0  # No picture.
    image[3] = image[2]  # A copy.
    image[61:120] = image[60]  # All plants look the same: a lone label.

    rows, arrays = build.item_arrays(food + plants + other, image)

    # Food but 1 and 3; neither plants nor the two without label or word.
    np.testing.assert_array_equal(rows, [0, 2, *range(4, 60)])
    assert arrays["label_names"].tolist() == ["food"]
    assert arrays["vocab"].tolist() == ["leaf"]
    assert arrays["ids"].tolist() == [f"food/{i}.svg" for i in rows]
    for key in ("image", "text", "labels"):
        assert len(arrays[key]) == 58


def test_thumbnail_keeps_the_aspect_and_fills_up_with_white():
    picture = pictures.read_picture(png((100, 50), "black"))

    with Image.open(io.BytesIO(pictures.thumbnail(picture))) as image:
        pixels = np.asarray(image)

    # 100 x 50 becomes 64 x 32, in rows 16 to 47.
    assert pixels.shape == (64, 64, 3)
    assert pixels[:12].min() > 240 and pixels[52:].min() > 240
    assert pixels[20:44].max() < 15


def test_transparent_pixels_become_white():
    picture = pictures.read_picture(png((4, 4), (200, 0, 0, 0)))

    # (255 - 127) / 128 = 1.
    np.testing.assert_array_equal(
        pictures.network_input(picture), np.ones((3, 224, 224))
    )


def test_unreadable_picture_is_none():
    assert pictures.read_picture(b"no picture") is None


def test_thumbnail_arrays_cut_into_the_single_files():
    pngs = [png((8, 8), "red"), png((8, 9), "blue")]

    arrays = build.thumbnail_arrays(pngs)

    jpeg, offset = arrays["jpeg"], arrays["offset"]
    for row, data in enumerate(pngs):
        file = jpeg[offset[row] : offset[row + 1]].tobytes()
        assert file == pictures.thumbnail(pictures.read_picture(data))
    assert len(offset) == 3


def _package(path, members, name="data.tar.xz"):
    """Writes a Debian package: an ar archive with one tar file."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:xz") as out:
        for file, content in members.items():
            info = tarfile.TarInfo(f"./{file}")
            if isinstance(content, bytes):
                info.size = len(content)
                out.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = tarfile.SYMTYPE, content
                out.addfile(info)
    with open(path, "wb") as out:
        out.write(b"!<arch>\n")
        # The odd length of the first member is filled up by one byte.
        for member, data in (("debian-binary", b"2.0"), (name, tar.getvalue())):
            header = f"{member:16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}"
            out.write(header.encode() + b"`\n" + data + b"\n" * (len(data) % 2))


def test_package_files_are_read_and_links_followed(tmp_path):
    path = tmp_path / "a.deb"
    members = {
        "usr/svg/food/a.svg": b"A",
        "usr/svg/food/a.txt": b"no drawing",
        "usr/other/c.svg": b"no drawing of ours",
        "usr/svg/tools/b.svg": "../food/link.svg",
        "usr/svg/food/link.svg": "a.svg",
        "usr/svg/food/dead.svg": "gone.svg",
        "usr/svg/food/loop.svg": "loop.svg",
    }
    _package(path, members)

    found = archive.read_package(path, "usr/svg", ".svg")

    assert found == {
        "food/a.svg": b"A",
        "tools/b.svg": b"A",
        "food/link.svg": b"A",
    }


def test_file_that_is_no_package_is_refused(tmp_path):
    text, empty, other = (tmp_path / f"{name}.deb" for name in "abc")
    text.write_bytes(b"PK something else")
    _package(empty, {}, name="control.tar.xz")
    _package(other, {"usr/share/doc": b""})

    for path, reason in (
        (text, "no ar archive"),
        (empty, "no data.tar"),
        (other, "holds no .svg file"),
    ):
        with pytest.raises(OSError, match=reason):
            archive.read_package(path, "usr/svg", ".svg")


def test_importing_the_build_defines_no_flag():
    assert "svg_deb" not in flags.FLAGS
