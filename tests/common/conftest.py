import numpy as np
import pytest

from common.hamming import kernel


@pytest.fixture(params=("compiled", "plain"))
def scans(request, monkeypatch):
    """The compiled scans, then NumPy in their place."""
    if request.param == "plain":
        monkeypatch.setattr(kernel, "library", lambda: None)
    return request.param


@pytest.fixture(scope="session")
def linear():
    """A hashing model whose phases `image` and `text` train one kernel each.

    The class is made here so that tests without TensorFlow start at once.
    """
    import keras
    import tensorflow as tf

    from common.models import base

    class Linear(base.HashingModel):
        def __init__(self, bits=12, image_dim=12, text_dim=15, seed=0):
            super().__init__(bits, (image_dim,), text_dim)
            self.image_kernel = _kernel(image_dim, bits, seed)
            self.text_kernel = _kernel(text_dim, bits, seed + 1)
            self.phase = "image"
            self.loss_tracker = keras.metrics.Mean(name="loss")
            self.built = True

        def compile(self, rate=0.05):
            super().compile(optimizer=None, jit_compile=False)
            self.image_optimizer = keras.optimizers.Adam(rate)
            self.text_optimizer = keras.optimizers.Adam(rate)
            self.image_optimizer.build([self.image_kernel])
            self.text_optimizer.build([self.text_kernel])

        def image_codes(self, images):
            return tf.matmul(images, self.image_kernel)

        def text_codes(self, texts):
            return tf.matmul(texts, self.text_kernel)

        def set_phase(self, phase):
            self.phase = phase
            self.train_function = None

        def train_step(self, batch):
            kernel = getattr(self, f"{self.phase}_kernel")
            optimizer = getattr(self, f"{self.phase}_optimizer")
            self.loss_tracker.update_state(self._step(batch, kernel, optimizer))
            return {f"{self.phase}_loss": self.loss_tracker.result()}

        def _step(self, batch, kernel, optimizer):
            with tf.GradientTape() as tape:
                gap = self.image_codes(batch["image"]) - self.text_codes(
                    batch["text"]
                )
                loss = tf.reduce_mean(tf.square(gap))
            optimizer.apply_gradients([(tape.gradient(loss, kernel), kernel)])
            return loss

    def _kernel(rows, columns, seed):
        values = np.random.default_rng(seed).normal(size=(rows, columns))
        return keras.Variable(values.astype(np.float32))

    return Linear


@pytest.fixture
def batches(data):
    """Three batches of 40 pairs."""
    import tensorflow as tf

    pairs = {
        "image": data.image,
        "text": data.text.astype(np.float32),
    }
    return tf.data.Dataset.from_tensor_slices(pairs).batch(40)
