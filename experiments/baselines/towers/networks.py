"""Image and text towers of the compared methods that learn without labels."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from experiments.baselines import models
from experiments.baselines.deep import keras_training
from experiments.baselines.deep import layers


class Towers(keras_training.TwoViews):
    """A tower for images and one for texts, which end in tanh."""

    supervised = False
    player_names = ("towers",)

    def make_tower(
        self,
        view: str,
        hidden: Sequence[int],
        seed: int,
        last_scale: float = 0.0,
    ) -> keras.Sequential:
        """A tower after the scaling of its view, see `tower`."""
        widths = [*hidden, self.bits]
        return tower(self.scaling(view), widths, seed, last_scale)

    def as_arrays(self) -> models.Model:
        """What was trained, without TensorFlow."""
        return models.Model(
            as_arrays(self.image_network, *self.scaling("image")),
            as_arrays(self.text_network, *self.scaling("text")),
        )

    @property
    def schedule_epochs(self) -> int:
        """Epochs of the settings."""
        return self.run_config.epochs

    @property
    def players(self) -> dict[str, list[keras.Variable]]:
        """Both towers learn together."""
        return {"towers": self.tower_weights}

    @property
    def tower_weights(self) -> list[keras.Variable]:
        """Trainable weights of both towers."""
        networks = self.image_network, self.text_network
        return [v for n in networks for v in n.trainable_variables]

    def outputs(
        self, batch: dict[str, tf.Tensor], step: tf.Tensor, dropout: float = 0.0
    ) -> list[tf.Tensor]:
        """Outputs of both towers while they learn, [B, K] float32 each.

        Args:
            batch: `image` and `text` of a batch.
            step: Number of the step, which draws what is dropped.
            dropout: Share of the last hidden units that are dropped.
        """
        found = []
        for place, view in enumerate(("image", "text")):
            network = getattr(self, f"{view}_network")
            inner = tf.cast(batch[view], self.compute_dtype)
            for layer in network.layers[:-1]:
                inner = layer(inner)
            if dropout:
                # Keras does not save the state of its own seeds.
                seed = [2 * self.seed + place, tf.cast(step, tf.int32)]
                inner = tf.nn.experimental.stateless_dropout(
                    inner, dropout, seed
                )
            found.append(tf.cast(network.layers[-1](inner), tf.float32))
        return found


@keras.saving.register_keras_serializable("experiments")
class MemoryBank(keras.layers.Layer):
    """A row of K numbers for each training item, random at first.

    Args:
        items: n.
        bits: K.
        seed: Seed of the first rows.
    """

    def __init__(self, items: int, bits: int, seed: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self._settings = {"items": items, "bits": bits, "seed": seed}
        self._values = self.add_weight(
            shape=(items, bits),
            initializer=keras.initializers.RandomNormal(
                stddev=bits**-0.5, seed=seed
            ),
            dtype="float32",
            trainable=False,
            name="values",
        )
        self.built = True

    def rows(self, index: tf.Tensor) -> tf.Tensor:
        """Rows of some items, [m, K] float32."""
        return tf.gather(tf.convert_to_tensor(self._values), index)

    def put(self, index: tf.Tensor, values: tf.Tensor) -> None:
        """Replaces rows of some items by [m, K] others."""
        whole = tf.convert_to_tensor(self._values)
        self._values.assign(
            tf.tensor_scatter_nd_update(whole, index[:, None], values)
        )

    def get_config(self) -> dict:
        """Arguments that make a bank of the same size."""
        return super().get_config() | self._settings


class Alternating:
    """Phases that take turns, one epoch each.

    Args:
        *phases: Their names.
    """

    def __init__(self, *phases: str):
        self._phases = phases

    def begin(self, epoch: int) -> str:
        """The phase whose turn it is."""
        return self._phases[epoch % len(self._phases)]

    def end(self, epoch: int, logs: dict[str, float]) -> None:
        """Nothing follows an epoch."""


def tower(
    scaling: tuple[np.ndarray, float],
    widths: Sequence[int],
    seed: int,
    last_scale: float = 0.0,
) -> keras.Sequential:
    """A network whose first step is to scale its input.

    Args:
        scaling: Mean of the features, [d], and what centred ones are
            multiplied by; see `layers.scaling`.
        widths: Units of each layer; all but the last end in ReLU, that in
            tanh.
        seed: Seed of the weights; each layer adds its place.
        last_scale: Standard deviation of the last kernel's first weights; 0:
            as of the others.
    """
    mean, scale = scaling
    initializers = [
        keras.initializers.GlorotUniform(seed + place)
        for place in range(len(widths))
    ]
    if last_scale:
        initializers[-1] = keras.initializers.RandomNormal(
            stddev=last_scale, seed=seed + len(widths) - 1
        )
    return keras.Sequential(
        [
            keras.Input([len(mean)]),
            keras.layers.Normalization(
                mean=mean, variance=np.full(mean.shape, scale**-2)
            ),
            *(
                keras.layers.Dense(
                    width,
                    "relu" if place < len(widths) - 1 else "tanh",
                    kernel_initializer=initializers[place],
                )
                for place, width in enumerate(widths)
            ),
        ]
    )


def as_arrays(
    network: keras.Sequential, mean: np.ndarray, scale: float
) -> layers.Tower:
    """A trained network of `tower` with this scaling."""
    dense = [layer.get_weights() for layer in network.layers[1:]]
    widths = [len(mean), *(len(bias) for _, bias in dense)]
    flat = [value.ravel() for pair in dense for value in pair]
    return layers.Tower(
        mean, np.array(scale), np.array(widths), np.concatenate(flat)
    )


def cosines(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Cosine of each row of [B, K] with each row of [C, K], [B, C]."""
    return unit_rows(left) @ tf.transpose(unit_rows(right))


def unit_rows(values: tf.Tensor) -> tf.Tensor:
    """Rows scaled to length 1; a row of zeros stays one."""
    return tf.math.l2_normalize(values, axis=1)
