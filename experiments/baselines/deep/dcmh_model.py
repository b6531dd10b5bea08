"""The networks of DCMH and the turns they take.

Jiang, Li: "Deep Cross-Modal Hashing", CVPR 2017. F [n, K] and G [n, K] are the
outputs of the image and the text network for all training items, B their
codes, S the similarity by labels.
"""

import keras
import numpy as np
import tensorflow as tf

from common.models import base
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.deep import keras_training


class Bank:
    """F, G, B and the labels of all training items.

    A plain object, so that checkpoints leave it out.
    """

    def __init__(self, image, text, labels):
        self.image = tf.Variable(image, trainable=False)
        self.text = tf.Variable(text, trainable=False)
        self.codes = tf.Variable(tf.zeros_like(image), trainable=False)
        self.labels = tf.constant(labels)
        self.update_codes()

    def update_codes(self) -> None:
        """B = sign(F + G), with 1 for 0."""
        votes = self.image + self.text
        self.codes.assign(tf.where(votes >= 0, 1.0, -1.0))


class DCMHModel(base.HashingModel):
    """Image and text network, each trained in turn against the other's bank.

    Args:
        config: Settings, a `dcmh.DCMH`.
        pairs: Training items.
        bits: K.
        seed: Seed of the weights.
    """

    def __init__(self, config, pairs: method.Pairs, bits: int, seed: int):
        super().__init__(bits, pairs.image.shape[1:], pairs.text.shape[1])
        self.image_network = keras_training.two_layers(
            pairs.image, config.image_hidden_units, bits, False, 4 * seed
        )
        self.text_network = keras_training.two_layers(
            pairs.text, config.text_hidden_units, bits, False, 4 * seed + 2
        )
        self.config = config
        self.bank = Bank(
            self.image_network.predict(pairs.image, 1024, verbose=0),
            self.text_network.predict(pairs.text, 1024, verbose=0),
            np.asarray(pairs.labels, np.float32),
        )
        self.add_loss_trackers("image_loss", "text_loss")
        self.built = True

    def compile(self, image_optimizer, text_optimizer, **kwargs) -> None:
        """Gives each network its optimizer, built here."""
        super().compile(optimizer=None, **kwargs)
        self.image_optimizer = image_optimizer
        self.text_optimizer = text_optimizer
        image_optimizer.build(self.image_network.trainable_variables)
        text_optimizer.build(self.text_network.trainable_variables)

    def image_codes(self, images: tf.Tensor) -> tf.Tensor:
        """Outputs of the image network, [n, K]."""
        return self.image_network(images)

    def text_codes(self, texts: tf.Tensor) -> tf.Tensor:
        """Outputs of the text network, [n, K]."""
        return self.text_network(texts)

    def phase_steps(self) -> dict:
        """The two turns of a round."""
        return {"image": self._image_step, "text": self._text_step}

    def _image_step(self, batch):
        loss = self._step(
            batch,
            batch["image"],
            self.image_network,
            self.image_optimizer,
            (self.bank.image, self.bank.text),
        )
        return {"image_loss": loss}

    def _text_step(self, batch):
        loss = self._step(
            batch,
            batch["text"],
            self.text_network,
            self.text_optimizer,
            (self.bank.text, self.bank.image),
        )
        return {"text_loss": loss}

    def _step(self, batch, inputs, network, optimizer, banks):
        own, other = banks
        index = batch["index"][:, None]
        with tf.GradientTape() as tape:
            outputs = network(inputs)
            whole = tf.tensor_scatter_nd_update(own, index, outputs)
            loss = batch_loss(
                outputs,
                whole,
                other,
                tf.gather_nd(self.bank.codes, index),
                batch["labels"] @ tf.transpose(self.bank.labels) > 0,
                self.config.quantization,
                self.config.balance,
                self._theta_scale(),
            )
        variables = network.trainable_variables
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        own.assign(whole)
        return loss

    def _theta_scale(self) -> float:
        counted = self.config.theta_bits
        return counted / self.bits if counted else 1.0


def batch_loss(
    outputs: tf.Tensor,
    whole: tf.Tensor,
    other: tf.Tensor,
    codes: tf.Tensor,
    similar: tf.Tensor,
    quantization: float,
    balance: float,
    scale: float = 1.0,
) -> tf.Tensor:
    """A network's part of the objective on a batch, over n times B.

        -sum_ij (S_ij T_ij - log(1 + e^T_ij)) + gamma |B - F|^2
            + eta / n |F' 1|^2,    T = F_batch G' / 2

    Deviation: the last term is divided by n. As printed its slope is that of
    n items that move together, while all but the batch's rows of F lag
    behind: it oscillates, and the codes stay at chance.

    Deviation: T is multiplied by `scale`. It grows with the code length until
    the likelihood of every pair is certain and has no gradient left.

    Args:
        outputs: Rows of F in the batch, [B, K].
        whole: F with these rows in place, [n, K].
        other: G, [n, K].
        codes: B of the batch, [B, K].
        similar: S, whether an item shares a label, [B, n] bool.
        quantization: gamma.
        balance: eta.
        scale: What T is multiplied by.
    """
    products = 0.5 * scale * outputs @ tf.transpose(other)
    similar = tf.cast(similar, tf.float32)
    likelihood = tf.reduce_sum(similar * products - tf.nn.softplus(products))
    off = tf.reduce_sum(tf.square(codes - outputs))
    count = tf.cast(tf.shape(whole)[0], tf.float32)
    unbalanced = tf.reduce_sum(tf.square(tf.reduce_sum(whole, axis=0))) / count
    total = -likelihood + quantization * off + balance * unbalanced
    return total / tf.cast(tf.size(similar), tf.float32)


class TakeTurns(keras.callbacks.Callback):
    """Image network, text network, codes: one round in two epochs."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Chooses the network that learns."""
        self.model.set_phase(("image", "text")[epoch % 2])

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Takes new codes when both have had their turn."""
        if epoch % 2:
            self.model.bank.update_codes()


def fit(
    config, pairs: method.Pairs, bits: int, seed: int, report: method.Report
) -> models.Model:
    """Trains both networks and returns them as arrays.

    Args:
        config: Settings, a `dcmh.DCMH`.
        pairs: Training items with labels.
        bits: K.
        seed: Seed of weights and batches.
        report: Called after each epoch, two a round.
    """
    model = DCMHModel(config, pairs, bits, seed)
    steps = config.epochs * max(1, len(pairs) // config.batch_size)
    optimizers = {name: _optimizer(config, steps) for name in ("image", "text")}
    model.compile(optimizers["image"], optimizers["text"], jit_compile=False)
    epochs = 2 * config.epochs
    keras_training.train(
        model,
        pairs,
        config.batch_size,
        epochs,
        [TakeTurns(), keras_training.Reports(report, epochs, "image_loss")],
        optimizers,
        seed,
    )
    return models.Model(
        keras_training.as_arrays(model.image_network, pairs.image),
        keras_training.as_arrays(model.text_network, pairs.text),
    )


def _optimizer(config, steps) -> keras.optimizers.Optimizer:
    rate = keras.optimizers.schedules.PolynomialDecay(
        config.learning_rate, steps, config.last_learning_rate
    )
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate)
    return keras.optimizers.Adam(rate)
