"""MAP in TensorFlow, a rival of `evaluation_timings.validation`."""

import tensorflow as tf

from common.hamming import tensor_scan


def average_precision(
    queries: tf.Tensor,
    rows: tf.Tensor,
    query_labels: tf.Tensor,
    labels: tf.Tensor,
) -> tf.Tensor:
    """Average precision over the whole database, mean of tie orders.

    The same numbers as `retrieval.expected_average_precision`; all distances
    are held at once.

    Args:
        queries: [q, w] uint8 packed codes.
        rows: [n, w] uint8 packed codes.
        query_labels: [q, c] multi-hot zeros and ones.
        labels: [n, c] multi-hot zeros and ones.

    Returns:
        [q] float64; NaN where nothing is relevant.
    """
    items, relevant = _histograms(queries, rows, query_labels, labels)
    before = tf.cumsum(items, axis=1, exclusive=True)
    relevant_before = tf.cumsum(relevant, axis=1, exclusive=True)
    steps = 1 / tf.range(1, len(rows) + 1, dtype=tf.float64)
    harmonic = tf.concat([[tf.zeros([], tf.float64)], tf.cumsum(steps)], 0)
    ends = tf.gather(harmonic, tf.cast(before + items, tf.int32))
    step = ends - tf.gather(harmonic, tf.cast(before, tf.int32))
    others = tf.math.divide_no_nan(relevant - 1, items - 1)
    inner = others * (items - (before + 1) * step)
    share = tf.math.divide_no_nan(relevant, items)
    terms = share * ((relevant_before + 1) * step + inner)
    return tf.reduce_sum(terms, axis=1) / tf.reduce_sum(relevant, axis=1)


def _histograms(queries, rows, query_labels, labels):
    """Items and relevant items [q, 8 w + 1] float64 at each distance."""
    wanted, labels = (
        tf.cast(side, tf.float32) for side in (query_labels, labels)
    )
    relevant = tf.matmul(wanted, labels, transpose_b=True) > 0.5
    distances = tensor_scan.hamming_distances(queries, rows)
    count, cells = len(queries), 2 * (8 * queries.shape[1] + 1)
    # One count for all: each query has its own run of cells.
    cell = 2 * distances + tf.cast(relevant, tf.int32)
    cell += cells * tf.range(count)[:, None]
    counts = tf.math.bincount(
        tf.reshape(cell, [-1]),
        minlength=count * cells,
        maxlength=count * cells,
    )
    counts = tf.cast(tf.reshape(counts, [count, -1, 2]), tf.float64)
    return tf.reduce_sum(counts, axis=2), counts[:, :, 1]
