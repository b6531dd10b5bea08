import unicodedata

import pytest

from common.data.captions import folder


@pytest.fixture
def pictures(tmp_path):
    names = ("a.jpg", "one/same.jpg", "two/same.jpg", "two/B.JPG", "ü n/c.png")
    for name in names:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "photos" / "notes.txt").write_bytes(b"")
    return tmp_path / "photos"


@pytest.mark.parametrize(
    ("name", "path", "how"),
    [
        ("a.jpg", "a.jpg", ""),
        ("./a.jpg", "a.jpg", ""),
        ("one/../two//same.jpg", "two/same.jpg", ""),
        (unicodedata.normalize("NFD", "ü n/c.png"), "ü n/c.png", ""),
        ("two\\same.jpg", "two/same.jpg", "with / for \\"),
        ("D:\\all\\photos\\a.jpg", "a.jpg", "with / for \\"),
        ("/elsewhere/two/same.jpg", "two/same.jpg", "by the end of the path"),
        ("photos/a.jpg", "a.jpg", "by the end of the path"),
        ("c.png", "ü n/c.png", "by file name in a sub-folder"),
        ("two/b.jpg", "two/B.JPG", "whatever the capitals"),
        ("one/same", "one/same.jpg", "without the ending"),
    ],
)
def test_a_picture_is_found_however_it_is_written(pictures, name, path, how):
    found = folder.resolve(pictures, [name])

    assert found.paths == {name: path}
    expected = [f"1 name is taken {how}, such as {name} as {path}."]
    assert found.notes == (expected if how else [])


def test_an_absolute_path_into_the_folder_is_below_it(pictures):
    name = str(pictures / "one" / "same.jpg")

    found = folder.resolve(pictures, [name])

    assert (found.paths, found.notes) == ({name: "one/same.jpg"}, [])


def test_what_is_missing_or_may_be_two_is_listed(pictures):
    found = folder.resolve(pictures, ["x.jpg", "a.jpg", "same.jpg", "y/z.jpg"])

    assert found.missing == ["x.jpg", "same.jpg", "y/z.jpg"]


def test_pictures_without_a_name_are_told_and_other_files_are_not(pictures):
    found = folder.resolve(pictures, ["a.jpg", "one/same.jpg"])

    assert found.unnamed == ["two/B.JPG", "two/same.jpg", "ü n/c.png"]


def test_two_pictures_are_not_made_one(pictures):
    names = ["train/a.jpg", "val/a.jpg"]

    with pytest.raises(ValueError, match="train/a.jpg and val/a.jpg would"):
        folder.resolve(pictures, names)
    # One picture in two spellings is one.
    same = folder.resolve(pictures, ["one\\same.jpg", "./one/same.jpg"])
    assert set(same.paths.values()) == {"one/same.jpg"}


def test_a_long_list_is_cut():
    assert folder.listed(list("abc")) == "a, b, c"
    assert folder.listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
