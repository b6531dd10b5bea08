import itertools

import numpy as np
import pytest

from experiments.baselines.shallow import cmssh


def test_half_of_the_drawn_pairs_share_a_label():
    labels = np.eye(5)[np.arange(40) % 5]

    drawn = cmssh.draw_pairs(labels, 200, np.random.default_rng(0))

    shared = (labels[drawn.image] * labels[drawn.text]).sum(axis=1) > 0
    np.testing.assert_array_equal(shared, drawn.sign > 0)
    assert (len(shared), shared.sum()) == (200, 100)


@pytest.mark.parametrize("labels", [np.ones((9, 2)), np.zeros((9, 2))])
def test_labels_that_tell_no_pairs_apart_are_refused(labels):
    with pytest.raises(ValueError, match="give only one kind"):
        cmssh.draw_pairs(labels, 20, np.random.default_rng(0))


def test_the_covariance_of_pairs_is_the_weighted_sum_over_them():
    rng = np.random.default_rng(0)
    image, text = rng.normal(size=(7, 3)), rng.normal(size=(7, 4))
    drawn = cmssh.DrawnPairs(
        *rng.integers(7, size=(2, 30)), np.where(np.arange(30) % 3, 1.0, -1.0)
    )
    weights = rng.dirichlet(np.ones(30))

    found = cmssh.pair_covariance(image, text, drawn, weights)

    means = [
        sum(w * side[i] for w, i in zip(weights, rows, strict=True))
        for side, rows in ((image, drawn.image), (text, drawn.text))
    ]
    expected = sum(
        w * s * np.outer(image[i] - means[0], text[j] - means[1])
        for w, s, i, j in zip(
            weights, drawn.sign, drawn.image, drawn.text, strict=True
        )
    )
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_best_thresholds_are_those_of_a_search_over_all():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 50))
    signed = rng.normal(size=50)
    levels = np.arange(1, 6) / 6

    found = cmssh.best_thresholds(a, b, signed, 5)

    def total(t, u):
        return np.sum(
            signed * np.where(a >= t, 1, -1) * np.where(b >= u, 1, -1)
        )

    tried = itertools.product(np.quantile(a, levels), np.quantile(b, levels))
    best = max(tried, key=lambda pair: abs(total(*pair)))
    np.testing.assert_allclose(found, (*best, total(*best)))


def test_boosting_lowers_the_exponential_loss_with_every_bit(pairs, reported):
    cmssh.CMSSH(pairs=400).fit(pairs, 6, report=reported)

    assert reported[0] < 1
    assert np.all(np.diff(reported) < 0)
