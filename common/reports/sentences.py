"""Bags of words made inside a TensorFlow graph, for exported models."""

import re

import keras
import numpy as np
import tensorflow as tf

from common.data import words

# Words of `common.data.words` in RE2: a run of letters, numbers, _ and marks,
# which are accents and vowel signs, begins with none of these.
_BETWEEN_WORDS = r"[^\p{L}\p{N}\p{M}_]+"
_STRAY_MARKS = r"(^|[^\p{L}\p{N}\p{M}_])\p{M}+"


class BagOfWords(keras.layers.Layer):
    """Sentences [n] to binary bags of words [n, d_text] float32.

    Gives what `common.data.bow.encode` gives: case and punctuation do not
    matter, words outside the vocabulary count for nothing, and columns whose
    words differ in case only count alike.

    Args:
        vocabulary: Word of each column, [d_text] strings.
    """

    def __init__(self, vocabulary: np.ndarray):
        super().__init__(trainable=False)
        lowered = [str(word).lower() for word in vocabulary]
        known, self._column = np.unique(lowered, return_inverse=True)
        self._lookup = keras.layers.TextVectorization(
            standardize=None,
            output_mode="multi_hot",
            vocabulary=[str(word) for word in known],
        )
        # Chinese may be known by its characters, and by whole words.
        self._apart = any(re.search(f"[{words.CJK}]", word) for word in known)
        self.built = True

    def call(self, sentences: tf.Tensor) -> tf.Tensor:
        """Counts the words of sentences, [n] strings of UTF-8."""
        lowered = tf.strings.lower(sentences, encoding="utf-8")
        found = self._lookup(_words(lowered))
        if self._apart:
            apart = tf.strings.regex_replace(
                lowered, f"([{words.CJK}])", r" \1 "
            )
            found = tf.maximum(found, self._lookup(_words(apart)))
        # Column 0 stands for all words that are not in the vocabulary.
        found = tf.cast(found, tf.float32)[:, 1:]
        return tf.gather(found, self._column, axis=1)


def _words(lowered: tf.Tensor) -> tf.Tensor:
    clean = tf.strings.regex_replace(lowered, _STRAY_MARKS, r"\1 ")
    return tf.strings.regex_replace(clean, _BETWEEN_WORDS, " ")
