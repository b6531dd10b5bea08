import numpy as np
import pytest

from experiments.baselines.shallow import algebra
from experiments.baselines.shallow import cvh
from experiments.baselines.shallow import scm


def test_cvh_s_first_bit_is_the_direction_of_largest_correlation(pairs):
    model = cvh.CVH(ridge=1e-9).fit(pairs, 3)

    image = model.image.scores(pairs.image)
    text = model.text.scores(pairs.text)

    rng = np.random.default_rng(0)
    reached = _correlation(image[:, 0], text[:, 0])
    assert reached >= _correlation(image[:, 1], text[:, 1])
    for _ in range(50):
        other = _correlation(
            pairs.image @ rng.normal(size=12), pairs.text @ rng.normal(size=15)
        )
        assert other < reached


def test_cvh_s_bits_are_uncorrelated(pairs):
    scores = cvh.CVH(ridge=1e-9).fit(pairs, 5).image.scores(pairs.image)

    # Centred columns of unit length.
    np.testing.assert_allclose(scores.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(scores.T @ scores, np.eye(5), atol=1e-6)


def test_the_semantic_covariance_is_that_of_the_whole_similarity():
    rng = np.random.default_rng(0)
    image, text = rng.normal(size=(6, 3)), rng.normal(size=(6, 4))
    labels = np.array([[1, 1], [1, 0], [0, 1], [0, 0], [1, 1], [0, 1]])

    found = scm.semantic_covariance(image, text, labels, bits=8)

    lengths = np.maximum(np.sqrt(labels.sum(axis=1)), 1)
    cosine = labels @ labels.T / np.outer(lengths, lengths)
    whole = 8 * image.T @ (2 * cosine - 1) @ text
    np.testing.assert_allclose(found, whole, atol=1e-9)


def test_scm_orth_has_the_largest_semantic_covariance_first(pairs):
    model = scm.SCM(sequential=False).fit(pairs, 6)

    labels = pairs.labels / np.linalg.norm(pairs.labels, axis=1)[:, None]
    similarity = 2 * labels @ labels.T - 1
    image = model.image.scores(pairs.image)
    text = model.text.scores(pairs.text)
    values = np.diag(image.T @ similarity @ text)

    # Three classes have two directions of between-class scatter.
    assert np.all(np.diff(values) <= 1e-9 * values[0])
    assert values[1] > 1e3 * abs(values[2])


def test_scm_seq_explains_less_with_each_bit(pairs, reported):
    model = scm.SCM(sequential=True).fit(pairs, 6, report=reported)

    assert np.all(np.diff(reported) <= 0)
    # Each is the largest singular value of what K S has left.
    image = pairs.image - pairs.image.mean(axis=0, dtype=np.float64)
    text = pairs.text - pairs.text.mean(axis=0, dtype=np.float64)
    whitening = algebra.Whitening(image, text, scm.SCM().ridge)
    image_signs = np.where(model.image_bits(pairs.image), 1.0, -1.0)
    text_signs = np.where(model.text_bits(pairs.text), 1.0, -1.0)
    labels = pairs.labels / np.linalg.norm(pairs.labels, axis=1)[:, None]
    left = 6 * (2 * labels @ labels.T - 1)
    for bit, value in enumerate(reported):
        white = whitening.cross(image.T @ left @ text)
        assert value == pytest.approx(np.linalg.norm(white, 2), rel=1e-6)
        left -= np.outer(image_signs[:, bit], text_signs[:, bit])


def _correlation(left, right):
    return abs(np.corrcoef(left, right)[0, 1])
