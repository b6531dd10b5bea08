"""Which items count as relevant: those that share a label with the query."""

import numpy as np

from common.hamming import codes


def label_words(labels: np.ndarray) -> np.ndarray:
    """Packs multi-hot labels into machine words.

    Args:
        labels: [n, c] zeros and ones of any numeric type or bool, c >= 1.

    Returns:
        [n, ceil(c / 64)] uint64.

    Raises:
        ValueError: If `labels` is missing, not a matrix, or has another value.
    """
    if labels is None:
        raise ValueError(
            "Labels are needed to tell which items are relevant, received None."
        )
    labels = np.asarray(labels)
    if labels.ndim != 2 or labels.shape[1] < 1:
        raise ValueError(
            "Labels are a multi-hot [n, c] array with c >= 1, received shape "
            f"{list(labels.shape)}."
        )
    present = labels == 1
    if not np.all(present | (labels == 0)):
        raise ValueError(
            "Labels are multi-hot zeros and ones, received other values."
        )
    return codes.PackedCodes.from_bits(present).words


def checked_label_words(
    query_codes: codes.PackedCodes,
    database_codes: codes.PackedCodes,
    query_labels: np.ndarray,
    database_labels: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Packs the labels of both sides after checking that everything fits.

    Args:
        query_codes: q codes.
        database_codes: n codes.
        query_labels: [q, c] multi-hot zeros and ones.
        database_labels: [n, c] multi-hot zeros and ones.

    Returns:
        [q, w] and [n, w] uint64 from `label_words`.

    Raises:
        ValueError: If the rows do not fit the codes or the columns each other.
    """
    query_words = label_words(query_labels)
    database_words = label_words(database_labels)
    columns = np.shape(query_labels)[1], np.shape(database_labels)[1]
    if columns[0] != columns[1]:
        raise ValueError(
            "Query and database labels must have the same columns, received "
            f"{columns[0]} and {columns[1]}."
        )
    for side, packed, words in (
        ("query", query_codes, query_words),
        ("database", database_codes, database_words),
    ):
        if len(packed) != len(words):
            raise ValueError(
                f"Every {side} code needs its labels, received {len(packed)} "
                f"codes and {len(words)} rows of labels."
            )
    return query_words, database_words


def share_label(
    query_words: np.ndarray, database_words: np.ndarray
) -> np.ndarray:
    """Relevance of every item to every query: at least one common label.

    Args:
        query_words: [q, w] uint64 from `label_words`.
        database_words: [n, w] uint64 from `label_words`, over the same labels.

    Returns:
        [q, n] bool.
    """
    shared = query_words[:, None, 0] & database_words[None, :, 0]
    for word in range(1, query_words.shape[1]):
        shared |= query_words[:, None, word] & database_words[None, :, word]
    return shared != 0
