"""Data sets as people bring them in public reports, made small."""

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

from common.data import checkup
from common.data import readers
from common.data import splits

N = 60
RNG = np.random.default_rng(0)
IMAGE = RNG.random((N, 16)).astype(np.float32)
TEXT = (RNG.random((N, 10)) < 0.3).astype(np.float64)
LABELS = (RNG.random((N, 6)) < 0.4).astype(np.uint8)
CLASSES = RNG.permutation(np.arange(N) % 6 + 1)
ONE_HOT = np.eye(6, dtype=np.uint8)[CLASSES - 1]
NUMBERED = "labels: 6 classes, numbered 1 to 6, one an item"


def check(found, image=IMAGE, text=TEXT, labels=LABELS):
    np.testing.assert_array_equal(found.image[:], image)
    np.testing.assert_array_equal(found.text, text)
    np.testing.assert_array_equal(found.labels, labels)


def matlab73(path, group=None, **arrays):
    with h5py.File(path, "w", userblock_size=512) as file:
        place = file.create_group(group) if group else file
        for name, array in arrays.items():
            place[name] = np.transpose(array)
            place[name].attrs["MATLAB_class"] = np.bytes_("double")
        if group:
            place.attrs["MATLAB_class"] = np.bytes_("struct")
    start = b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\x02IM"
    with open(path, "r+b") as file:
        file.write(start)
    return path


@pytest.mark.parametrize("names", ["image text label", "images texts labels"])
def test_singular_and_plural_names_are_read(tmp_path, names):
    arrays = dict(zip(names.split(), (IMAGE, TEXT, LABELS), strict=True))
    np.savez(tmp_path / "d.npz", **arrays)

    check(readers.read(tmp_path / "d.npz"))


@pytest.mark.parametrize("name", ["label", "labels", "LAB", "L", "y", "gnd"])
def test_labels_are_read_whatever_they_are_called(tmp_path, name):
    arrays = {"XAll": IMAGE, "YAll": TEXT, name: LABELS}
    scipy.io.savemat(tmp_path / "d.mat", arrays)

    check(readers.read(tmp_path / "d.mat"))


def test_a_file_for_each_array_is_one_data_set(tmp_path):
    for name, array in {
        "image": IMAGE,
        "caption": TEXT,
        "label": LABELS,
    }.items():
        scipy.io.savemat(tmp_path / f"{name}.mat", {name: array})

    check(readers.read(tmp_path))


def test_what_is_not_read_is_named(tmp_path):
    np.savez(tmp_path / "d.npz", image=IMAGE, text=TEXT, other=np.ones(3))

    found = readers.read(tmp_path / "d.npz")

    assert found.notes == ("not read: other (3,)",)


def test_any_names_can_be_given(tmp_path):
    np.savez(tmp_path / "d.npz", A=IMAGE, B=TEXT, C=LABELS)
    with pytest.raises(readers.DataError, match="--map=image=NAME,text=NAME"):
        readers.read(tmp_path / "d.npz")

    check(readers.read(tmp_path / "d.npz", names="image=A, text=B,labels=C"))
    for names, message in (
        ("image=A,text=D", "no array 'D' to --map; it holds A "),
        ("picture=A", "takes pairs such as .*received 'picture=A'"),
    ):
        with pytest.raises(readers.DataError, match=message):
            readers.read(tmp_path / "d.npz", names=names)


def test_class_numbers_are_read_from_a_vector_and_a_column(tmp_path):
    column = CLASSES[:, None].astype(float)
    np.savez(tmp_path / "d.npz", image=IMAGE, text=TEXT, labels=CLASSES)
    scipy.io.savemat(
        tmp_path / "d.mat", {"XAll": IMAGE, "YAll": TEXT, "LAll": column}
    )
    matlab73(tmp_path / "d3.mat", XAll=IMAGE, YAll=TEXT, LAll=column)

    for name in ("d.npz", "d.mat", "d3.mat"):
        found = readers.read(tmp_path / name)
        check(found, labels=ONE_HOT)
        assert NUMBERED in found.notes


def test_class_numbers_of_a_split_are_numbered_together(tmp_path):
    arrays = {}
    for part, rows in (("tr", slice(0, 40)), ("te", slice(40, N))):
        arrays |= {
            f"I_{part}": IMAGE[rows],
            f"T_{part}": scipy.sparse.csc_matrix(TEXT[rows]),
            f"L_{part}": CLASSES[rows, None],
        }
    scipy.io.savemat(tmp_path / "d.mat", arrays)

    found = readers.read(tmp_path / "d.mat")

    order = np.r_[40:N, 0:40]
    check(found, IMAGE[order], TEXT[order], ONE_HOT[order])
    assert {p: len(rows) for p, rows in found.parts.items()} == {
        "query": 20,
        "retrieval": 40,
        "train": 40,
    }
    assert found.notes == (NUMBERED,)


