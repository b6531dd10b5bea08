"""Bags of words made inside a TensorFlow graph, for exported models."""

import keras
import numpy as np
import tensorflow as tf

# What is no word character, in RE2: Python's \w are letters, numbers and _.
_BETWEEN_WORDS = r"[^\p{L}\p{N}_]+"


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
        words, self._column = np.unique(lowered, return_inverse=True)
        self._lookup = keras.layers.TextVectorization(
            standardize=_standardize,
            output_mode="multi_hot",
            vocabulary=[str(word) for word in words],
        )
        self.built = True

    def call(self, sentences: tf.Tensor) -> tf.Tensor:
        """Counts the words of sentences, [n] strings of UTF-8."""
        # Column 0 stands for all words that are not in the vocabulary.
        found = tf.cast(self._lookup(sentences), tf.float32)[:, 1:]
        return tf.gather(found, self._column, axis=1)


def _standardize(sentences: tf.Tensor) -> tf.Tensor:
    lowered = tf.strings.lower(sentences, encoding="utf-8")
    return tf.strings.regex_replace(lowered, _BETWEEN_WORDS, " ")
