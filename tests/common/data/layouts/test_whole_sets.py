import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

from common.data import readers


def check_items(found, items):
    for field, expected in items.items():
        np.testing.assert_array_equal(getattr(found, field), expected)


def cells(strings):
    return np.array(strings, object)[:, None]


def test_djsrh_split_files_are_read_as_one_data_set(items, tmp_path, matlab73):
    # As shared: texts in v7.3, labels and names in v5.
    matlab73("nus-wide-tc10-xall.mat", XAll=items["image"])
    matlab73("nus-wide-tc10-yall.mat", YAll=items["text"])
    scipy.io.savemat(
        tmp_path / "nus-wide-tc10-lall.mat", {"LAll": items["labels"]}
    )
    names = cells([f"im{i}.jpg" for i in range(7)])
    scipy.io.savemat(tmp_path / "nus-wide-tc10-fall.mat", {"FAll": names})

    found = readers.read(tmp_path)

    check_items(found, items)
    assert found.ids.tolist() == [f"im{i}.jpg" for i in range(7)]


def test_the_start_of_file_names_chooses_among_data_sets(items, tmp_path):
    for name, image in (("mir", items["image"]), ("nus", items["image"] + 1)):
        arrays = {"XAll": image, "YAll": items["text"], "LAll": items["labels"]}
        for key, array in arrays.items():
            scipy.io.savemat(tmp_path / f"{name}-{key}.mat", {key: array})

    found = readers.read(tmp_path / "nus")

    np.testing.assert_array_equal(found.image, items["image"] + 1)
    with pytest.raises(readers.DataError, match="both mir-LAll.mat and nus-"):
        readers.read(tmp_path)


def test_dcmh_pictures_are_turned_and_stay_on_disk(items, pixels, matlab73):
    path = matlab73(
        "FLICKR-25K.mat",
        # MATLAB's own order: height, width, channel, item.
        images=pixels.transpose(1, 2, 3, 0),
        YAll=items["text"],
        LAll=items["labels"],
    )

    found = readers.read(path)

    assert not isinstance(found.image, np.ndarray)
    assert found.image.shape == (7, 4, 6, 3)
    rows = np.array([5, 0, 5])
    np.testing.assert_array_equal(found.image[rows], pixels[rows])
    np.testing.assert_array_equal(found.image[2:4], pixels[2:4])
    np.testing.assert_array_equal(found.text, items["text"])


def test_plain_hdf5_pictures_are_not_turned(items, pixels, tmp_path):
    with h5py.File(tmp_path / "coco.h5", "w") as file:
        file["IAll"] = pixels
        file["YAll"] = items["text"]
        file["LAll"] = items["labels"]
        file["Index"] = [f"{i}".encode() for i in range(7)]

    found = readers.read(tmp_path / "coco.h5")

    np.testing.assert_array_equal(found.image[:], pixels)
    assert found.ids.tolist() == list("0123456")


@pytest.mark.parametrize("version", [5, 7.3])
def test_a_group_in_place_of_an_array_is_entered(items, tmp_path, version):
    # `save('x.mat', 'images')` where images = load('iall.mat').
    arrays = dict(zip(("XAll", "YAll", "LAll"), items.values(), strict=True))
    path = tmp_path / "x.mat"
    if version == 5:
        scipy.io.savemat(path, {k: {"value": a} for k, a in arrays.items()})
    else:
        with h5py.File(path, "w") as file:
            for key, array in arrays.items():
                file[f"{key}/value"] = array

    check_items(readers.read(path), items)


@pytest.mark.parametrize("turned", ["XAll", "YAll", "LAll"])
def test_orientation_is_found_from_the_shapes(items, tmp_path, turned):
    arrays = dict(zip(("XAll", "YAll", "LAll"), items.values(), strict=True))
    arrays[turned] = arrays[turned].T
    scipy.io.savemat(tmp_path / "x.mat", arrays)

    check_items(readers.read(tmp_path / "x.mat"), items)


def test_a_square_matrix_is_turned_as_the_others_are(tmp_path):
    # As many words as items: its own shape does not tell.
    text = np.triu(np.ones((4, 4), np.uint8))
    image = np.arange(12, dtype=float).reshape(4, 3)
    labels = np.ones((4, 2), np.uint8)
    scipy.io.savemat(
        tmp_path / "x.mat", {"XAll": image.T, "YAll": text.T, "LAll": labels.T}
    )

    np.testing.assert_array_equal(readers.read(tmp_path / "x.mat").text, text)


