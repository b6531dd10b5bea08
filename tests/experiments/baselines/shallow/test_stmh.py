import numpy as np
import pytest

from experiments.baselines.shallow import stmh


@pytest.mark.parametrize("bits", [6, 7])
def test_every_code_has_half_of_its_bits_set(pairs, bits):
    model = stmh.STMH(rounds=3).fit(pairs, bits)

    for codes in (model.image_bits(pairs.image), model.text_bits(pairs.text)):
        assert set(codes.sum(axis=1)) == {bits // 2}


def test_a_text_takes_the_nearest_columns_of_its_topics(pairs):
    state = _state(pairs)
    state.round()
    weights, offsets = state.text_map()
    text = state._text[:1]

    scores = text @ weights + offsets

    distances = np.sum((text - state.text_features) ** 2, axis=1)
    np.testing.assert_array_equal(np.argsort(-scores[0]), np.argsort(distances))


def test_each_row_s_image_topics_solve_its_own_weighted_regression(pairs):
    state = _state(pairs)
    state.round()
    r, lam, gamma = state._r, state._lam, state._gamma

    found = state._next_image_topics()

    features, link = state.image_features, state.link
    for i in (0, 7):
        d = state.robust[i]
        left = r * d * features @ features.T + lam * link @ link.T
        right = r * d * features @ state._image[i]
        right = right + lam * link @ state.text_topics[i]
        expected = np.linalg.solve(left + gamma * np.eye(6), right)
        np.testing.assert_allclose(found[i], expected, rtol=1e-6, atol=1e-9)


def test_one_bit_is_refused(pairs):
    with pytest.raises(ValueError, match="needs at least 2; received 1"):
        stmh.STMH().fit(pairs, 1)


def _state(pairs):
    views = [v - v.mean(axis=0) for v in (pairs.image, pairs.text)]
    return stmh._Topics(stmh.STMH(), *views, 6, np.random.default_rng(0))
