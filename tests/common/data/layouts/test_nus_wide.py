import numpy as np
import pytest

from common.data import readers

# Four photographs, twelve concepts; concept i has i + 1 of them at most.
CONCEPTS = [f"c{i:02d}" for i in range(12)]


@pytest.fixture
def folder(tmp_path):
    labels = np.zeros((4, 12), int)
    labels[0] = 1
    labels[1, 2:] = 1
    labels[2, 0] = 1
    for name in ("Groundtruth/AllLabels", "ConceptsList", "NUS_WID_Tags"):
        (tmp_path / name).mkdir(parents=True)
    for column, concept in enumerate(CONCEPTS):
        text = "\n".join(map(str, labels[:, column])) + "\n"
        path = tmp_path / "Groundtruth/AllLabels" / f"Labels_{concept}.txt"
        path.write_text(text)
    (tmp_path / "ConceptsList/Concepts81.txt").write_text("\n".join(CONCEPTS))
    tags = tmp_path / "NUS_WID_Tags"
    (tags / "TagList1k.txt").write_text("sky\nsea\n")
    (tags / "AllTags1k.txt").write_text("1\t0\t\n0\t1\t\n1\t1\t\n0\t0\t\n")
    (tmp_path / "ImageList").mkdir()
    (tmp_path / "ImageList/Imagelist.txt").write_text(
        "".join(f"actor\\000{i}_{i}.jpg\n" for i in range(4))
    )
    np.save(tmp_path / "image.npy", np.arange(12.0).reshape(4, 3))
    return tmp_path


def test_the_most_frequent_concepts_are_kept(folder):
    found = readers.read(folder / "tc10")

    # c00 and c02 to c11 are on two photographs, c01 on one; the first ten of
    # the eleven are c00, c02, ..., c10. The fourth photograph has none.
    assert found.label_names.tolist() == ["c00", *CONCEPTS[2:11]]
    assert found.labels.sum(axis=1).tolist() == [10, 9, 1]
    assert found.text.tolist() == [[1, 0], [0, 1], [1, 1]]
    assert found.image[:, 0].tolist() == [0, 3, 6]
    assert found.vocabulary.tolist() == ["sky", "sea"]
    assert found.ids[1] == "actor/0001_1.jpg"


def test_the_number_of_concepts_must_be_named(folder):
    with pytest.raises(readers.DataError, match="name the concepts.*/tc21"):
        readers.read(folder)


def test_features_must_be_put_beside(folder):
    (folder / "image.npy").unlink()

    with pytest.raises(readers.DataError, match="no image features; put them"):
        readers.read(folder / "tc10")


def test_other_characters_than_zero_and_one_are_refused(folder):
    # A line of the released training labels reads -1130179.
    path = folder / "Groundtruth/AllLabels/Labels_c03.txt"
    path.write_text("0\n-1130179\n0\n0\n")

    with pytest.raises(readers.DataError, match="Labels_c03.txt must hold 1"):
        readers.read(folder / "tc10")


def test_a_label_file_that_is_cut_off_is_refused(folder):
    (folder / "Groundtruth/AllLabels/Labels_c03.txt").write_text("0\n1\n")

    with pytest.raises(readers.DataError, match="have 2 to 4 lines"):
        readers.read(folder / "tc10")
