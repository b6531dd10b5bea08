"""The exact linear scan in TensorFlow, where the codes already are.

The functions work eagerly, inside `tf.function` and on a GPU. Codes are packed
rows [n, ceil(K / 8)] uint8 as `common.hamming.packing` makes them; equal
distances are ordered by position, as everywhere.

Axis legend: `q` queries, `n` items of the database, `K` bits.
"""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from common.hamming import codes
from common.hamming import distances as distances_lib
from common.hamming import scan

# Distances held at once.
_BLOCK_DISTANCES = 1 << 24


def hamming_distances(queries: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """Number of differing bits of every pair.

    Args:
        queries: [q, w] uint8 packed codes.
        rows: [n, w] uint8 packed codes.

    Returns:
        [q, n] int32.
    """
    return _differing(_words(queries), _words(rows))


def nearest(
    queries: tf.Tensor, rows: tf.Tensor, k: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """The k nearest items of each query.

    Args:
        queries: [q, w] uint8 packed codes.
        rows: [n, w] uint8 packed codes.
        k: How many, 1..n.

    Returns:
        distances [q, k] int32 and positions [q, k] int32, each row in
        ascending order of (distance, position).
    """
    asked, words = _words(queries), _words(rows)
    count = tf.shape(asked)[0]
    # Farther than all items, so that the first block replaces them.
    distances = tf.fill([count, k], tf.int32.max)
    positions = tf.fill([count, k], -1)
    block = _block(count)
    for start in tf.range(0, tf.shape(words)[0], block):
        part = _differing(asked, words[start : start + block])
        # `top_k` puts the lower index first among equals, and what was found
        # before has lower positions.
        near, places = tf.math.top_k(-part, tf.minimum(k, tf.shape(part)[1]))
        distances = tf.concat([distances, -near], axis=1)
        positions = tf.concat([positions, places + start], axis=1)
        near, order = tf.math.top_k(-distances, k)
        positions = tf.gather(positions, order, batch_dims=1)
        # A loop in a graph must not lose what is known of a shape.
        distances = tf.ensure_shape(-near, [asked.shape[0], None])
        positions = tf.ensure_shape(positions, [asked.shape[0], None])
    return distances, positions


def _words(rows: tf.Tensor) -> tf.Tensor:
    """Packed rows as [n, ceil(K / 64)] int64."""
    rows = tf.convert_to_tensor(rows, tf.uint8)
    width = rows.shape[1]
    padded = tf.pad(rows, [[0, 0], [0, -width % 8]])
    return tf.bitcast(tf.reshape(padded, [-1, (width + 7) // 8, 8]), tf.int64)


def _differing(asked: tf.Tensor, words: tf.Tensor) -> tf.Tensor:
    counts = 0
    for word in range(asked.shape[1]):
        differing = tf.bitwise.bitwise_xor(
            asked[:, word, None], words[None, :, word]
        )
        ones = tf.raw_ops.PopulationCount(x=differing)
        counts += tf.cast(ones, tf.int32)
    return counts


def _block(queries: tf.Tensor) -> tf.Tensor:
    return tf.maximum(1, _BLOCK_DISTANCES // tf.maximum(1, queries))


@functools.cache
def _searcher(width: int) -> Callable:
    """One graph for all searches of codes of so many bytes."""
    rows = tf.TensorSpec([None, width], tf.uint8)
    return tf.function(nearest, [rows, rows, tf.TensorSpec([], tf.int32)])


@dataclasses.dataclass(frozen=True, eq=False)
class TensorScan:
    """Searches codes with TensorFlow; on the GPU if there is one.

    Attributes:
        codes: n codes of K bits, n < 2^31.
    """

    codes: codes.PackedCodes

    def nearest(
        self, queries: codes.PackedCodes, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest items of each query; see `scan.Scan.nearest`."""
        scan.check_fits(self.codes, queries, k)
        search = _searcher(self.codes.rows.shape[1])
        distances, positions = search(queries.rows, self.codes.rows, k)
        return distances.numpy(), positions.numpy().astype(np.int64)

    def within(
        self, queries: codes.PackedCodes, radius: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All items within a radius; see `scan.Scan.within`."""
        distances_lib.check_same_length(self.codes.bits, queries.bits)
        block = max(1, _BLOCK_DISTANCES // max(1, len(self.codes)))
        counts, distances, positions = [], [], []
        # No queries are one empty block.
        for start in range(0, max(1, len(queries)), block):
            found = hamming_distances(
                queries.rows[start : start + block], self.codes.rows
            )
            hits = tf.where(found <= radius)
            counts.append(np.bincount(hits[:, 0].numpy(), minlength=len(found)))
            distances.append(tf.gather_nd(found, hits).numpy())
            positions.append(hits[:, 1].numpy())
        return scan.in_order(
            *map(np.concatenate, (counts, distances, positions))
        )
