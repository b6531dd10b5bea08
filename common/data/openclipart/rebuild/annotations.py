"""Labels and bag-of-words vectors of the drawings."""

import collections
import posixpath
import re
from collections.abc import Sequence

import numpy as np

from common.data.openclipart.rebuild import metadata

MIN_LABEL_DRAWINGS = 60
MIN_WORD_DRAWINGS = 4
MAX_WORDS = 2000

# Folders that name a style, a package or a leftover instead of a subject.
NO_SUBJECT = frozenset(
    "bordered etiquette-theme flat-theme icons led lemon-theme ornamental"
    " simple special stock unsorted white".split()
)

# English function words, words of the collection itself (file types, sites,
# icon themes), authors' names, and the name of the largest category.
_FUNCTION_WORDS = "the and with for from part"
_COLLECTION_WORDS = """
    aiga archite art author clip clipart collection com computer domain
    etiquette flat hash http icon iconset icons lemon library mdt open
    openclipart org public signs special submission svg symbol theme unsorted
    www
"""
_AUTHOR_WORDS = """
    alan allen aug balin bob bom buculei danny gerald gmail horkan jarno jean
    mail nicu victor wed
"""
STOP_WORDS = frozenset(
    f"{_FUNCTION_WORDS} {_COLLECTION_WORDS} {_AUTHOR_WORDS}".split()
)


def label_matrix(
    drawings: Sequence[metadata.Drawing], min_drawings: int = MIN_LABEL_DRAWINGS
) -> tuple[np.ndarray, list[str]]:
    """Labels each drawing with the folders that hold it, at any depth.

    Args:
        drawings: n drawings.
        min_drawings: Folders with fewer drawings make no label.

    Returns:
        [n, c] uint8 in {0, 1} and the c folder names, most frequent first and
        equally frequent ones in order of appearance.
    """
    folders = [dict.fromkeys(drawing.directories) for drawing in drawings]
    counts = collections.Counter(name for row in folders for name in row)
    names = [
        name
        for name, count in counts.most_common()
        if count >= min_drawings and name not in NO_SUBJECT
    ]
    return _incidence(folders, names), names


def bag_of_words(
    drawings: Sequence[metadata.Drawing],
    min_drawings: int = MIN_WORD_DRAWINGS,
    max_words: int = MAX_WORDS,
) -> tuple[np.ndarray, list[str]]:
    """Says which words describe each drawing.

    Args:
        drawings: n drawings.
        min_drawings: Words with fewer drawings are left out.
        max_words: Largest size of the vocabulary.

    Returns:
        [n, t] uint8 in {0, 1} and the t words, most frequent first and equally
        frequent ones in order of appearance.
    """
    rows = [words(drawing) for drawing in drawings]
    counts = collections.Counter(word for row in rows for word in row)
    vocabulary = [
        word
        for word, count in counts.most_common(max_words)
        if count >= min_drawings
    ]
    return _incidence(rows, vocabulary), vocabulary


def words(drawing: metadata.Drawing) -> list[str]:
    """Returns the distinct words of a drawing, sorted, stop words left out.

    They come from file name, title, description and key words: runs of three
    or more Latin letters, in lower case.
    """
    stem = posixpath.basename(drawing.path).removesuffix(".svg")
    text = " ".join(
        [
            re.sub("[_-]", " ", stem),
            drawing.title,
            drawing.description,
            *drawing.keywords,
        ]
    )
    return sorted(set(re.findall("[a-z]{3,}", text.lower())) - STOP_WORDS)


def _incidence(
    rows: Sequence[Sequence[str]], columns: Sequence[str]
) -> np.ndarray:
    """Marks with 1 which of the `columns` each of the `rows` names."""
    position = {name: column for column, name in enumerate(columns)}
    matrix = np.zeros((len(rows), len(columns)), np.uint8)
    for row, names in enumerate(rows):
        found = [position[name] for name in names if name in position]
        matrix[row, found] = 1
    return matrix