def test_one_column_of_two_values_is_asked_about(tmp_path):
    column = (CLASSES > 3)[:, None].astype(float)
    scipy.io.savemat(
        tmp_path / "d.mat", {"XAll": IMAGE, "YAll": TEXT, "LAll": column}
    )
    with pytest.raises(
        readers.DataError, match="say --labels=classes or --lab"
    ):
        readers.read(tmp_path / "d.mat")

    two = readers.read(tmp_path / "d.mat", labels="classes").labels
    one = readers.read(tmp_path / "d.mat", labels="multi_hot").labels

    np.testing.assert_array_equal(two, np.hstack([1 - column, column]))
    np.testing.assert_array_equal(one, column)


def test_turned_axes_of_matlab_73_are_read_and_said(tmp_path):
    with h5py.File(tmp_path / "d.mat", "w", userblock_size=512) as file:
        for name, array in (("XAll", IMAGE), ("YAll", TEXT), ("LAll", LABELS)):
            file[name] = array.T

    found = readers.read(tmp_path / "d.mat")

    check(found)
    assert "`XAll` (16, 60) was turned to (60, 16)" in found.notes[0]


def test_what_matlab_itself_wrote_is_turned_without_a_word(tmp_path):
    found = readers.read(
        matlab73(tmp_path / "d.mat", XAll=IMAGE, YAll=TEXT, LAll=LABELS)
    )

    check(found)
    assert found.notes == ()


def test_pixels_of_matlab_73_are_read_in_either_order(tmp_path):
    pixels = RNG.integers(0, 256, (N, 4, 6, 3), np.uint8)
    for name, array in (
        ("IAll", pixels.transpose(1, 2, 3, 0)),
        ("images", pixels),
    ):
        path = matlab73(
            tmp_path / "d.mat", **{name: array}, YAll=TEXT, LAll=LABELS
        )
        check(readers.read(path), image=pixels)


def test_fields_of_a_struct_are_a_data_set(tmp_path):
    path = matlab73(
        tmp_path / "d.mat", "dataset", XAll=IMAGE, YAll=TEXT, LAll=LABELS
    )

    check(readers.read(path))


def test_a_file_without_images_says_so(tmp_path):
    path = matlab73(tmp_path / "d.mat", YAll=TEXT, LAll=LABELS)

    with pytest.raises(
        readers.DataError, match="it has no images; it holds LA"
    ):
        readers.read(path)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_signed_embeddings_are_texts(tmp_path, dtype):
    signed = RNG.standard_normal((N, 16)).astype(dtype)
    np.savez(tmp_path / "d.npz", image=signed, text=signed, labels=LABELS)

    found = readers.read(tmp_path / "d.npz")

    check(found, signed, signed)
    assert found.text_kind == "embedding"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (TEXT.astype(np.uint8), "bag_of_words"),
        (TEXT, "bag_of_words"),
        (TEXT * RNG.random((N, 10)), "bag_of_words"),
        (3 * TEXT, "bag_of_words"),
        (RNG.random((N, 10)), "embedding"),
        (RNG.integers(-3, 3, (N, 10)), "embedding"),
    ],
)
def test_the_kind_of_text_is_told_by_the_data(tmp_path, text, kind):
    np.savez(tmp_path / "d.npz", image=IMAGE, text=text)

    assert readers.read(tmp_path / "d.npz").text_kind == kind


def test_five_captions_of_a_picture_stay_together(tmp_path):
    image = np.repeat(IMAGE[:12], 5, axis=0)
    np.savez(tmp_path / "d.npz", image=image, text=TEXT)

    found = readers.read(tmp_path / "d.npz")

    assert found.notes[0].startswith("60 texts belong to 12 pictures, 5 each")
    split = splits.make(np.arange(N), 7, groups=found.groups)
    assert not set(split.query // 5) & set(split.retrieval // 5)


def test_a_value_beyond_float32_is_refused_by_its_place(tmp_path):
    huge = IMAGE.astype(np.float64)
    huge[3, 4] = 1e39
    np.savez(tmp_path / "d.npz", image=huge, text=TEXT)

    with pytest.raises(
        readers.DataError,
        match=r"`image` .* beyond float32 .* 1e\+39 in row 3, column 4",
    ):
        readers.read(tmp_path / "d.npz")


def test_pixels_of_matlab_73_are_examined(tmp_path):
    pixels = RNG.integers(0, 256, (N, 4, 6, 3), np.uint8)
    path = matlab73(
        tmp_path / "d.mat",
        IAll=pixels.transpose(1, 2, 3, 0),
        YAll=TEXT,
        LAll=LABELS,
    )

    found = checkup.examine(readers.read(path)).report()["image"]

    assert found["columns"] == 72
    assert (found["minimum"], found["maximum"]) == (
        *(pixels.min(), pixels.max()),
    )
