import numpy as np
import pytest

from common.data import bow
from common.data import readers

VOCABULARY = np.array(["red", "flower", "sky", "2007", "été"])


def test_columns_follow_the_vocabulary():
    bags = bow.encode(["sky red", "flower"], VOCABULARY)

    assert bags.tolist() == [[1, 0, 1, 0, 0], [0, 1, 0, 0, 0]]
    assert bags.dtype == np.float32


@pytest.mark.parametrize(
    "text", ["red flower", "RED Flower", "red, (flower)!", "red\tflower\n"]
)
def test_case_and_punctuation_do_not_matter(text):
    assert bow.encode([text], VOCABULARY).tolist() == [[1, 1, 0, 0, 0]]


def test_a_word_counts_once_however_often_it_stands():
    assert bow.encode(["red red red"], VOCABULARY).sum() == 1


def test_a_part_of_a_word_is_not_the_word():
    assert bow.encode(["redder flowers skyline"], VOCABULARY).sum() == 0


def test_unknown_words_and_empty_texts_count_for_nothing():
    bags = bow.encode(["nothing here", ""], VOCABULARY)

    assert bags.shape == (2, 5)
    assert bags.sum() == 0


def test_numbers_and_letters_beyond_ascii_are_words():
    assert bow.encode(["Été 2007"], VOCABULARY).tolist() == [[0, 0, 0, 1, 1]]


def test_a_vocabulary_of_chinese_is_one_of_characters():
    texts = ["红色的圆", "蓝色的方形, red", "ｶﾀｶﾅ ひ"]

    bags, vocabulary = bow.fit(texts)

    assert set(vocabulary) >= {"红", "圆", "形", "ひ", "red"}
    np.testing.assert_array_equal(bow.encode(texts, vocabulary), bags)
    # Words that others cut are found where spaces stand between them.
    cut = np.array(["红色", "色"])
    assert bow.encode(["红色 圆", "红色圆"], cut).tolist() == [[1, 1], [0, 1]]


def test_every_word_of_the_embedded_vocabulary_can_be_asked_for():
    vocabulary = readers.read(readers.OPENCLIPART).vocabulary

    bags = bow.encode([str(word) for word in vocabulary], vocabulary)

    np.testing.assert_array_equal(bags, np.eye(len(vocabulary)))


def test_capitals_in_the_vocabulary_and_words_of_one_letter_count():
    vocabulary = np.array(["USA", "a", "usa", "b"])

    bags = bow.encode(["A letter to the USA"], vocabulary)

    assert bags.tolist() == [[1, 1, 1, 0]]


def test_a_vocabulary_is_chosen_and_encodes_the_same_bags():
    texts = ["red roof", "the red sea", "blue sea", "roof", "grass"]

    bags, vocabulary = bow.fit(texts, max_words=3)

    # On two texts each; `blue` and `grass` on one; `the` is a stop word.
    assert vocabulary.tolist() == ["red", "roof", "sea"]
    assert bags.tolist() == [
        [1, 1, 0],
        [1, 0, 1],
        [0, 0, 1],
        [0, 1, 0],
        [0] * 3,
    ]
    np.testing.assert_array_equal(bow.encode(texts, vocabulary), bags)


def test_texts_without_words_are_refused():
    with pytest.raises(
        ValueError, match="No vocabulary can be made of these 2"
    ):
        bow.fit(["the", "a"])


def test_another_vocabulary_than_the_models_is_refused():
    trained = bow.digest(VOCABULARY)
    bow.check_same(VOCABULARY.copy(), trained, "runs/a")

    # The same words in another order are other columns.
    with pytest.raises(ValueError, match=r"5 words \(été, 2007, sky.*runs/a"):
        bow.check_same(VOCABULARY[::-1], trained, "runs/a")
    with pytest.raises(ValueError, match="has no vocabulary, which is not"):
        bow.check_same(None, trained, "runs/a")