def test_sparse_tags_become_a_matrix(items, tmp_path):
    scipy.io.savemat(
        tmp_path / "x.mat",
        {
            "XAll": items["image"],
            "YAll": scipy.sparse.csc_matrix(items["text"].astype(float)),
            "LAll": items["labels"],
        },
    )

    check_items(readers.read(tmp_path / "x.mat"), items)


def test_strings_of_matlab_73_are_read(items, tmp_path):
    with h5py.File(tmp_path / "x.mat", "w") as file:
        for key, field in (("XAll", "image"), ("LAll", "labels")):
            file[key] = items[field].T
        sentences = ["red roof", "red house", "blue sea", "sea", "a", "b", ""]
        refs = []
        for number, sentence in enumerate(sentences):
            codes = np.array([ord(c) for c in sentence] or [0, 0], np.uint16)
            file[f"#refs#/{number}"] = codes[:, None]
            refs.append(file[f"#refs#/{number}"].ref)
        file.create_dataset("TAll", data=np.array([refs], h5py.ref_dtype))

    found = readers.read(tmp_path / "x.mat")

    assert found.vocabulary.tolist() == ["blue", "house", "red", "roof", "sea"]
    assert found.text[1].tolist() == [0, 1, 1, 0, 0]
    assert found.text[6].tolist() == [0, 0, 0, 0, 0]


def test_torchcmh_lists_need_features_beside_them(items, tmp_path):
    names = cells([f"a/{i}.jpg" for i in range(7)])
    scipy.io.savemat(tmp_path / "imgList.mat", {"imgs": names})
    scipy.io.savemat(tmp_path / "tagList.mat", {"tags": items["text"]})
    scipy.io.savemat(tmp_path / "labelList.mat", {"labels": items["labels"]})
    with pytest.raises(readers.DataError, match="no image features; put them"):
        readers.read(tmp_path)

    np.save(tmp_path / "image.npy", items["image"])

    found = readers.read(tmp_path)
    check_items(found, items)
    assert found.ids[6] == "a/6.jpg"


def test_clip_style_captions_are_read_with_features(items, tmp_path):
    sentences = [f"word{i} cat" for i in range(6)] + ["dog"]
    (tmp_path / "caption.txt").write_text("\n".join(sentences))
    scipy.io.savemat(
        tmp_path / "index.mat", {"index": cells([f"{i}.jpg" for i in range(7)])}
    )
    scipy.io.savemat(tmp_path / "label.mat", {"category": items["labels"]})
    np.save(tmp_path / "image.npy", items["image"])

    found = readers.read(tmp_path)

    # `cat` is in 6 of 7 texts, more than 80 %.
    assert found.vocabulary.tolist() == ["dog", *(f"word{i}" for i in range(6))]
    assert found.text[6].tolist() == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("first", [0, 1])
def test_a_split_that_comes_along_is_kept(items, tmp_path, first):
    scipy.io.savemat(tmp_path / "texts.mat", {"texts": items["text"]})
    scipy.io.savemat(tmp_path / "labels.mat", {"labels": items["labels"]})
    with h5py.File(tmp_path / "images.h5", "w") as file:
        file["images"] = items["image"]
    split = {
        "idx_test": np.array([[6, 2]]) + first,
        "idx_ret": np.array([[0, 1, 3, 4, 5]]) + first,
        "idx_labeled": np.array([[1, 5]]) + first,
    }
    scipy.io.savemat(tmp_path / "split.mat", split)

    parts = readers.read(tmp_path).parts

    assert parts["query"].tolist() == [6, 2]
    assert parts["train"].tolist() == [1, 5]


def test_a_split_with_gaps_is_refused(items, tmp_path):
    arrays = dict(
        zip(("images", "texts", "labels"), items.values(), strict=True)
    )
    split = {"idx_test": [0], "idx_ret": [2, 3], "idx_labeled": [2]}
    scipy.io.savemat(tmp_path / "x.mat", arrays | split)

    with pytest.raises(readers.DataError, match="name each of the 7 items"):
        readers.read(tmp_path / "x.mat")
