import numpy as np
import pytest
import tensorflow as tf

from common.hamming import codes
from common.hamming import packing


@pytest.mark.parametrize("rows", [0, 1, 13])
@pytest.mark.parametrize("bits", [1, 7, 8, 9, 64, 65])
def test_packing_in_the_graph_equals_packing_outside(bits, rows):
    booleans = np.random.default_rng((bits, rows)).random((rows, bits)) < 0.5

    packed = packing.pack_bits(tf.constant(booleans))

    unpacked = packing.unpack_bits(packed, bits)
    assert packed.dtype == unpacked.dtype == tf.uint8
    np.testing.assert_array_equal(packed, np.packbits(booleans, axis=1))
    np.testing.assert_array_equal(unpacked, booleans)
    if rows:
        np.testing.assert_array_equal(packed, codes.pack_bits(booleans))


def test_the_first_bit_has_the_highest_value():
    # 128 + 2, and bit 8 alone in the second byte.
    booleans = np.array([[1, 0, 0, 0, 0, 0, 1, 0, 1]], bool)

    packed = packing.pack_bits(tf.constant(booleans))

    assert packed.numpy().tolist() == [[130, 128]]


def test_the_number_of_rows_may_be_unknown_when_traced():
    traced = tf.function(
        packing.pack_bits, input_signature=[tf.TensorSpec([None, 9], tf.bool)]
    )
    booleans = np.random.default_rng(0).random((5, 9)) < 0.5

    assert traced.get_concrete_function().structured_outputs.shape[1] == 2
    for rows in (1, 5):
        np.testing.assert_array_equal(
            traced(tf.constant(booleans[:rows])),
            np.packbits(booleans[:rows], axis=1),
        )
