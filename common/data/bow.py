"""Bags of words over a stored vocabulary."""

import numpy as np
from sklearn.feature_extraction import text as sklearn_text


def encode(texts: list[str], vocabulary: np.ndarray) -> np.ndarray:
    """Binary bags of words of free texts.

    Args:
        texts: n texts; case and punctuation do not matter.
        vocabulary: Word of each column, [d_text] strings.

    Returns:
        [n, d_text] float32 of 0 and 1; words outside the vocabulary count
        for nothing.
    """
    lowered = [str(word).lower() for word in vocabulary]
    words, column = np.unique(lowered, return_inverse=True)
    vectorizer = sklearn_text.CountVectorizer(
        # By default words of one letter are no words.
        token_pattern=r"(?u)\b\w+\b",
        vocabulary=words,
        binary=True,
    )
    counts = vectorizer.transform(texts).toarray().astype(np.float32)
    return counts[:, column]


def known_words(text: str, vocabulary: np.ndarray) -> list[str]:
    """The words of a text that the vocabulary holds, in its order."""
    present = np.flatnonzero(encode([text], vocabulary)[0])
    return [str(vocabulary[column]) for column in present]
