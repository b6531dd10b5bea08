import keras
import numpy as np
import pytest
import tensorflow as tf

from common.models import schedules


def _rates(schedule, steps):
    return [float(schedule(tf.constant(step, tf.int64))) for step in steps]


def test_every_finished_period_multiplies_the_rate():
    schedule = schedules.StepDecay(0.8, decay_steps=10, factor=0.5)

    rates = _rates(schedule, [0, 9, 10, 19, 20, 30])

    np.testing.assert_allclose(rates, [0.8, 0.8, 0.4, 0.4, 0.2, 0.1], rtol=1e-6)


def test_the_rate_never_falls_below_its_floor():
    schedule = schedules.StepDecay(0.8, 10, factor=0.1, minimum=0.05)

    rates = _rates(schedule, [0, 10, 20, 1000])

    # 0.8, 0.08, then 0.008 and less are raised to 0.05.
    np.testing.assert_allclose(rates, [0.8, 0.08, 0.05, 0.05], rtol=1e-6)


def test_a_floor_does_not_raise_a_rate_that_starts_below_it():
    schedule = schedules.StepDecay(0.01, 10, factor=0.5, minimum=0.05)

    rates = _rates(schedule, [0, 100])

    np.testing.assert_allclose(rates, [0.01, 0.01], rtol=1e-6)


def test_a_first_stretch_has_its_own_rate_and_delays_the_periods():
    schedule = schedules.StepDecay(
        0.8, 10, factor=0.5, minimum=0.3, warmup=0.1, warmup_steps=5
    )

    rates = _rates(schedule, [0, 4, 5, 14, 15, 25])

    # The floor of 0.3 holds for the decaying rate, not for the 0.1.
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.8, 0.8, 0.4, 0.3], rtol=1e-6)


def test_a_factor_of_one_keeps_the_rate():
    schedule = schedules.StepDecay(0.3, 1, factor=1.0)

    np.testing.assert_allclose(
        _rates(schedule, [0, 1, 10**6]), [0.3] * 3, rtol=1e-6
    )


def test_an_equal_schedule_is_made_from_its_config():
    schedule = schedules.StepDecay(0.8, 10, 0.5, 0.3, 0.1, 5)

    again = schedules.StepDecay.from_config(schedule.get_config())

    steps = range(0, 40, 3)
    assert _rates(again, steps) == _rates(schedule, steps)


@pytest.mark.parametrize("start", [0, 2])
def test_an_optimizer_uses_the_rate_of_its_own_step(start):
    # Plain SGD on a gradient of 1 moves by the rate: 0.5, 0.5, 0.25, 0.25.
    schedule = schedules.StepDecay(0.5, 2, factor=0.5)
    optimizer = keras.optimizers.SGD(schedule)
    variable = keras.Variable(10.0)
    optimizer.build([variable])
    optimizer.iterations.assign(start)

    for _ in range(4 - start):
        optimizer.apply_gradients([(tf.ones([]), variable)])

    moved = {0: 1.5, 2: 0.5}[start]
    assert float(variable) == pytest.approx(10 - moved)
