import pytest

from common.data import words


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("A Red-ball's x_1", ["a", "red", "ball", "s", "x_1"]),
        ("Привет, ÉTÉ", ["привет", "été"]),
        # Vowel signs and accents belong to the word.
        ("हिन्दी cafe\u0301", ["हिन्दी", "cafe\u0301"]),
        ("红色的圆、大", ["红", "色", "的", "圆", "大"]),
        ("iPhone手机 カー", ["iphone", "手", "机", "カ", "ー"]),
        ("❤\ufe0fabc 😀", ["abc"]),
        ("", []),
    ],
)
def test_words_of_every_script_are_told_apart(text, pieces):
    assert words.pieces(text) == pieces


def test_runs_keep_what_stands_between_spaces():
    assert words.runs("iPhone手机 红色 的") == ["iphone手机", "红色", "的"]


def test_single_letters_tell_nothing_and_characters_do():
    assert words.telling("a b cd 红") == ["cd", "红"]


VOCABULARY = ("Airplane", "airport", "flower", "house", "paint", "painting")


@pytest.mark.parametrize(
    ("word", "taken"),
    [
        ("airplanes", "Airplane"),
        ("FLOWERS", "flower"),
        ("flowr", "flower"),
        # Of one stem, but `paint` is nearer.
        ("paints", "paint"),
    ],
)
def test_an_unknown_word_is_taken_as_one_that_means_the_same(word, taken):
    found = words.understand(f"the {word} on it", VOCABULARY)

    assert found.known == (taken,)
    assert found.notes() == [f"{word.lower()}: taken as {taken}"]


@pytest.mark.parametrize(
    ("word", "closest"),
    [("mouse", ("house",)), ("horse", ("house",)), ("xylophone", ())],
)
def test_another_word_is_not_taken_but_listed(word, closest):
    found = words.understand(word, VOCABULARY)

    assert (found.known, found.taken) == ((), {})
    assert found.unknown == {word: closest}


def test_what_is_known_is_left_alone():
    found = words.understand("House, a house and the flower", VOCABULARY)

    assert found.known == ("house", "flower")
    assert found.notes() == []


def test_chinese_is_understood_by_words_and_by_characters():
    found = words.understand("红色 圆球", ["红色", "圆", "of"])

    assert found.known == ("红色", "圆")
    assert found.notes() == ["球: not known"]
    # A stop word that is known counts.
    assert words.understand("of", ["of"]).known == ("of",)
