import numpy as np

from experiments.baselines.shallow import pdh


def test_whitened_bits_are_uncorrelated_and_nearest_to_what_they_were():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(400, 4)) @ rng.normal(size=(4, 4))
    bits = pdh.balanced_bits(scores)

    found = pdh.whitened(bits)

    np.testing.assert_allclose(found.T @ found / 400, np.eye(4), atol=1e-9)
    # The symmetric root turns no bit against itself.
    assert np.all(np.sum(found * bits, axis=0) > 0)
    np.testing.assert_array_equal(pdh.decorrelated(bits).sum(axis=0), 0)


def test_uncorrelated_balanced_bits_stay_as_they_are():
    bits = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])

    np.testing.assert_array_equal(pdh.decorrelated(bits), bits)


def test_the_views_come_to_agree_and_no_bit_is_constant(pairs, reported):
    model = pdh.PDH().fit(pairs, 6, report=reported)

    assert reported[-1] > max(0.8, reported[0] - 0.01)
    for bits in (model.image_bits(pairs.image), model.text_bits(pairs.text)):
        # A score that equals the median is a 1.
        np.testing.assert_array_less(abs(bits.mean(axis=0) - 0.5), 0.15)


def test_only_the_first_pairs_are_used(pairs):
    whole = pdh.PDH(max_pairs=50).fit(pairs, 4)
    first = pdh.PDH().fit(pairs.first(50), 4)

    np.testing.assert_array_equal(whole.image.weights, first.image.weights)
