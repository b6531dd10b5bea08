import json

import numpy as np
import pytest

from common.data import readers


def test_an_npz_is_read_with_its_names(data, data_file):
    found = readers.read(data_file)

    np.testing.assert_array_equal(found.image, data.image)
    np.testing.assert_array_equal(found.text, data.text)
    np.testing.assert_array_equal(found.labels, data.labels)
    assert found.vocabulary.tolist() == data.vocabulary.tolist()
    assert found.label_names.tolist() == data.label_names.tolist()


def test_a_folder_of_npy_is_memory_mapped(data, tmp_path):
    np.save(tmp_path / "image.npy", data.image)
    np.save(tmp_path / "text.npy", data.text)

    found = readers.read(tmp_path)

    assert isinstance(found.image, np.memmap)
    assert found.labels is None
    np.testing.assert_array_equal(found.text, data.text)


def test_image_ids_serve_as_ids(data, tmp_path):
    numbers = np.arange(len(data)) + 1000
    np.savez(
        tmp_path / "d.npz",
        image=data.image,
        text=data.text,
        image_id=numbers,
    )

    found = readers.read(tmp_path / "d.npz")

    assert found.ids[:2].tolist() == ["1000", "1001"]


def test_rows_are_read_by_key(data_file):
    rows = readers.read_rows(data_file, "some_rows")

    assert rows[:3].tolist() == [0, 2, 4]
    assert rows.dtype == np.int64


def test_an_absent_key_is_named(data_file):
    with pytest.raises(readers.DataError, match="no rows `subset`; it holds"):
        readers.read_rows(data_file, "subset")


def test_rows_must_be_row_numbers(data_file):
    with pytest.raises(readers.DataError, match=r"shape \(120, 12\)"):
        readers.read_rows(data_file, "image")


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(readers.DataError, match="No data set at .*nothing.npz"):
        readers.read(tmp_path / "nothing.npz")


def test_a_missing_array_is_named(tmp_path):
    np.savez(tmp_path / "d.npz", image=np.ones((3, 2)))

    with pytest.raises(readers.DataError, match="has no text; it holds image"):
        readers.read(tmp_path / "d.npz")


@pytest.mark.parametrize("kept", [0, 10, 1000, -200])
def test_a_truncated_npz_is_refused(data_file, kept):
    whole = data_file.read_bytes()
    data_file.write_bytes(whole[:kept])

    with pytest.raises(readers.DataError, match="not a readable .npz"):
        readers.read(data_file)


def test_a_damaged_member_is_refused(data, tmp_path):
    path = tmp_path / "d.npz"
    np.savez_compressed(path, image=data.image, text=data.text)
    raw = bytearray(path.read_bytes())
    raw[200:400] = bytes(200)
    path.write_bytes(raw)

    with pytest.raises(readers.DataError, match="annot read `image`"):
        readers.read(path)


def test_pickles_are_never_loaded(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, image=np.array([{}], object), text=np.ones((1, 1)))

    with pytest.raises(readers.DataError, match="annot read `image`"):
        readers.read(path)


def test_errors_name_the_file(tmp_path):
    path = tmp_path / "odd.npz"
    np.savez(path, image=np.ones((3, 2)), text=np.ones((2, 2)))

    with pytest.raises(readers.DataError, match="odd.npz: .*image: 3, text: 2"):
        readers.read(path)


def test_the_embedded_data_set_is_read_by_name():
    found = readers.read(readers.OPENCLIPART)

    assert len(found) > 5000
    assert found.image.dtype == np.uint8
    assert found.image_scale is not None
    made = json.loads(found.extractor)
    assert made["backbone"] == "efficientnet_lite0"


def test_how_features_were_made_is_read_along(data, tmp_path):
    path = tmp_path / "d.npz"
    np.savez(
        path, image=data.image, text=data.text, extractor=np.array("made so")
    )

    assert readers.read(path).extractor == "made so"


@pytest.mark.parametrize(
    ("query", "message"),
    [([3], "reach from 3 to 3, but there are 3"), ([], "`query` is empty")],
)
def test_a_split_that_does_not_fit_is_refused(tmp_path, query, message):
    np.savez(
        tmp_path / "d.npz",
        image=np.ones((3, 2)),
        text=np.ones((3, 2)),
        query=np.array(query, np.int64),
        retrieval=np.array([0, 1]),
    )

    with pytest.raises(readers.DataError, match=message):
        readers.read(tmp_path / "d.npz")
