import h5py
import numpy as np
import pytest
import scipy.io

from common.data import readers


def trio(items, rows, names):
    fields = ("image", "text", "labels")
    return {n: items[f][rows] for n, f in zip(names, fields, strict=True)}


SDNU = {
    "te": slice(5, 7),
    "db": slice(0, 5),
    "tr": [3, 1, 4],
}


def sdnu(items):
    return {
        f"{kind}_{part}": items[field][rows]
        for part, rows in SDNU.items()
        for kind, field in (("I", "image"), ("T", "text"), ("L", "labels"))
    }


def check(found, items, queries, database, train):
    rows = [*queries, *database]
    np.testing.assert_array_equal(found.image, items["image"][rows])
    np.testing.assert_array_equal(found.text, items["text"][rows])
    np.testing.assert_array_equal(found.labels, items["labels"][rows])
    assert np.array(rows)[found.parts["query"]].tolist() == queries
    assert np.array(rows)[found.parts["retrieval"]].tolist() == database
    assert np.array(rows)[found.parts["train"]].tolist() == train


@pytest.mark.parametrize("kind", ["v5", "v7.3", "plain"])
def test_sdnu_files_are_read_in_every_container(
    items, tmp_path, matlab73, kind
):
    arrays = sdnu(items)
    if kind == "v5":
        scipy.io.savemat(tmp_path / "mir_cnn.mat", arrays)
    elif kind == "v7.3":
        matlab73("mir_cnn.mat", **arrays)
    else:
        with h5py.File(tmp_path / "mir_cnn.mat", "w") as file:
            for name, array in arrays.items():
                file[name] = array

    found = readers.read(tmp_path / "mir_cnn.mat")

    check(found, items, [5, 6], [0, 1, 2, 3, 4], [3, 1, 4])


@pytest.mark.parametrize(
    ("query", "database"),
    [
        (("VTest", "YTest", "testL"), ("VDatabase", "YDatabase", "databaseL")),
        (("XTest", "YTest", "testL"), ("XDatabase", "YDatabase", "databaseL")),
        (
            ("imgs_q", "texts_q", "labels_q"),
            ("imgs_train", "texts_train", "labels_train"),
        ),
    ],
)
def test_without_training_arrays_the_database_is_trained_on(
    items, tmp_path, query, database
):
    arrays = trio(items, [4, 2], query) | trio(items, [0, 1, 3], database)
    scipy.io.savemat(tmp_path / "x.mat", arrays)

    found = readers.read(tmp_path / "x.mat")

    check(found, items, [4, 2], [0, 1, 3], [0, 1, 3])


def test_nrch_files_are_read(items, tmp_path):
    names = {
        "Query": [6],
        "DataBase": [0, 1, 2, 3, 4],
        "Train": [0, 2],
    }
    with h5py.File(tmp_path / "mir.h5", "w") as file:
        for part, rows in names.items():
            kinds = [f"{kind}{part}" for kind in ("Img", "Tag", "Lab")]
            for name, array in trio(items, rows, kinds).items():
                # One query row has no length that tells; keep two.
                file[name] = (
                    np.repeat(array, 2, 0) if part == "Query" else array
                )

    found = readers.read(tmp_path / "mir.h5")

    check(found, items, [6, 6], [0, 1, 2, 3, 4], [0, 2])


def test_training_items_outside_the_database_are_refused(items, tmp_path):
    arrays = sdnu(items)
    arrays["I_tr"] = arrays["I_tr"] + 100
    scipy.io.savemat(tmp_path / "x.mat", arrays)

    with pytest.raises(
        readers.DataError, match="item 0 is not in the database"
    ):
        readers.read(tmp_path / "x.mat")


def test_an_array_of_a_part_that_is_missing_is_named(items, tmp_path):
    arrays = sdnu(items)
    del arrays["T_tr"]
    scipy.io.savemat(tmp_path / "x.mat", arrays)

    with pytest.raises(readers.DataError, match="there is no T_tr"):
        readers.read(tmp_path / "x.mat")


def test_parts_of_other_widths_are_refused(items, tmp_path):
    arrays = sdnu(items)
    arrays["I_te"] = arrays["I_te"][:, :4]
    scipy.io.savemat(tmp_path / "x.mat", arrays)

    with pytest.raises(readers.DataError, match="4 columns for the queries"):
        readers.read(tmp_path / "x.mat")
