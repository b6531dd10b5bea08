import numpy as np
import pytest
import tensorflow as tf

from common.data import bow
from common.reports import sentences

VOCABULARY = np.array(
    [
        "Red",
        "a",
        "flower",
        "niño",
        "x1",
        "under_score",
        "red",
        "äpfel",
        "中文",
        "文",
        "का",
    ]
)


@pytest.fixture(scope="module")
def bag():
    return sentences.BagOfWords(VOCABULARY)


def test_words_are_found_whatever_their_case_and_what_stands_between(bag):
    found = bag(tf.constant(["A red, RED flower!", "nothing known"]))

    # `Red` and `red` are one word in lower case.
    assert found.numpy().tolist() == [
        [1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0],
        [0] * 11,
    ]
    assert found.dtype == tf.float32


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Äpfel niño—x1 under_score",
        "中文 a-b",
        "it's a  flower\n\tx1",
        "red\u00a0flower ÄPFEL",
        "cafe\u0301 a\u0301 flower2 ²x1",
        "x1中文a 中文、文",
        "का\u0301 \u0301a ❤\ufe0fa 文\u0301a का",
    ],
)
def test_the_graph_finds_what_the_vectorizer_finds(bag, text):
    found = bag(tf.constant([text])).numpy()

    np.testing.assert_array_equal(found, bow.encode([text], VOCABULARY))


def test_no_sentences_have_no_bags(bag):
    assert bag(tf.constant([], tf.string)).shape == (0, 11)
