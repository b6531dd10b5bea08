"""The networks of DCMH and the turns they take.

Jiang, Li: "Deep Cross-Modal Hashing", CVPR 2017. F [n, K] and G [n, K] are the
outputs of the image and the text network for all training items, B their
codes, S the similarity by labels.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from common.data import subset
from experiments.baselines.deep import dcmh
from experiments.baselines.deep import keras_training


@keras.saving.register_keras_serializable("experiments")
class Bank(keras.layers.Layer):
    """F, G and B of all training items, which training only changes in part.

    Args:
        items: n.
        bits: K.
    """

    def __init__(self, items: int, bits: int, **kwargs: Any):
        super().__init__(**kwargs)
        self._settings = {"items": items, "bits": bits}
        self.image, self.text, self.codes = (
            self.add_weight(
                shape=(items, bits),
                initializer="zeros",
                dtype="float32",
                trainable=False,
                name=name,
            )
            for name in ("image", "text", "codes")
        )
        self.built = True

    def fill(self, image: np.ndarray, text: np.ndarray) -> None:
        """Takes F and G, [n, K] each, and the codes that follow."""
        self.image.assign(image)
        self.text.assign(text)
        self.update_codes()

    def update_codes(self) -> None:
        """B = sign(F + G), with 1 for 0."""
        votes = self.image + self.text
        self.codes.assign(tf.where(votes >= 0, 1.0, -1.0))

    def get_config(self) -> dict:
        """Arguments that make a bank of the same size."""
        return super().get_config() | self._settings


@keras.saving.register_keras_serializable("experiments")
class DCMHModel(keras_training.TwoViews):
    """Image and text network, each trained in turn against the other's bank.

    Args:
        config: Settings, a `dcmh.DCMH`.
        seed: Seed of the weights and of the batches.
        **kwargs: `bits`, changed settings, and those of
            `common.models.configured.ConfiguredModel`.
    """

    settings_class = dcmh.DCMH
    player_names = ("image", "text")
    loss_names = ("image_loss", "text_loss")
    # Of all training items, [n, c]; `turns` sets them.
    labels = None

    def build_networks(self) -> None:
        """Both networks, and a bank for all training items."""
        config = self.config
        first = 4 * self.seed
        self.image_network = self.make_network(
            "image", config.image_hidden_units, False, first
        )
        self.text_network = self.make_network(
            "text", config.text_hidden_units, False, first + 2
        )
        self.bank = Bank(self.measured["rows"], self.bits)

    def settings_for(self, rows: int) -> dcmh.DCMH:
        """The settings, with their length for so many rows."""
        return self.config.for_rows(rows)

    @property
    def players(self) -> dict[str, list[keras.Variable]]:
        """Weights of either network."""
        return {
            "image": self.image_network.trainable_variables,
            "text": self.text_network.trainable_variables,
        }

    def preset_optimizers(
        self, steps_per_epoch: int
    ) -> dict[str, keras.optimizers.Optimizer]:
        """Optimizers whose rates fall on a straight line."""
        config = self.run_config
        return {
            name: _optimizer(config, config.epochs * steps_per_epoch)
            for name in self.player_names
        }

    @property
    def schedule_epochs(self) -> int:
        """Two epochs a round."""
        return 2 * self.run_config.epochs

    def turns(self, train: subset.Subset) -> "Turns":
        """Image network, text network, codes."""
        self.labels = tf.constant(np.asarray(train.labels, np.float32))
        return Turns(self, train)

    def phase_steps(self) -> dict:
        """The two turns of a round."""
        return {"image": self._image_step, "text": self._text_step}

    def _image_step(self, batch):
        banks = (self.bank.image, self.bank.text)
        loss = self._step(batch, "image", self.image_network, banks)
        return {"image_loss": loss}

    def _text_step(self, batch):
        banks = (self.bank.text, self.bank.image)
        loss = self._step(batch, "text", self.text_network, banks)
        return {"text_loss": loss}

    def _step(self, batch, view, network, banks):
        own, other = (tf.convert_to_tensor(bank) for bank in banks)
        index = batch["index"][:, None]
        with tf.GradientTape() as tape:
            outputs = tf.cast(network(batch[view]), tf.float32)
            whole = tf.tensor_scatter_nd_update(own, index, outputs)
            loss = batch_loss(
                outputs,
                whole,
                other,
                tf.gather_nd(tf.convert_to_tensor(self.bank.codes), index),
                batch["labels"] @ tf.transpose(self.labels) > 0,
                self.config.quantization,
                self.config.balance,
                self._theta_scale(),
            )
        self.descend(tape, loss, view)
        banks[0].assign(whole)
        return loss

    def _theta_scale(self) -> float:
        counted = self.config.theta_bits
        return min(1.0, counted / self.bits) if counted else 1.0


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


class Turns:
    """Image network, text network, codes: one round in two epochs.

    Args:
        model: The model.
        train: Training items.
    """

    def __init__(self, model: DCMHModel, train: subset.Subset):
        self._model = model
        self._train = train

    def begin(self, epoch: int) -> str:
        """The network that learns; the first fills the bank."""
        if not epoch:
            model, train = self._model, self._train
            model.bank.fill(
                *(
                    network.predict(read(slice(None)), 1024, verbose=0)
                    for network, read in (
                        (model.image_network, train.image_features),
                        (model.text_network, train.text_features),
                    )
                )
            )
        return ("image", "text")[epoch % 2]

    def end(self, epoch: int, logs: dict[str, float]) -> None:
        """Takes new codes when both have had their turn."""
        if epoch % 2:
            self._model.bank.update_codes()


def _optimizer(config, steps) -> keras.optimizers.Optimizer:
    rate = keras.optimizers.schedules.PolynomialDecay(
        config.learning_rate, steps, config.last_learning_rate
    )
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate)
    return keras.optimizers.Adam(rate)
