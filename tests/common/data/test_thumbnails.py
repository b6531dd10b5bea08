import io

import numpy as np
import pytest

from common.data import readers
from common.data import thumbnails


def _red(picture):
    """Mean red of a picture; JPEG changes a plain colour by a little."""
    return picture[..., 0].mean()


def test_a_picture_is_found_by_its_data_row(thumbnail_file):
    pictures = thumbnails.Thumbnails(thumbnail_file)

    picture = pictures.picture(40)

    assert picture.shape == (8, 12, 3)
    assert picture.dtype == np.uint8
    # The fixture colours row r with a red of 2 r.
    assert _red(picture) == pytest.approx(80, abs=4)
    assert _red(pictures.picture(np.int64(118))) == pytest.approx(236, abs=4)


def test_a_damaged_picture_is_left_blank_and_warned_of_once(
    damaged_thumbnail_file, caplog
):
    pictures = thumbnails.Thumbnails(damaged_thumbnail_file)

    shown = [pictures.picture(row) for row in (2, 4, 2)]

    assert shown[0] is None and shown[2] is None
    assert _red(shown[1]) == pytest.approx(8, abs=4)
    (record,) = caplog.records
    assert "row 2 is no readable JPEG" in record.getMessage()
    assert pictures.damaged().tolist() == [2]


def test_rows_without_a_picture_are_known(thumbnail_file):
    pictures = thumbnails.Thumbnails(thumbnail_file)

    assert 40 in pictures
    assert 41 not in pictures
    assert pictures.picture(41) is None
    assert pictures.picture(5000) is None


def test_without_an_index_pictures_belong_to_the_first_rows(
    thumbnail_file, tmp_path
):
    with np.load(thumbnail_file) as archive:
        np.savez(
            tmp_path / "plain.npz",
            jpeg=archive["jpeg"],
            offset=archive["offset"],
        )

    pictures = thumbnails.Thumbnails(tmp_path / "plain.npz")

    # The third picture is that of row 4 in the fixture: a red of 8.
    assert _red(pictures.picture(2)) == pytest.approx(8, abs=4)
    assert 59 in pictures and 60 not in pictures


def test_rows_may_share_a_picture(thumbnail_file, tmp_path):
    with np.load(thumbnail_file) as archive:
        content = {key: archive[key] for key in ("jpeg", "offset")}
    np.savez(tmp_path / "shared.npz", **content, groups=[2, 0, 2])

    pictures = thumbnails.for_dataset(tmp_path / "shared.npz")

    assert pictures.rows.tolist() == [0, 1, 2]
    reds = [_red(pictures.picture(row)) for row in range(3)]
    assert reds == pytest.approx([8, 0, 8], abs=4)
    np.savez(tmp_path / "wrong.npz", **content, groups=[60])
    with pytest.raises(readers.DataError, match="`groups` reach from 60 to 60"):
        thumbnails.Thumbnails(tmp_path / "wrong.npz")


def test_a_data_set_without_pictures_has_none(tmp_path):
    np.savez(tmp_path / "plain.npz", image=np.eye(2), text=np.eye(2))

    assert thumbnails.for_dataset(tmp_path / "plain.npz") is None
    assert thumbnails.for_dataset(tmp_path / "nothing.npz") is None


def _refused(path):
    with pytest.raises(readers.DataError) as error:
        thumbnails.Thumbnails(path)
    assert str(path) in str(error.value)
    return str(error.value)


def test_an_absent_file_is_named(tmp_path):
    assert "holds no thumbnails" in _refused(tmp_path / "nothing.npz")


@pytest.mark.parametrize("kept", [0, 3, 500])
def test_a_truncated_file_is_refused(thumbnail_file, kept):
    thumbnail_file.write_bytes(thumbnail_file.read_bytes()[:kept])

    assert "holds no thumbnails" in _refused(thumbnail_file)


def test_a_file_of_something_else_is_refused(data_file):
    assert "it lacks jpeg and offset" in _refused(data_file)


