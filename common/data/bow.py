"""Bags of words over a stored vocabulary."""

import hashlib
from collections.abc import Sequence

import numpy as np

from common.data import words


def fit(
    texts: Sequence[str], max_words: int = 2000
) -> tuple[np.ndarray, np.ndarray]:
    """Chooses a vocabulary and counts its words in the texts.

    Words are those of `words.telling`. Those in fewer than 0.05 % or more than
    80 % of the texts and English stop words are left out, as is the custom for
    COCO's captions; of the others the most frequent stay.

    Args:
        texts: n texts.
        max_words: Most words of the vocabulary.

    Returns:
        Binary bags of words, [n, w] uint8, and the w words in alphabetical
        order. Both belong together: store the words with the data.

    Raises:
        ValueError: No word is left.
    """
    vectorizer = _vectorizer(
        min_df=0.0005,
        max_df=0.8,
        binary=True,
        tokenizer=words.telling,
        stop_words="english",
        max_features=max_words,
        dtype=np.uint8,
    )
    try:
        bags = vectorizer.fit_transform(texts).toarray()
    except ValueError as error:
        raise ValueError(
            f"No vocabulary can be made of these {len(texts)} texts: {error}"
        ) from error
    return bags, vectorizer.get_feature_names_out().astype(str)


def check_same(
    vocabulary: np.ndarray | None, sha256: str | None, owner: str
) -> None:
    """Refuses a vocabulary that is not the one a model was trained with.

    Args:
        vocabulary: Word of each text column, or None.
        sha256: What `digest` gave of the model's vocabulary; None where it
            had none.
        owner: Whose vocabulary is expected, for the message.

    Raises:
        ValueError: They differ.
    """
    found = digest(vocabulary)
    if found == sha256:
        return
    has = "no vocabulary"
    if vocabulary is not None:
        shown = ", ".join(map(str, vocabulary[:3]))
        has = f"a vocabulary of {len(vocabulary)} words ({shown}, ...)"
    expected = f"SHA-256 {sha256[:12]}" if sha256 else "none"
    raise ValueError(
        f"The data set has {has}, which is not the one of {owner} "
        f"({expected}): text columns would stand for other words. Use the data "
        "set with the vocabulary it was trained with."
    )


def digest(vocabulary: np.ndarray | None) -> str | None:
    """SHA-256 of the words in their order; None without a vocabulary."""
    if vocabulary is None:
        return None
    content = "\n".join(map(str, vocabulary))
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


class Encoder:
    """Turns free texts into bags of words of one vocabulary.

    Args:
        vocabulary: Word of each column, [d_text] strings.
    """

    def __init__(self, vocabulary: np.ndarray):
        lowered = [str(word).lower() for word in vocabulary]
        distinct, self._column = np.unique(lowered, return_inverse=True)
        self._vectorizer = _vectorizer(
            tokenizer=lambda text: words.runs(text) + words.pieces(text),
            vocabulary=distinct,
            binary=True,
        )

    def bags(self, texts: Sequence[str]) -> np.ndarray:
        """Binary bags of words of n texts, see `encode`."""
        counts = self._vectorizer.transform(texts).toarray()
        return counts.astype(np.float32)[:, self._column]


def encode(texts: list[str], vocabulary: np.ndarray) -> np.ndarray:
    """Binary bags of words of free texts.

    Args:
        texts: n texts; case and punctuation do not matter.
        vocabulary: Word of each column, [d_text] strings.

    Returns:
        [n, d_text] float32 of 0 and 1; words outside the vocabulary count
        for nothing. Of Chinese both characters and what stands between spaces
        may be words.
    """
    return Encoder(vocabulary).bags(texts)


def _vectorizer(**settings):
    # Slow to import, and every command line imports this module.
    from sklearn.feature_extraction import text as sklearn_text

    return sklearn_text.CountVectorizer(token_pattern=None, **settings)
