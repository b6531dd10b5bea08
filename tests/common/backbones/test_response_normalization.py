import numpy as np
import pytest
import tensorflow as tf

from common.backbones import response_normalization


@pytest.mark.parametrize("shape", [(3, 7), (2, 4, 5, 7)])
def test_each_channel_is_divided_by_a_power_of_five_squares(shape):
    inputs = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    inputs *= 60

    found = response_normalization.ResponseNormalization()(tf.constant(inputs))

    expected = np.empty_like(inputs)
    for channel in range(7):
        # Windows end at the first and at the last channel.
        window = inputs[..., max(0, channel - 2) : channel + 3]
        squares = np.square(window).sum(axis=-1)
        divisor = (2 + 1e-4 * squares) ** 0.75
        expected[..., channel] = inputs[..., channel] / divisor
    np.testing.assert_allclose(found, expected, rtol=1e-5)