def test_offsets_that_do_not_fit_are_refused(thumbnail_file, tmp_path):
    with np.load(thumbnail_file) as archive:
        kept = dict(archive)
    np.savez(tmp_path / "short.npz", **{**kept, "jpeg": kept["jpeg"][:-1]})
    np.savez(tmp_path / "few.npz", **{**kept, "index": kept["index"][:-1]})

    bytes_left = len(kept["jpeg"]) - 1
    assert f"60 rows and {bytes_left} bytes" in _refused(tmp_path / "short.npz")
    assert "do not fit 59 rows" in _refused(tmp_path / "few.npz")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("offset", np.zeros(0, np.int64), "it lacks offset"),
        ("jpeg", np.uint8(1), r"`jpeg` must be a list of .* shape \(\)"),
        ("offset", np.ones(61), "`offset` must be .* dtype float64"),
        ("index", np.array(["a"] * 60), "`index` must be .* dtype <U1"),
    ],
)
def test_lists_of_another_kind_are_refused(
    thumbnail_file, tmp_path, key, value, message
):
    with pytest.raises(readers.DataError, match=message):
        _changed(thumbnail_file, tmp_path / "wrong.npz", **{key: value})


def test_a_data_set_has_given_embedded_or_no_thumbnails(
    thumbnail_file, data_file
):
    given = thumbnails.for_dataset(data_file, thumbnail_file)
    embedded = thumbnails.for_dataset(readers.OPENCLIPART)

    assert 40 in given and 41 not in given
    assert embedded.picture(0).ndim == 3
    assert thumbnails.for_dataset(data_file) is None


def test_every_embedded_picture_belongs_to_an_item():
    items = len(readers.read(readers.OPENCLIPART))
    path = readers.embedded("thumbnails.npz")

    with np.load(path, allow_pickle=False) as archive:
        count = len(archive["offset"]) - 1
        index = archive.get("index", np.arange(count))

    assert 0 <= index.min() and index.max() < items
    assert len(np.unique(index)) == count


def test_pixels_lie_at_their_data_rows(thumbnail_file, data):
    pictures = thumbnails.Thumbnails(thumbnail_file)

    pixels = pictures.pixels(len(data))

    assert pixels.shape == (120, 8, 12, 3) and pixels.dtype == np.uint8
    np.testing.assert_array_equal(pictures.rows, np.arange(0, 120, 2))
    for row in (0, 40, 118):
        np.testing.assert_array_equal(pixels[row], pictures.picture(row))
    assert not pixels[1::2].any()


def _changed(thumbnail_file, path, **changes):
    with np.load(thumbnail_file) as archive:
        np.savez(path, **{**archive, **changes})
    return thumbnails.Thumbnails(path)


def test_pictures_to_learn_from_have_one_size(thumbnail_file, tmp_path, data):
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (5, 8)).save(buffer, "JPEG")
    jpeg = np.frombuffer(buffer.getvalue(), np.uint8)
    with np.load(thumbnail_file) as archive:
        first = archive["jpeg"][: archive["offset"][1]]
    pictures = _changed(
        thumbnail_file,
        tmp_path / "two.npz",
        jpeg=np.concatenate([first, jpeg]),
        offset=np.cumsum([0, len(first), len(jpeg)]),
        index=np.array([3, 7]),
    )

    with pytest.raises(readers.DataError, match="one size; row 3 .* row 7"):
        pictures.pixels(len(data))


def test_pictures_that_cannot_be_learned_from_are_refused(
    thumbnail_file, tmp_path, data
):
    pictures = thumbnails.Thumbnails(thumbnail_file)
    with np.load(thumbnail_file) as archive:
        damaged = archive["jpeg"].copy()
    damaged[:40] = 0

    with pytest.raises(readers.DataError, match="60 with rows up to 118"):
        pictures.pixels(100)
    with pytest.raises(readers.DataError, match="row 0 is no readable JPEG"):
        _changed(thumbnail_file, tmp_path / "a.npz", jpeg=damaged).pixels(120)
