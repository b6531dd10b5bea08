import numpy as np
import pytest
import tensorflow as tf

from ssah import multiscale


def test_averages_drop_the_words_after_the_last_window():
    texts = tf.constant([[1.0, 3.0, 0.0, 4.0, 9.0]])

    np.testing.assert_allclose(multiscale.average(texts, 2), [[2.0, 2.0]])
    np.testing.assert_allclose(multiscale.average(texts, 5), [[3.4]])
    np.testing.assert_allclose(multiscale.average(texts, 1), texts)


def test_levels_are_stretched_as_tensorflow_1_resized():
    values = tf.constant([[10.0, 20.0, 40.0]])

    stretched = multiscale.stretch(values, *multiscale.interpolation(3, 6))

    # Value j lies at j / 2: every second one is a value, the next their mean,
    # and what lies behind the last is the last.
    np.testing.assert_allclose(stretched, [[10, 15, 20, 30, 40, 40]])


@pytest.mark.parametrize(("length", "width"), ((1, 7), (7, 7), (46, 1386)))
def test_stretching_is_what_the_old_resize_did(length, width):
    values = np.random.default_rng(0).normal(size=(2, length))
    values = values.astype(np.float32)

    stretched = multiscale.stretch(
        tf.constant(values), *multiscale.interpolation(length, width)
    )

    expected = tf.compat.v1.image.resize_bilinear(
        values[:, None, :, None],
        [1, width],
        align_corners=False,
        half_pixel_centers=False,
    )
    np.testing.assert_allclose(stretched, expected[:, 0, :, 0], atol=1e-4)


@pytest.mark.parametrize(
    ("words", "lengths"),
    (
        (1386, [277, 138, 92, 46, 27]),
        (1000, [200, 100, 66, 33, 20]),
        (2000, [400, 200, 133, 66, 40]),
    ),
)
def test_the_released_windows_give_the_released_lengths(words, lengths):
    windows = multiscale.WINDOWS["released"]

    pooled = multiscale.MultiScale(words, windows, resized=False)
    stretched = multiscale.MultiScale(words, windows, resized=True)

    assert [words // window for window in windows] == lengths
    assert pooled.output_dim == words + sum(lengths)
    assert stretched.output_dim == 6 * words


def test_a_block_starts_as_the_words_beside_their_averages():
    block = multiscale.MultiScale(4, (2, 4), resized=False)

    found = block(tf.constant([[1.0, 0.0, 1.0, 1.0]]))

    np.testing.assert_allclose(found, [[1, 0, 1, 1, 0.5, 1.0, 0.75]], atol=1e-6)


def test_a_level_of_single_words_takes_the_place_of_the_words():
    block = multiscale.MultiScale(4, (1, 2), resized=False)

    found = block(tf.constant([[1.0, 0.0, 1.0, 1.0]]))

    assert block.output_dim == 6
    np.testing.assert_allclose(found, [[1, 0, 1, 1, 0.5, 1.0]], atol=1e-6)


def test_windows_wider_than_the_bag_of_words_are_left_out():
    block = multiscale.MultiScale(12, (5, 10, 15), resized=True)

    assert block.windows == (5, 10)
    assert block(tf.ones([3, 12])).shape == (3, 36)


@pytest.mark.parametrize("resized", (False, True))
@pytest.mark.parametrize("levels", multiscale.WINDOWS)
@pytest.mark.parametrize("weight", (-30.0, -1.0, 0.0, 1.0))
def test_every_level_lives_and_learns(resized, levels, weight):
    block = multiscale.MultiScale(60, multiscale.WINDOWS[levels], resized)
    block.scales.assign([weight] * 5)
    texts = tf.ones([2, 60])

    with tf.GradientTape() as tape:
        found = block(texts)
        total = tf.reduce_sum(found)
    slopes = tape.gradient(total, block.scales.value)

    # Even a very negative weight gives a level that is not zero for ever.
    assert (found.numpy() > 0).all()
    assert (slopes.numpy() > 0).all()


def test_windows_follow_the_order_and_the_words_themselves_do_not():
    block = multiscale.MultiScale(4, (2,), False, order=np.array([0, 2, 1, 3]))
    texts = tf.constant([[1.0, 10.0, 3.0, 20.0]])

    # Means of columns 0 and 2, and of 1 and 3; the scale starts at 1.
    np.testing.assert_allclose(block(texts), [[1, 10, 3, 20, 2, 15]], rtol=1e-6)
