import numpy as np

from common.data import arrays
from ssah import word_order


def _data(text, labels):
    return arrays.CrossModalData(
        image=np.ones((len(text), 2), np.float32),
        text=np.array(text, np.uint8),
        labels=np.array(labels, np.uint8),
    )


def test_words_stand_with_those_of_their_label_and_the_clearest_first():
    data = _data(
        text=[
            [1, 0, 1, 0, 0],
            [1, 0, 0, 0, 0],
            [0, 1, 0, 1, 0],
            [0, 1, 0, 0, 0],
        ],
        labels=[[1, 0], [1, 0], [0, 1], [0, 1]],
    )

    order = word_order.by_labels(data, np.arange(4))

    # Labels less their means are (.5, -.5) or (-.5, .5). Words 0 and 2 lean
    # to label 0 by 2 x .5 / (2 + 2) = .25 and .5 / (1 + 2) = .17, words 1
    # and 3 likewise to label 1; word 4, never seen, leans nowhere, which
    # counts as label 0.
    np.testing.assert_array_equal(order, [0, 2, 4, 1, 3])


def test_only_training_rows_are_looked_at():
    # In the last two rows the words have changed sides.
    data = _data(
        text=[[1, 0], [0, 1], [0, 1], [0, 1], [1, 0], [1, 0]],
        labels=[[0, 1], [1, 0], [0, 1], [0, 1], [1, 0], [1, 0]],
    )

    first = word_order.by_labels(data, np.arange(2))
    everything = word_order.by_labels(data, np.arange(6))

    np.testing.assert_array_equal(first, [1, 0])
    np.testing.assert_array_equal(everything, [0, 1])


def test_how_often_a_text_has_a_word_does_not_matter():
    text = [[3, 1], [0, 1], [1, 0]]
    data = _data(text, [[0, 1], [1, 0], [1, 0]])
    once = _data(np.minimum(text, 1), [[0, 1], [1, 0], [1, 0]])

    np.testing.assert_array_equal(
        word_order.by_labels(data, np.arange(3)),
        word_order.by_labels(once, np.arange(3)),
    )
