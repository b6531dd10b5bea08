import dataclasses

import numpy as np
import pytest

from common.data import arrays
from common.system import files
from common.system import remembered


def test_quantised_images_are_decoded_by_their_scale():
    data = arrays.CrossModalData(
        image=np.array([[2, 4], [6, 8]], np.uint8),
        text=np.ones((2, 1), np.uint8),
        image_scale=np.array([0.5, 0.25], np.float32),
    )

    features = data.image_features(np.array([1]))

    # 6 * 0.5 and 8 * 0.25.
    np.testing.assert_array_equal(features, [[3.0, 2.0]])
    assert features.dtype == np.float32


def test_missing_ids_are_row_numbers(data):
    assert data.ids[:3].tolist() == ["0", "1", "2"]


def test_empty_texts_are_found():
    text = np.array([[1, 0], [0, 0], [0, 1], [0, 0]], np.uint8)

    data = arrays.CrossModalData(image=np.ones((4, 2)), text=text)

    assert data.empty_texts().tolist() == [1, 3]


def test_the_digest_follows_features_and_not_labels(data):
    image = data.image.copy()
    image[7, 3] += 1
    relabelled = dataclasses.replace(data, labels=1 - data.labels)

    assert dataclasses.replace(data, image=image).digest() != data.digest()
    assert relabelled.digest() == data.digest()


def test_a_scale_changes_the_digest():
    fields = {
        "image": np.ones((2, 2), np.uint8),
        "text": np.ones((2, 1), np.uint8),
    }
    half = np.full(2, 0.5, np.float32)

    digests = {
        arrays.CrossModalData(**fields, image_scale=half * n).digest()
        for n in (1, 2)
    }

    assert len(digests) == 2


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("image", np.ones(120), r"matrix .* received shape \(120,\)"),
        ("image", np.ones((120, 0)), r"non-empty .* \(120, 0\)"),
        ("image", np.array([["a"]] * 120), "must hold numbers; received dtype"),
        ("image", np.ones((119, 12)), "image: 119, text: 120"),
        ("image", np.full((120, 12), 1e39), "beyond float32 .* 1e\\+39 in row"),
        ("labels", np.full((120, 3), 2), "row 0 holds 2"),
        ("labels", np.ones(120), r"multi-hot matrix .* shape \(120,\)"),
        ("labels", np.ones((119, 3)), "labels: 119"),
        ("labels", np.array(1), r"multi-hot matrix .* shape \(\)"),
        ("ids", np.array(["a"]), "ids: 1"),
        ("ids", np.array("a"), r"`ids` must be a list .* shape \(\)"),
        ("vocabulary", np.array("a"), r"`vocabulary` must be a list .* \(\)"),
        ("label_names", np.array("a"), r"`label_names` must be a list .* \(\)"),
        ("vocabulary", np.array(["a"]), "1 words for 15 columns"),
        ("label_names", np.array(["a"]), "1 names for 3 columns"),
        ("image_scale", np.ones(3), r"12 finite numbers.* shape \(3,\)"),
        ("image_scale", np.array(["a"] * 12), "12 finite .* dtype <U1"),
    ],
)
def test_what_does_not_fit_is_named(data, field, value, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(data, **{field: value})


def test_a_single_number_is_no_matrix_of_images():
    with pytest.raises(ValueError, match=r"`image` .* received shape \(\)"):
        arrays.CrossModalData(image=np.array(1.0), text=np.ones((1, 2)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_counted(data, bad):
    image = data.image.copy()
    image[[5, 9], 2] = bad

    with pytest.raises(ValueError, match="in 2 rows, the first is row 5"):
        dataclasses.replace(data, image=image)


def test_images_may_be_pixels(data):
    pixels = np.full((120, 4, 5, 3), 255, np.uint8)

    pictured = dataclasses.replace(data, image=pixels)

    assert pictured.image_shape == (4, 5, 3) and pictured.has_pixels
    assert data.image_shape == (12,) and not data.has_pixels
    found = pictured.image_features(np.array([3, 1]))
    assert found.dtype == np.float32 and found.shape == (2, 4, 5, 3)
    assert (found == 255).all()
    assert pictured.digest() != data.digest()
    with pytest.raises(ValueError, match="pixels of shape"):
        _ = pictured.image_dim


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((120, 4, 5, 3), np.float32),
        np.zeros((120, 4, 5, 1), np.uint8),
        np.zeros((120, 0, 5, 3), np.uint8),
        np.zeros((120, 4, 5), np.uint8),
    ],
)
def test_pixels_are_rgb_bytes(data, pixels):
    with pytest.raises(ValueError, match="`image`.* must .*received shape"):
        dataclasses.replace(data, image=pixels)


def test_pixels_have_no_scale(data):
    pixels = np.zeros((120, 4, 5, 3), np.uint8)

    with pytest.raises(ValueError, match="belongs to features"):
        dataclasses.replace(data, image=pixels, image_scale=np.ones(3))


def test_the_digest_of_mapped_files_is_read_once(tmp_path, monkeypatch):
    monkeypatch.setattr(remembered, "_SETTLED_NS", -(10**12))
    random = np.random.default_rng(0)
    for name in ("image", "text"):
        np.save(tmp_path / f"{name}.npy", random.random((9, 4)))
    arguments = [
        np.load(tmp_path / f"{name}.npy", mmap_mode="r")
        for name in ("image", "text")
    ]
    data = arrays.CrossModalData(*arguments)
    plain = data.digest()

    assert data.digest(tmp_path / "cache") == plain
    (kept,) = (tmp_path / "cache").iterdir()
    files.write_json(kept, {"sha256": "0" * 64})
    assert data.digest(tmp_path / "cache") == "0" * 64
    assert data.digest() == plain


def test_the_digest_of_arrays_in_memory_is_not_kept(tmp_path):
    data = arrays.CrossModalData(np.ones((3, 2)), np.ones((3, 2)))

    assert data.digest(tmp_path) == data.digest()
    assert not list(tmp_path.iterdir())
