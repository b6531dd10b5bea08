import numpy as np
import pytest

from experiments.baselines.shallow import ccq


@pytest.fixture
def state():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(400, 6))
    views = [
        shared @ rng.normal(size=(6, width)) + rng.normal(size=(400, width))
        for width in (20, 18)
    ]
    config = ccq.CCQ(text_weight=0.5)
    return ccq._Quantisation(config, views, 16, np.random.default_rng(1))


def test_maps_and_codebooks_each_lower_the_objective(state):
    for _ in range(3):
        before = state.objective()
        state.update_maps()
        between = state.objective()
        assert between < before
        state.update_codebooks()
        assert state.objective() < between
        state.update_words()


def test_maps_have_orthonormal_columns(state):
    state.update_maps()

    for found in state.maps:
        np.testing.assert_allclose(found.T @ found, np.eye(16), atol=1e-9)


def test_words_are_greedy_over_what_is_left():
    books = np.zeros((2, 256, 2))
    books[0, 5], books[0, 6:] = [4.0, 0.0], 99.0
    books[1, 7], books[1, 8:] = [-1.0, 1.0], 99.0

    words = ccq.nearest_words(np.array([[3.0, 1.0], [0.4, 0.0]]), books)

    # (3, 1) less (4, 0) is (-1, 1); (0.4, 0) is nearest to zeros twice.
    np.testing.assert_array_equal(words, [[5, 7], [0, 0]])
    np.testing.assert_array_equal(
        ccq.composed(words, books), [[3.0, 1.0], [0.0, 0.0]]
    )


def test_codes_are_word_numbers_and_give_their_sum_back():
    rng = np.random.default_rng(0)
    books = rng.normal(size=(2, 256, 3))
    view = ccq.Quantised(np.zeros(3), np.ones(3), np.eye(3), books)
    points = rng.normal(size=(4, 3))

    bits = view.encode(points)

    words = ccq.nearest_words(points, books)
    assert bits.shape == (4, 16)
    # The first codebook's number is the first eight bits, highest first.
    np.testing.assert_array_equal(
        bits[:, :8] @ (1 << np.arange(8)[::-1]), words[:, 0]
    )
    np.testing.assert_allclose(view.decode(bits), ccq.composed(words, books))


def test_the_asymmetric_score_ranks_as_the_distance_to_the_query():
    rng = np.random.default_rng(0)
    queries, sums = rng.normal(size=(3, 4)), rng.normal(size=(9, 4))

    scores = ccq.asymmetric_scores(queries, sums)

    distances = np.sum((queries[:, None] - sums) ** 2, axis=2)
    lengths = np.sum(queries**2, axis=1, keepdims=True)
    np.testing.assert_allclose(scores, lengths - distances)


@pytest.mark.parametrize("bits", [4, 12])
def test_a_length_that_is_no_multiple_of_8_is_refused(pairs, bits):
    with pytest.raises(ValueError, match=f"multiple of 8; received {bits}"):
        ccq.CCQ().fit(pairs, bits)


def test_fewer_pairs_than_words_are_refused(pairs):
    with pytest.raises(ValueError, match="received 120"):
        ccq.CCQ().fit(pairs, 8)
