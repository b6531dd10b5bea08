import numpy as np
import pytest

from common.hamming import codes
from common.metrics import diagnostics

# Bit 0 has 1 one of 4, bit 1 none, bit 2 four, bit 3 two. Rows 0 and 3 agree.
CODES = codes.PackedCodes.from_bits(
    np.array(
        [[0, 0, 1, 1], [1, 0, 1, 0], [0, 0, 1, 0], [0, 0, 1, 1]], dtype=bool
    )
)


def test_bit_balance_is_the_share_of_ones():
    balance = diagnostics.bit_balance(CODES)

    assert balance.tolist() == [0.25, 0.0, 1.0, 0.5]


def test_bits_with_one_value_are_constant():
    constant = diagnostics.constant_bits(CODES)

    assert constant.tolist() == [1, 2]


def test_repeated_codes_count_once():
    assert diagnostics.distinct_codes(CODES) == 3


@pytest.mark.parametrize("bits", (1, 64, 65, 200))
def test_statistics_agree_with_the_unpacked_codes(bits):
    random = np.random.default_rng(bits)
    original = (random.random((50, bits)) < 0.5)[random.integers(0, 50, 300)]
    packed = codes.PackedCodes.from_bits(original)

    balance = diagnostics.bit_balance(packed)
    distinct = diagnostics.distinct_codes(packed)

    np.testing.assert_allclose(balance, original.mean(axis=0))
    assert distinct == len({row.tobytes() for row in original})


def test_different_codes_that_sort_alike_are_told_apart(monkeypatch):
    # Ten codes that differ in their first words only, which no longer count.
    monkeypatch.setattr(diagnostics, "_MIXER", np.uint64(0))
    bits = np.zeros((40, 128), bool)
    bits[:, :6] = (np.arange(40) % 10)[:, None] >> np.arange(6) & 1
    packed = codes.PackedCodes.from_bits(bits)

    assert diagnostics.distinct_codes(packed) == 10


def test_no_codes_have_no_statistics():
    empty = codes.PackedCodes.from_bits(np.zeros((0, 8), bool))

    assert diagnostics.distinct_codes(empty) == 0
    with pytest.raises(ValueError, match="at least one code"):
        diagnostics.bit_balance(empty)


def test_bits_correlate_as_their_values_do(monkeypatch):
    monkeypatch.setattr(diagnostics, "_BLOCK", 7)
    random = np.random.default_rng(0)
    first, second = random.random((30, 4)) < 0.5, random.random((30, 9)) < 0.3
    second[:, 0] = ~first[:, 1]

    correlation = diagnostics.bit_correlation(
        codes.PackedCodes.from_bits(first), codes.PackedCodes.from_bits(second)
    )

    expected = np.corrcoef(first, second, rowvar=False)[:4, 4:]
    np.testing.assert_allclose(correlation, expected, atol=1e-12)
    assert correlation[1, 0] == pytest.approx(-1)


def test_constant_bits_correlate_with_none():
    correlation = diagnostics.bit_correlation(CODES, CODES)

    # Of bits 0 and 3, with 1 and 2 ones of 4, none is set in both:
    # (0 - 1/4 * 1/2) / sqrt(3/16 * 1/4).
    assert correlation[0, 3] == pytest.approx(-1 / np.sqrt(3))
    assert correlation[0, 0] == correlation[3, 3] == pytest.approx(1)
    assert not correlation[:, 1:3].any() and not correlation[1:3].any()


def test_correlation_needs_codes_of_the_same_items():
    with pytest.raises(ValueError, match="received 4 and 2 codes"):
        diagnostics.bit_correlation(CODES, CODES.take([0, 1]))
