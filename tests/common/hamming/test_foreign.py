import numpy as np
import pytest

from common.hamming import foreign

BITS = np.random.default_rng(0).random([20, 12]) < 0.5


def _read(tmp_path, array, **given):
    path = tmp_path / "codes.npy"
    np.save(path, array)
    return foreign.read(path, **given)


@pytest.mark.parametrize("dtype", (bool, np.uint8, np.int64, np.float16))
def test_a_column_for_each_bit(tmp_path, dtype):
    found = _read(tmp_path, BITS.astype(dtype))

    np.testing.assert_array_equal(found.to_bits(), BITS)


@pytest.mark.parametrize("dtype", (np.int8, np.float32))
def test_signs(tmp_path, dtype):
    found = _read(tmp_path, np.where(BITS, 1, -1).astype(dtype))

    np.testing.assert_array_equal(found.to_bits(), BITS)


@pytest.mark.parametrize("order", foreign.BIT_ORDERS)
def test_packed_bytes_of_either_order(tmp_path, order):
    packed = np.packbits(BITS, axis=1, bitorder=order)

    found = _read(tmp_path, packed, bits=12, bit_order=order)

    np.testing.assert_array_equal(found.to_bits(), BITS)


def test_packed_bytes_that_happen_to_be_0_and_1_are_told_by_their_length(
    tmp_path,
):
    packed = np.array([[0], [1]], np.uint8)

    assert _read(tmp_path, packed, bits=8).bits == 8
    assert _read(tmp_path, packed).bits == 1


@pytest.mark.parametrize(
    ("array", "given", "message"),
    (
        (np.array([[0.5, -0.2]]), {}, "from -0.2 to 0.5. Threshold"),
        (np.array([[-1, 0, 1]]), {}, "from -1 to 1"),
        (np.array([[0, 2]]), {}, "from 0 to 2"),
        (np.zeros(4, np.uint8), {}, "no codes .n, columns.; received uint8"),
        (np.zeros([2, 0], bool), {}, "received bool"),
        (BITS, {"bits": 16}, "codes of 12 bits.*received 16"),
        (np.array([["a"]]), {}, "holds <U1"),
        # Bits beyond the length are set: the other bit order was meant.
        (np.array([[255, 15]], np.uint8), {"bits": 12}, "bit order"),
    ),
)
def test_what_are_no_codes_is_refused(tmp_path, array, given, message):
    with pytest.raises(ValueError, match=message):
        _read(tmp_path, array, **given)


def test_pickled_objects_are_not_loaded(tmp_path):
    with pytest.raises(ValueError, match="not a readable .npy"):
        _read(tmp_path, np.array([object()], object))
