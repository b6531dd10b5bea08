import numpy as np
import pytest

from common.data import readers

PARTS = {"test": [5, 6], "database": [0, 1, 2, 3, 4], "train": [4, 0]}


def lines(rows, end):
    return "".join(" ".join(f"{v:g}" for v in row) + f" {end}" for row in rows)


@pytest.fixture
def release(items, tmp_path):
    """Writes UGACH's folders; lines end as asked."""

    def write(end="\r\n", parts=PARTS):
        for name in ("list", "feature"):
            (tmp_path / name).mkdir()
        for part, rows in parts.items():
            for kind, field in (("img", "image"), ("txt", "text")):
                names = "".join(f"{row}.{kind}{end}" for row in rows)
                path = f"{part}_{kind}.txt"
                (tmp_path / "list" / path).write_bytes(names.encode())
                numbers = lines(items[field][rows], end)
                (tmp_path / "feature" / path).write_bytes(numbers.encode())
            labels = lines(items["labels"][rows], end)
            (tmp_path / "list" / f"{part}_label.txt").write_bytes(
                labels.encode()
            )
        return tmp_path

    return write


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_release_is_read_with_its_split(items, release, end):
    found = readers.read(release(end))

    rows = [5, 6, 0, 1, 2, 3, 4]
    np.testing.assert_array_equal(found.image, items["image"][rows])
    np.testing.assert_array_equal(found.text, items["text"][rows])
    np.testing.assert_array_equal(found.labels, items["labels"][rows])
    assert found.ids[:2].tolist() == ["5.img", "6.img"]
    assert found.ids[found.parts["train"]].tolist() == ["4.img", "0.img"]
    assert found.parts["query"].tolist() == [0, 1]


def test_training_and_validation_stand_in_for_the_database(release):
    found = readers.read(
        release(parts={"test": [5, 6], "train": [0, 1], "validation": [2, 3]})
    )

    assert len(found.parts["retrieval"]) == 4
    assert found.ids[found.parts["train"]].tolist() == ["0.img", "1.img"]


def test_names_in_place_of_numbers_are_explained(release):
    folder = release()
    names = (folder / "list" / "train_img.txt").read_bytes()
    (folder / "feature" / "train_img.txt").write_bytes(names)

    with pytest.raises(readers.DataError, match="names belong in list/"):
        readers.read(folder)


def test_files_that_do_not_pair_up_are_refused(release):
    folder = release()
    path = folder / "feature" / "test_txt.txt"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])

    with pytest.raises(readers.DataError, match="image: 2, text: 1"):
        readers.read(folder)


def test_a_missing_file_is_named(release):
    folder = release()
    (folder / "feature" / "database_txt.txt").unlink()

    with pytest.raises(readers.DataError, match="no feature/database_txt.txt"):
        readers.read(folder)


def test_parts_that_are_missing_are_named(release):
    folder = release(parts={"train": [0, 1]})

    with pytest.raises(readers.DataError, match="holds train_img.txt, train_t"):
        readers.read(folder)
