import pathlib

import numpy as np
import pytest

from common.data import arrays
from common.data import originals
from common.data import readers

TEXTS = ["red", "", "Zoë\n日本語 😀"]


@pytest.fixture
def stored(tmp_path):
    """A data set of three items with all that can be kept."""
    path = tmp_path / "set" / "data.npz"
    path.parent.mkdir()
    np.savez(
        path,
        image=np.eye(3, 4, dtype=np.float32),
        text=np.eye(3, dtype=np.uint8),
        **originals.arrays(TEXTS, ["a", "b/c", "d"], "photos", {"by": TEXTS}),
    )
    return path


def test_strings_come_back_as_they_were(stored):
    kept = readers.read(stored).originals

    assert list(kept.captions) == TEXTS
    assert list(kept.columns) == ["by"]
    assert list(kept.columns["by"]) == TEXTS
    assert kept.captions[-1] == TEXTS[-1]
    with pytest.raises(IndexError):
        kept.captions[3]


def test_paths_follow_a_data_set_that_moves(stored, tmp_path):
    before = readers.read(stored).originals.paths[1]
    (tmp_path / "set").rename(tmp_path / "other")

    after = readers.read(tmp_path / "other" / "data.npz").originals.paths[1]

    assert before == str(tmp_path / "set" / "photos" / "b/c")
    assert after == str(tmp_path / "other" / "photos" / "b/c")


def test_lists_of_strings_are_taken_as_they_are(tmp_path):
    keys = {"captions": np.array(["a", "b"]), "column.x": np.array(["c", "d"])}

    kept = originals.read(pathlib.Path(), keys, keys.get)

    assert (list(kept.captions), kept.paths) == (["a", "b"], None)
    assert list(kept.columns["x"]) == ["c", "d"]
    assert originals.read(pathlib.Path(), {"text"}, keys.get) is None


@pytest.mark.parametrize(
    "change",
    [
        {"captions_offset": np.array([0, 9, 4, 5])},
        {"captions_offset": np.array([0, 1, 2, 300])},
        {"captions_offset": np.array([0.0, 1])},
        {"captions": np.arange(5)},
    ],
)
def test_damaged_strings_are_refused(stored, change):
    with np.load(stored) as archive:
        content = dict(archive) | change
    np.savez(stored, **content)

    with pytest.raises(readers.DataError, match="data.npz: Strings need"):
        readers.read(stored)


def test_other_things_than_strings_are_no_captions(tmp_path):
    np.savez(
        tmp_path / "d.npz",
        image=np.eye(2, dtype=np.float32),
        text=np.eye(2),
        captions=np.arange(2),
    )

    with pytest.raises(readers.DataError, match="must be a list of strings"):
        readers.read(tmp_path / "d.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": np.zeros(3)}, "`groups` must hold an integer"),
        ({"groups": np.zeros(2, int)}, "groups: 2"),
        ({"originals": originals.Originals(["a"])}, "captions: 1"),
    ],
)
def test_what_is_kept_pairs_up_with_the_rows(change, message):
    content = {"image": np.eye(3, dtype=np.float32), "text": np.eye(3)}

    with pytest.raises(ValueError, match=message):
        arrays.CrossModalData(**content, **change)
