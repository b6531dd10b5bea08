import numpy as np
import pytest
import tensorflow as tf

from common.hamming import tensor_scan
from tests import hamming_cases as cases


@pytest.mark.parametrize("length", (1, 12, 64, 65, 200))
def test_distances_count_differing_bits(length):
    queries, database = cases.bits(5, length), cases.bits(33, length, seed=1)

    found = tensor_scan.hamming_distances(
        cases.pack(queries).rows, cases.pack(database).rows
    )

    expected = cases.brute_distances(queries, database)
    np.testing.assert_array_equal(found, expected)


def test_codes_of_unknown_number_are_searched_inside_a_function(monkeypatch):
    monkeypatch.setattr(tensor_scan, "_BLOCK_DISTANCES", 40)
    rows = tf.TensorSpec([None, 3], tf.uint8)

    @tf.function(input_signature=[rows, rows])
    def search(queries, database):
        return tensor_scan.nearest(queries, database, 9)

    for number in (5, 2):
        queries, database = cases.bits(number, 20), cases.bits(50, 20, seed=1)
        distances, positions = search(
            cases.pack(queries).rows, cases.pack(database).rows
        )

        ranking = cases.brute_ranking(
            cases.brute_distances(queries, database), np.arange(50)
        )
        expected = np.array([row[:9] for row in ranking])
        np.testing.assert_array_equal(distances, expected[:, :, 0])
        np.testing.assert_array_equal(positions, expected[:, :, 1])
