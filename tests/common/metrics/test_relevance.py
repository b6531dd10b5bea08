import numpy as np
import pytest

from common.hamming import codes
from common.metrics import relevance


@pytest.mark.parametrize("labels", (1, 24, 64, 65, 80, 255))
def test_relevant_means_at_least_one_common_label(labels):
    random = np.random.default_rng(labels)
    queries = random.random((7, labels)) < 1.5 / labels
    database = random.random((50, labels)) < 1.5 / labels

    relevant = relevance.share_label(
        relevance.label_words(queries), relevance.label_words(database)
    )

    expected = queries.astype(int) @ database.astype(int).T > 0
    assert expected.any()
    np.testing.assert_array_equal(relevant, expected)


@pytest.mark.parametrize("dtype", (bool, np.int64, np.uint8, np.float32))
def test_zeros_and_ones_of_any_type_are_labels(dtype):
    labels = np.array([[1, 0, 1], [0, 0, 0]], dtype)

    words = relevance.label_words(labels)

    assert np.bitwise_count(words).tolist() == [[2], [0]]


@pytest.mark.parametrize("value", (-1, 2, 0.5, np.nan))
def test_other_label_values_are_refused(value):
    with pytest.raises(ValueError, match="zeros and ones"):
        relevance.label_words(np.array([[0.0, value]]))


def test_class_numbers_are_not_labels():
    with pytest.raises(ValueError, match="multi-hot"):
        relevance.label_words(np.array([3, 1, 2]))


def test_missing_labels_are_named():
    with pytest.raises(ValueError, match="received None"):
        relevance.label_words(None)


@pytest.mark.parametrize(
    ("query_shape", "database_shape", "message"),
    (
        ((2, 3), (4, 5), "same columns, received 3 and 5"),
        ((1, 3), (4, 3), "query code needs its labels"),
        ((2, 3), (5, 3), "database code needs its labels"),
    ),
)
def test_labels_have_to_fit(query_shape, database_shape, message):
    queries = codes.PackedCodes.from_bits(np.zeros((2, 8), bool))
    database = codes.PackedCodes.from_bits(np.zeros((4, 8), bool))

    with pytest.raises(ValueError, match=message):
        relevance.checked_label_words(
            queries, database, np.ones(query_shape), np.ones(database_shape)
        )
