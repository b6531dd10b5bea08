import pathlib

import numpy as np
import pytest

from common.data import originals
from common.data.captions import entries
from common.data.captions import labelling
from common.data.captions import parts
from common.data.captions import rows

PICTURES = (
    entries.Picture("d.png", ("red sky",), ("nature",), "test", {"by": "Zoë"}),
    entries.Picture("a.png", ("A red ball.", "Ball!"), ("toy",), "train"),
    entries.Picture(
        "c.png", ("blue sky and a ball", "SKY"), ("toy", "nature"), "val"
    ),
)


def test_texts_labels_and_originals_follow_the_pictures():
    arrays, picture_of, notes = rows.build(PICTURES, "photos", True)

    assert arrays["vocab"].tolist() == ["ball", "blue", "red", "sky"]
    assert arrays["text"].tolist() == [[0, 0, 1, 1], [1, 0, 1, 0], [1, 1, 0, 1]]
    assert arrays["label_names"].tolist() == ["nature", "toy"]
    assert arrays["labels"].tolist() == [[1, 0], [0, 1], [1, 1]]
    assert arrays["ids"].tolist() == ["d.png", "a.png", "c.png"]
    assert picture_of.tolist() == [0, 1, 2]
    assert "groups" not in arrays
    kept = originals.read(pathlib.Path("/data"), arrays, arrays.get)
    assert list(kept.captions) == [
        "red sky",
        "A red ball.\nBall!",
        "blue sky and a ball\nSKY",
    ]
    assert kept.paths[1] == "/data/photos/a.png"
    assert list(kept.columns["by"]) == ["Zoë", "", ""]
    assert list(kept.columns["split"]) == ["test", "train", "val"]
    assert notes[0] == (
        "5 captions of 3 pictures, up to 2 each, those of a picture joined (or "
        "--pairs)."
    )


def test_pairs_are_rows_that_share_their_picture():
    arrays, picture_of, notes = rows.build(PICTURES, "photos", True, True)

    assert arrays["ids"].tolist() == [
        *("d.png#0", "a.png#0", "a.png#1", "c.png#0", "c.png#1")
    ]
    assert picture_of.tolist() == [0, 1, 1, 2, 2]
    assert arrays["groups"].tolist() == picture_of.tolist()
    assert arrays["labels"].tolist() == [[1, 0], [0, 1], [0, 1], [1, 1], [1, 1]]
    # All rows of a picture are in its part.
    assert arrays["query"].tolist() == [0]
    assert arrays["train"].tolist() == [1, 2]
    assert arrays["validation"].tolist() == [3, 4]
    assert arrays["retrieval"].tolist() == [1, 2, 3, 4]
    assert notes[0].endswith("up to 2 each, each a row.")


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        (["", ""], ""),
        (["train", "train"], "no test or no training pictures"),
        (["test", "fold 3", "train"], "'fold 3' is no known part"),
        (["test", "", "train"], "'no part' is no known part"),
    ],
)
def test_what_is_no_split_stays_a_column(splits, expected):
    found, note = parts.rows(splits)

    assert found == {}
    assert expected in note and bool(note) == any(splits)


def test_karpathys_parts_become_a_split():
    found, note = parts.rows(["train", "restval", "test", "test", "train"])

    assert {part: r.tolist() for part, r in found.items()} == {
        "query": [2, 3],
        "train": [0, 1, 4],
        "retrieval": [0, 1, 4],
    }
    assert "train 2, restval 1, test 2" in note


def test_labels_become_columns_in_alphabetical_order():
    matrix, names = labelling.multi_hot(
        [["tree"], ["sky", "bird"], ["bird", "bird"]]
    )

    assert names.tolist() == ["bird", "sky", "tree"]
    assert matrix.tolist() == [[0, 0, 1], [1, 1, 0], [1, 0, 0]]
    assert matrix.dtype == np.uint8
