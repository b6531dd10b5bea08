"""Learning rates as functions of the step, so that they resume exactly."""

import keras
import tensorflow as tf


class StepDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies the rate by a factor at even distances, down to a floor.

    Args:
        initial: Rate of the first steps.
        constant_steps: Steps before the first period starts.
        decay_steps: Length of a period.
        factor: What each finished period multiplies the rate by.
        minimum: Floor of the rate.
    """

    def __init__(
        self,
        initial: float,
        constant_steps: int,
        decay_steps: int,
        factor: float,
        minimum: float = 0.0,
    ):
        self.initial = initial
        self.constant_steps = constant_steps
        self.decay_steps = decay_steps
        self.factor = factor
        self.minimum = minimum

    def __call__(self, step) -> tf.Tensor:
        """Rate at a step, a float32 scalar."""
        into = tf.maximum(tf.cast(step, tf.float32) - self.constant_steps, 0.0)
        periods = tf.floor(into / self.decay_steps)
        rate = self.initial * tf.pow(self.factor, periods)
        return tf.maximum(rate, min(self.minimum, self.initial))

    def get_config(self) -> dict:
        """Arguments that make an equal schedule."""
        return {
            "initial": self.initial,
            "constant_steps": self.constant_steps,
            "decay_steps": self.decay_steps,
            "factor": self.factor,
            "minimum": self.minimum,
        }
