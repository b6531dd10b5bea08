import numpy as np
import pytest

from common.data.reading import labels

HOT = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1], [1, 1, 0]], np.uint8)
ONE = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.uint8)


def lists(*values):
    found = np.empty(len(values), object)
    found[:] = values
    return found


@pytest.mark.parametrize(
    ("raw", "expected", "sentence"),
    [
        (HOT, HOT, ""),
        (HOT.astype(bool), HOT, ""),
        (HOT.astype(np.float64), HOT, ""),
        (ONE, ONE, ""),
        (HOT * 2.0 - 1, HOT, "3 labels, stored as -1 and +1"),
        ([3, 1, 2, 3], ONE, "3 classes, numbered 1 to 3, one an item"),
        ([2, 0, 1, 2], ONE, "3 classes, numbered 0 to 2, one an item"),
        ([[3.0], [1], [2], [3]], ONE, "3 classes, numbered 1 to 3, one"),
        (
            [9, 1, 4, 9],
            ONE,
            "3 classes, numbered 1 to 9, of which 6 are on no item, one an",
        ),
        (["sea", "cat", "dog", "sea"], ONE, "3 classes by name (cat, dog, sea"),
        ([["sea"], ["cat"], ["dog"], ["sea"]], ONE, "3 classes by name"),
        (
            ['["a", "c"]', '["b"]', '["c"]', '["a", "b"]'],
            HOT,
            "3 labels by name (a, b, c), a list for each item",
        ),
        (
            lists([1, 3], [2], [3.0], [2, 1]),
            HOT,
            "3 classes, numbered 1 to 3, a list for each item",
        ),
        (lists(["a", "c"], ["b"], ["c"], ["a", "b"]), HOT, "3 labels by name"),
    ],
)
def test_labels_are_read_in_any_form_without_a_doubt(raw, expected, sentence):
    found = labels.understand(np.asarray(raw))

    np.testing.assert_array_equal(found.labels, expected)
    assert found.sentence.startswith(sentence)
    assert bool(sentence) == bool(found.sentence)


def test_classes_keep_their_names_and_numbers():
    assert labels.understand(np.array([9, 1, 4])).names.tolist() == [
        *("1", "4", "9"),
    ]
    assert labels.understand(np.array(["b", "", "a"])).names.tolist() == [
        *("a", "b"),
    ]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([0, 1, 1, 0], "of 0 and 1, which may be .* --labels=classes or --lab"),
        ([[1], [-1], [1]], "of -1 and 1, which may be two classes"),
        ([True, False, True], "one column of 0 and 1"),
        ([-1, 2, 3], "a negative one may mean that there is none"),
        ([[1, 0, 5], [0, 1, 1]], "from 0 to 5.*--labels=multi_hot.*=lists"),
        ([[-1, 0], [1, 1]], "from -1 to 1"),
        ([[0.5, 0], [1, 1]], "row 0 holds a fraction"),
        ([0.5, 1.25], "one column of fractions"),
        ([[np.nan, 1], [1, 0]], "NaN or infinite .* row 0"),
        (["a, b", "b", "a", "c,a"], "several with ',' between .*=classes or"),
        (["[1, 2]", "[1"], "'\\[1', which is no JSON list"),
        (np.ones((2, 2, 2)), r"received shape \(2, 2, 2\)"),
        (np.ones((2, 0)), r"received shape \(2, 0\)"),
        (lists([{"a": 1}], ["b"]), "must hold class numbers or names"),
        (lists([], []), "all of them are empty"),
        (np.arange(70_000), "70000 classes; at most 65536"),
    ],
)
def test_what_may_mean_two_things_is_refused(raw, message):
    with pytest.raises(ValueError, match=message):
        labels.understand(np.asarray(raw))


@pytest.mark.parametrize(
    ("raw", "form", "expected"),
    [
        ([0, 1, 1], "classes", [[1, 0], [0, 1], [0, 1]]),
        ([0, 1, 1], "multi_hot", [[0], [1], [1]]),
        ([-1, 1, 1], "multi_hot", [[0], [1], [1]]),
        ([[0.0, 0.7], [2, -1]], "multi_hot", [[0, 1], [1, 0]]),
        ([[1, 3], [2, 0]], "lists", [[1, 0, 1], [0, 1, 0]]),
        ([[0, 2], [1, -1]], "lists", [[1, 0, 1], [0, 1, 0]]),
        (["a; b", "b"], "lists", [[1, 1], [0, 1]]),
        (["a; b", "b", "a; b"], "classes", [[1, 0], [0, 1], [1, 0]]),
    ],
)
def test_the_flag_decides(raw, form, expected):
    found = labels.understand(np.asarray(raw), form)

    np.testing.assert_array_equal(found.labels, expected)


def test_memory_mapped_labels_stay_where_they_are(tmp_path):
    np.save(tmp_path / "labels.npy", HOT)
    mapped = np.load(tmp_path / "labels.npy", mmap_mode="r")

    assert labels.understand(mapped).labels is mapped
