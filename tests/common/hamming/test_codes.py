import numpy as np
import pytest

from common.hamming import codes

LENGTHS = (1, 7, 8, 12, 16, 63, 64, 65, 128, 200)


def _random_bits(n, bits):
    return np.random.default_rng(bits).random((n, bits)) < 0.5


def test_bit_j_is_in_byte_j_div_8_with_value_128_shifted_by_j_mod_8():
    for j in range(20):
        bits = np.zeros((1, 20), bool)
        bits[0, j] = True

        packed = codes.pack_bits(bits)

        expected = np.zeros((1, 3), np.uint8)
        expected[0, j // 8] = 128 >> (j % 8)
        np.testing.assert_array_equal(packed, expected)


def test_packing_a_known_code():
    bits = np.array([[1, 0, 1, 0, 0, 0, 0, 1, 1, 1]], bool)

    packed = codes.pack_bits(bits)

    # 128 + 32 + 1 = 161; the last two bits are 128 + 64 = 192.
    assert packed.tolist() == [[161, 192]]


@pytest.mark.parametrize("bits", LENGTHS)
def test_unpacking_undoes_packing(bits):
    original = _random_bits(9, bits)

    packed = codes.pack_bits(original)
    restored = codes.unpack_bits(packed, bits)

    assert packed.shape == (9, -(-bits // 8))
    assert restored.dtype == np.bool_
    np.testing.assert_array_equal(restored, original)


@pytest.mark.parametrize("bits", LENGTHS)
def test_words_hold_each_code_and_nothing_else(bits):
    original = _random_bits(9, bits)

    words = codes.PackedCodes.from_bits(original).words

    assert words.dtype == np.uint64
    assert words.shape == (9, -(-bits // 64))
    ones = np.bitwise_count(words).sum(axis=1)
    np.testing.assert_array_equal(ones, original.sum(axis=1))


@pytest.mark.parametrize("bits", LENGTHS)
def test_words_of_different_codes_differ_in_the_same_number_of_bits(bits):
    first, second = _random_bits(2, bits)

    words = codes.PackedCodes.from_bits(np.stack([first, second])).words

    differing = np.bitwise_count(words[0] ^ words[1]).sum()
    assert differing == np.count_nonzero(first != second)


def test_words_are_made_once_and_share_the_memory_of_full_rows():
    packed = codes.PackedCodes.from_bits(_random_bits(9, 128))

    words = packed.words

    assert packed.words is words
    assert np.shares_memory(words, packed.rows)


@pytest.mark.parametrize("bits", (12, 64))
def test_rows_may_be_memory_mapped(tmp_path, bits):
    original = _random_bits(9, bits)
    codes.pack_bits(original).tofile(tmp_path / "rows")
    shape = (9, -(-bits // 8))

    rows = np.memmap(tmp_path / "rows", np.uint8, mode="r", shape=shape)
    packed = codes.PackedCodes(rows, bits)

    assert packed.rows is rows
    np.testing.assert_array_equal(packed.to_bits(), original)
    ones = np.bitwise_count(packed.words).sum(axis=1)
    np.testing.assert_array_equal(ones, original.sum(axis=1))


def test_take_selects_in_the_given_order_with_repeats():
    original = _random_bits(9, 12)
    packed = codes.PackedCodes.from_bits(original)

    taken = packed.take([7, 0, 7])

    assert len(taken) == 3
    assert taken.bits == 12
    np.testing.assert_array_equal(taken.to_bits(), original[[7, 0, 7]])


def test_take_of_nothing_is_empty():
    packed = codes.PackedCodes.from_bits(_random_bits(9, 12))

    taken = packed.take([])

    assert len(taken) == 0
    assert taken.words.shape == (0, 1)


def test_take_refuses_a_mask_because_it_is_not_a_list_of_positions():
    packed = codes.PackedCodes.from_bits(_random_bits(3, 12))

    with pytest.raises(ValueError, match="integer positions, received bool"):
        packed.take([True, False, True])


def test_no_codes_at_all_are_valid():
    packed = codes.PackedCodes.from_bits(np.zeros((0, 65), bool))

    assert len(packed) == 0
    assert packed.words.shape == (0, 2)
    assert packed.to_bits().shape == (0, 65)


@pytest.mark.parametrize(
    "bits",
    (
        np.zeros((2, 8)),
        np.ones((2, 8), np.int8),
        np.zeros(8, bool),
        np.zeros((2, 0), bool),
    ),
)
def test_only_boolean_matrices_are_packed(bits):
    with pytest.raises(ValueError, match="boolean"):
        codes.pack_bits(bits)


@pytest.mark.parametrize(
    "rows",
    (
        np.zeros((2, 2), np.int8),
        np.zeros((2, 1), np.uint8),
        np.zeros((2, 3), np.uint8),
        np.zeros(2, np.uint8),
        [[0, 0]],
    ),
)
def test_rows_of_another_type_or_width_are_refused(rows):
    with pytest.raises(ValueError, match=r"uint8 array \[n, 2\]"):
        codes.PackedCodes(rows, 12)


def test_a_set_padding_bit_is_refused():
    valid = np.array([[255, 0b11110000]], np.uint8)
    invalid = np.array([[255, 0b11111000]], np.uint8)

    assert codes.PackedCodes(valid, 12).to_bits().all()
    with pytest.raises(ValueError, match="padding"):
        codes.PackedCodes(invalid, 12)


@pytest.mark.parametrize("bits", (0, -8, 8.0, True, None))
def test_a_code_length_is_a_positive_integer(bits):
    with pytest.raises(ValueError, match="code length"):
        codes.PackedCodes(np.zeros((1, 1), np.uint8), bits)
