"""Bit packing inside a TensorFlow graph, for training and export."""

import tensorflow as tf

_VALUES = (128, 64, 32, 16, 8, 4, 2, 1)


def pack_bits(bits: tf.Tensor) -> tf.Tensor:
    """Packs booleans as `codes.pack_bits` does, inside the graph.

    Bit j of a code is in byte j // 8 with value 128 >> (j % 8); the padding
    bits of the last byte are zero.

    Args:
        bits: [n, K] bool, K known when the graph is built.

    Returns:
        [n, ceil(K / 8)] uint8.
    """
    length = bits.shape[1]
    padded = tf.pad(tf.cast(bits, tf.int32), [[0, 0], [0, -length % 8]])
    octets = tf.reshape(padded, [-1, (length + 7) // 8, 8])
    return tf.cast(tf.reduce_sum(octets * _VALUES, axis=2), tf.uint8)


def unpack_bits(packed: tf.Tensor, length: int) -> tf.Tensor:
    """Undoes `pack_bits`.

    Args:
        packed: [n, ceil(K / 8)] uint8.
        length: K.

    Returns:
        [n, K] uint8 of 0 and 1.
    """
    octets = tf.cast(packed, tf.int32)[:, :, None]
    bits = tf.reshape(octets // _VALUES % 2, [-1, 8 * packed.shape[1]])
    return tf.cast(bits[:, :length], tf.uint8)
