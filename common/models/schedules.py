"""Learning rates as functions of the step, so that they resume exactly."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("common")
class StepDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies the rate by a factor at even distances, down to a floor.

    A first stretch, such as pretraining, may have a rate of its own.

    Args:
        initial: Rate of the first period.
        decay_steps: Length of a period.
        factor: What each finished period multiplies the rate by.
        minimum: Floor of the decaying rate.
        warmup: Rate of the steps before the first period.
        warmup_steps: How many those are.
    """

    def __init__(
        self,
        initial: float,
        decay_steps: int,
        factor: float,
        minimum: float = 0.0,
        warmup: float = 0.0,
        warmup_steps: int = 0,
    ):
        self.initial = initial
        self.decay_steps = decay_steps
        self.factor = factor
        self.minimum = minimum
        self.warmup = warmup
        self.warmup_steps = warmup_steps

    def __call__(self, step) -> tf.Tensor:
        """Rate at a step, a float32 scalar."""
        into = tf.cast(step, tf.float32) - self.warmup_steps
        periods = tf.floor(tf.maximum(into, 0.0) / self.decay_steps)
        rate = self.initial * tf.pow(self.factor, periods)
        decayed = tf.maximum(rate, min(self.minimum, self.initial))
        return tf.where(into < 0, self.warmup, decayed)

    def get_config(self) -> dict:
        """Arguments that make an equal schedule."""
        return {
            "initial": self.initial,
            "decay_steps": self.decay_steps,
            "factor": self.factor,
            "minimum": self.minimum,
            "warmup": self.warmup,
            "warmup_steps": self.warmup_steps,
        }
