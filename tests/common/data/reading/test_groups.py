import numpy as np
import pytest

from common.data import splits
from common.data.reading import groups

IMAGE = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
FIVE = np.arange(150) // 5


def test_rows_of_one_picture_are_found_by_their_features():
    order = np.random.default_rng(1).permutation(150)

    found = groups.find(IMAGE[FIVE[order]], None)

    same = found[:, None] == found
    np.testing.assert_array_equal(same, FIVE[order][:, None] == FIVE[order])
    assert found[0] == 0


@pytest.mark.parametrize("form", ["{}.jpg#{}", "{}.jpg"])
def test_rows_of_one_picture_are_found_by_their_names(form):
    ids = np.array([form.format(i // 5, i % 5) for i in range(150)])
    image = np.arange(150.0)[:, None]

    np.testing.assert_array_equal(groups.find(image, ids), FIVE)


def test_single_copies_and_missing_pictures_make_no_groups():
    image = IMAGE.copy()
    image[1] = image[0]
    assert groups.find(image, None) is None
    image[5:15] = 0

    assert groups.find(image, None) is None


def test_how_many_there_are_is_said():
    assert "150 texts belong to 30 pictures, 5 each" in groups.sentence(FIVE)
    assert "2 pictures, 1 to 3 each" in groups.sentence(np.array([0, 1, 1, 1]))


@pytest.mark.parametrize("num_query", [1, 7, 50])
def test_a_drawn_split_keeps_the_texts_of_a_picture_together(num_query):
    split = splits.make(
        np.arange(150), num_query, num_validation=12, seed=3, groups=FIVE
    )

    assert num_query <= len(split.query) < num_query + 5
    assert len(split.validation) == 15
    assert not set(FIVE[split.query]) & set(FIVE[split.retrieval])
    assert not set(FIVE[split.validation]) & set(
        FIVE[split.validation_database]
    )
    together = np.concatenate([split.query, split.retrieval])
    np.testing.assert_array_equal(np.sort(together), np.arange(150))


def test_validation_of_a_given_split_is_whole_groups_too():
    parts = {"query": np.arange(20), "retrieval": np.arange(20, 150)}

    split = splits.complete(parts, num_validation=11, groups=FIVE)

    assert len(split.validation) == 15
    assert not set(FIVE[split.validation]) & set(
        FIVE[split.validation_database]
    )


def test_a_given_split_that_parts_pictures_is_told_of():
    parts = {"query": np.arange(0, 150, 5), "retrieval": np.arange(1, 150, 5)}

    assert "has 30 pictures of the queries" in groups.shared(FIVE, parts)
    whole = {"query": np.arange(5), "retrieval": np.arange(5, 150)}
    assert groups.shared(FIVE, whole) == ""
