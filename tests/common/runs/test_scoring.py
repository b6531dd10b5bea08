import dataclasses

import numpy as np
import pytest

from common.data import arrays
from common.data import splits
from common.hamming import codes
from common.runs import encoding
from common.runs import scoring

_LABELS = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1]], np.uint8)
_BITS = np.array([[0, 0], [1, 1], [0, 0], [1, 1], [1, 1], [0, 0]], bool)


@pytest.fixture
def data():
    return arrays.CrossModalData(
        image=np.ones([6, 2], np.float32), text=np.ones([6, 3]), labels=_LABELS
    )


def _split(train):
    return splits.Split(
        np.array([0, 1]),
        np.array([2, 3, 4, 5]),
        np.array(train),
        np.array([], np.int64),
    )


def _codes():
    query, retrieval = (
        codes.PackedCodes.from_bits(_BITS[rows])
        for rows in (slice(0, 2), slice(2, 6))
    )
    return encoding.SplitCodes(query, query, retrieval, retrieval)


def test_unseen_rows_are_those_that_were_not_trained_on(data):
    found = scoring.score(data, _split([2, 3]), _codes())

    # Rows 2 and 3, which were trained on, have the codes of their label; 4 and
    # 5 have each other's.
    assert found["i2t"]["map_all_unseen"] == pytest.approx(0.5)
    assert found["i2t"]["map_all"] > 0.5
    assert found["t2i"]["map_all_unseen"] == found["i2t"]["map_all_unseen"]


def test_without_unseen_rows_there_is_no_such_score(data):
    found = scoring.score(data, _split([2, 3, 4, 5]), _codes())

    assert found["t2i"]["map_all_unseen"] is None


def test_without_labels_pairs_are_scored_all_the_same(data):
    bare = dataclasses.replace(data, labels=None)

    found = scoring.score(bare, _split([2, 3]), _codes())

    assert found.keys() == {"bits", "codes", "pairs", "warnings"}
    assert found["pairs"]["i2t"]["recall_at_1"] == 1
    assert found["pairs"]["i2t"]["chance_recall_at_1"] == 0.5


def test_texts_of_one_picture_find_it_by_any_of_them(data):
    split = _split([2, 3])
    image = codes.pack_bits(np.array([[0, 0], [0, 0]], bool))
    text = codes.pack_bits(np.array([[1, 1], [0, 0]], bool))
    packed = [codes.PackedCodes(array, 2) for array in (image, text)]
    found = encoding.SplitCodes(*packed, *packed)

    alone = scoring.own_pairs(data, split, found)
    grouped = dataclasses.replace(data, groups=np.zeros(6, np.int64))
    together = scoring.own_pairs(grouped, split, found)

    assert alone["i2t"]["recall_at_1"] == 0.5
    assert together["i2t"]["recall_at_1"] == 1.0
