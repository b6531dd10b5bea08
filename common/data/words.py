"""Words of a text, and what an unknown one may mean.

A word is a run of letters, digits, accents and `_`. Chinese and Japanese, which
put no spaces, count by characters.
"""

import dataclasses
import functools
import re
import unicodedata
from collections.abc import Iterable

# Han, Hiragana and Katakana, as a character class of Python and of RE2.
CJK = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f"
)
# Nearer than that, by `difflib`, is a slip of the pen: `flowr`, not `flour`.
_SAME = 0.85
# Beyond come ideographs only, and marks that choose their shapes.
_LAST_MARK = 0x1FFFF
_SHORTEST = 5
_CLOSE = 0.7
_LISTED = 3


@dataclasses.dataclass(frozen=True)
class Understood:
    """What a text says in the words of a vocabulary.

    Attributes:
        known: Its words, in the order of the text.
        taken: Which known word an unknown one was taken as.
        unknown: The closest words to each of which none is near.
    """

    known: tuple[str, ...]
    taken: dict[str, str]
    unknown: dict[str, tuple[str, ...]]

    def notes(self) -> list[str]:
        """What is not as it was typed, for people."""
        found = [
            f"{word}: taken as {other}" for word, other in self.taken.items()
        ]
        for word, closest in self.unknown.items():
            near = f"; closest: {', '.join(closest)}" if closest else ""
            found.append(f"{word}: not known{near}")
        return found


def runs(text: str) -> list[str]:
    """Words of a text in lower case; one of Chinese is a whole clause."""
    return _patterns()[0].findall(text.lower())


def pieces(text: str) -> list[str]:
    """Words of a text in lower case; Chinese and Japanese by characters."""
    return _patterns()[1].findall(text.lower())


def telling(text: str) -> list[str]:
    """The pieces that may stand in a vocabulary: no single letters."""
    return [one for one in pieces(text) if len(one) > 1 or _is_cjk(one)]


def understand(text: str, vocabulary: Iterable[str]) -> Understood:
    """Finds the words of a text, or the nearest, in a vocabulary.

    A word that is not there is taken as one of the same English stem, or as
    one that differs by a slip. English stop words are passed over.

    Args:
        text: The text.
        vocabulary: The words.
    """
    # Slow to import.
    from sklearn.feature_extraction import text as sklearn_text

    words = _by_lower_case(tuple(map(str, vocabulary)))
    found = []
    for run in runs(text):
        found += [run] if run in words else pieces(run)
    known, taken, unknown = [], {}, {}
    for word in dict.fromkeys(found):
        if word in words:
            known.append(words[word])
        elif word in sklearn_text.ENGLISH_STOP_WORDS or (
            len(word) == 1 and not _is_cjk(word)
        ):
            continue
        elif (near := _nearest(word, tuple(words))) is not None:
            taken[word] = words[near]
            known.append(words[near])
        else:
            unknown[word] = tuple(words[one] for one in _close(word, words))
    return Understood(tuple(dict.fromkeys(known)), taken, unknown)


@functools.lru_cache(maxsize=4)
def _by_lower_case(vocabulary: tuple[str, ...]) -> dict[str, str]:
    """Words of a vocabulary by their lower case, not to be changed."""
    return {word.lower(): word for word in vocabulary}


@functools.lru_cache(maxsize=4)
def _stems(words: tuple[str, ...]) -> list[str]:
    """English stems of words, not to be changed."""
    import snowballstemmer

    return snowballstemmer.stemmer("english").stemWords(words)


def _nearest(word: str, words: tuple[str, ...]) -> str | None:
    """The word that means the same, or None."""
    import difflib

    import snowballstemmer

    stem = snowballstemmer.stemmer("english").stemWord(word)
    stems = _stems(words)
    near = [stem]
    if stem not in stems and len(word) >= _SHORTEST:
        # A slip seldom comes first.
        alike = [other for other in stems if other[:1] == word[:1]]
        near = difflib.get_close_matches(stem, alike, 1, _SAME)
    same = [
        other for other, its in zip(words, stems, strict=True) if its in near
    ]
    return next(iter(difflib.get_close_matches(word, same, 1, 0)), None)


def _close(word: str, words: Iterable[str]) -> list[str]:
    import difflib

    return difflib.get_close_matches(word, words, _LISTED, _CLOSE)


def _is_cjk(character: str) -> bool:
    return re.fullmatch(f"[{CJK}]", character) is not None


@functools.cache
def _patterns() -> tuple[re.Pattern, re.Pattern]:
    """Runs, and runs apart from Chinese and Japanese characters."""
    marks = "".join(f"{chr(first)}-{chr(last)}" for first, last in _marks())
    run = rf"\w[\w{marks}]*"
    other = rf"(?![{CJK}])\w(?:(?![{CJK}])[\w{marks}])*"
    return re.compile(run), re.compile(rf"(?=\w)[{CJK}]|{other}")


def _marks() -> list[tuple[int, int]]:
    """Ranges of the accents and vowel signs, which no word of `re` holds."""
    found: list[tuple[int, int]] = []
    for code in range(0x300, _LAST_MARK + 1):
        if unicodedata.category(chr(code))[0] != "M":
            continue
        if found and found[-1][1] == code - 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return found
