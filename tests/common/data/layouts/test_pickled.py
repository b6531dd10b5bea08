import os

import numpy as np
import pytest

from common.data import readers

PARTS = {"test": [5, 6], "train": [0, 1, 2]}


@pytest.fixture
def folder(items, tmp_path):
    names = {"imgs": "image", "tags": "text", "labels": "labels"}
    for part, rows in PARTS.items():
        files = [f"im{row}.jpg" for row in rows]
        np.save(tmp_path / f"{part}_img_path_list.npy", files)
        for name, field in names.items():
            vectors = {
                f: items[field][r] for f, r in zip(files, rows, strict=True)
            }
            np.save(tmp_path / f"{part}_{name}_dict.npy", vectors)
    return tmp_path


def test_pickled_dictionaries_need_trust(folder):
    with pytest.raises(readers.DataError, match="pass --trust_pickle"):
        readers.read(folder)


def test_trusted_dictionaries_are_read_in_the_order_of_the_lists(items, folder):
    found = readers.read(folder, trust_pickle=True)

    rows = [5, 6, 0, 1, 2]
    np.testing.assert_array_equal(found.image, items["image"][rows])
    np.testing.assert_array_equal(found.labels, items["labels"][rows])
    assert found.ids.tolist() == [f"im{row}.jpg" for row in rows]
    assert found.parts["train"].tolist() == [2, 3, 4]


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_even_trusted_files_make_nothing_but_arrays(folder, tmp_path):
    np.save(
        folder / "train_tags_dict.npy",
        {"im0.jpg": Harmful(tmp_path / "made")},
    )

    with pytest.raises(readers.DataError, match="mkdir, which is no array"):
        readers.read(folder, trust_pickle=True)
    assert not (tmp_path / "made").exists()


def test_an_item_without_a_vector_is_named(folder):
    np.save(folder / "test_tags_dict.npy", {"im5.jpg": np.ones(3)})

    with pytest.raises(readers.DataError, match="no 'im6.jpg'"):
        readers.read(folder, trust_pickle=True)
