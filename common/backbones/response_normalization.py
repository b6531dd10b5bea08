"""Local response normalisation, as image networks of 2012 to 2014 have it."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("common")
class ResponseNormalization(keras.layers.Layer):
    """Divides each response by what its neighbouring channels say.

    Over windows of five channels, cut off at the borders:

        y_c = x_c / (2 + 1e-4 * sum_{|k - c| <= 2} x_k^2)^0.75

    alpha is not divided by the window's width, as some libraries do. At small
    responses it divides by 2^0.75 = 1.68 and does little else.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalises [..., channels]."""
        shape = tf.shape(inputs)
        normalized = tf.nn.local_response_normalization(
            # Under mixed precision; a CPU has no kernel for bfloat16.
            tf.cast(
                tf.reshape(inputs, [-1, 1, 1, inputs.shape[-1]]), tf.float32
            ),
            depth_radius=2,
            bias=2.0,
            alpha=1e-4,
            beta=0.75,
        )
        return tf.cast(tf.reshape(normalized, shape), inputs.dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The shape of the inputs."""
        return input_shape
