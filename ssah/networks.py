"""LabNet, ImgNet, TxtNet and the discriminators.

Equation numbers are those of Li, Deng, Li, Liu, Gao, Tao: "Self-Supervised
Adversarial Hashing Networks for Cross-Modal Retrieval", CVPR 2018. Axes: n
items, s semantic features, K bits, c labels.
"""

import dataclasses
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from common.backbones import response_normalization
from common.models import scaling
from common.models import settings
from ssah import multiscale

# Lengths of scaled inputs: about what raw CNN features and captions of a few
# words have.
IMAGE_GAIN = 0.5
TEXT_GAIN = 3.0


class Outputs(NamedTuple):
    """What LabNet, ImgNet and TxtNet say about n items."""

    features: tf.Tensor  # F, [n, s], at least 0
    codes: tf.Tensor  # H, relaxed, [n, K] in (-1, 1)
    labels: tf.Tensor  # L^, [n, c] in (0, 1)


@keras.saving.register_keras_serializable("ssah")
@dataclasses.dataclass(frozen=True)
class Architecture(settings.Serializable):
    """Widths and kinds of layers; see `ssah.config.Config` for the fields."""

    feature_units: int
    label_hidden_units: int
    image_hidden_units: int
    text_hidden_units: int
    discriminator_units: tuple[int, int]
    text_windows: tuple[int, ...]
    resize_levels: bool = False
    sum_levels: bool = False
    initializer: str = "glorot_uniform"
    response_normalization: bool = False
    feature_scaling: str = "unit"
    text_kind: str = "bag_of_words"

    def dense(
        self, units: int, activation: str | None, seed: int
    ) -> keras.layers.Dense:
        """A dense layer with this architecture's kernels and zero biases.

        Raises:
            ValueError: The initializer is unknown.
        """
        kernels = {
            "glorot_uniform": keras.initializers.GlorotUniform(seed),
            "normal": keras.initializers.RandomNormal(stddev=0.01, seed=seed),
        }
        if self.initializer not in kernels:
            raise ValueError(
                f"initializer must be one of {', '.join(kernels)}; received "
                f"{self.initializer!r}."
            )
        return keras.layers.Dense(
            units,
            activation=activation,
            kernel_initializer=kernels[self.initializer],
        )

    def normalization(self) -> list[keras.layers.Layer]:
        """Response normalisation, or nothing."""
        if not self.response_normalization:
            return []
        return [response_normalization.ResponseNormalization()]


@keras.saving.register_keras_serializable("ssah")
class SemanticNet(keras.layers.Layer):
    """Semantic features, and from them relaxed codes and predicted labels.

    Args:
        features: From the input to the features.
        architecture: Widths and kinds of layers.
        bits: K, the code length.
        label_dim: c, the number of labels.
        normalized_heads: Whether the heads see normalised responses, as
            TxtNet's do in the release.
        seed: Seed of the heads' weights.
        name: Name of the network.
    """

    def __init__(
        self,
        features: keras.Sequential,
        architecture: Architecture,
        bits: int,
        label_dim: int,
        normalized_heads: bool,
        seed: int,
        name: str,
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self._settings = {
            "bits": bits,
            "label_dim": label_dim,
            "normalized_heads": normalized_heads,
            "seed": seed,
        }
        self._architecture = architecture
        self.features = features
        heads = []
        for units, activation, head_seed in (
            (bits, "tanh", seed),
            (label_dim, "sigmoid", seed + 1),
        ):
            before = architecture.normalization() if normalized_heads else []
            heads.append(
                keras.Sequential(
                    [
                        keras.Input((architecture.feature_units,)),
                        *before,
                        architecture.dense(units, activation, head_seed),
                    ]
                )
            )
        self.code_head, self.label_head = heads
        self.built = True

    def call(self, inputs: tf.Tensor) -> Outputs:
        """Features, relaxed codes and label probabilities of [n, d]."""
        features = self.features(inputs)
        found = (
            features,
            self.code_head(features),
            self.label_head(features),
        )
        # Losses are float32, whatever networks compute in.
        return Outputs(*(tf.cast(values, tf.float32) for values in found))

    def compute_output_shape(self, input_shape: tuple) -> Outputs:
        """[n, d] to the shapes of features, codes and labels."""
        count = input_shape[0]
        return Outputs(
            (count, self._architecture.feature_units),
            (count, self._settings["bits"]),
            (count, self._settings["label_dim"]),
        )

    def get_config(self) -> dict:
        """Arguments that make an equal network."""
        objects = {
            "features": self.features,
            "architecture": self._architecture,
        }
        written = {
            name: keras.saving.serialize_keras_object(value)
            for name, value in objects.items()
        }
        return super().get_config() | self._settings | written

    @classmethod
    def from_config(cls, config: dict) -> "SemanticNet":
        """The network that `get_config` describes."""
        read = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("features", "architecture")
        }
        return cls(**(config | read))


def lab_net(
    architecture: Architecture, bits: int, label_dim: int, seed: int
) -> SemanticNet:
    """LabNet: c -> hidden -> s -> K + c, from multi-hot labels [n, c]."""
    layers = [
        keras.Input((label_dim,)),
        architecture.dense(architecture.label_hidden_units, "relu", seed),
        *architecture.normalization(),
        architecture.dense(architecture.feature_units, "relu", seed + 1),
    ]
    return _semantic_net(
        layers, architecture, bits, label_dim, False, seed + 2, "labnet"
    )


def img_net(
    architecture: Architecture,
    bits: int,
    label_dim: int,
    image_shape: tuple[int, ...],
    backbone: keras.Sequential | None,
    seed: int,
) -> SemanticNet:
    """ImgNet: (pixels -> backbone ->) d_image (-> hidden) -> s -> K + c."""
    layers = [keras.Input(image_shape)]
    image_dim = image_shape[0]
    if backbone is not None:
        layers.append(backbone)
        image_dim = backbone.output_shape[-1]
    layers += scaling.layers(
        architecture.feature_scaling, IMAGE_GAIN * image_dim**0.5
    )
    if architecture.image_hidden_units:
        layers.append(
            architecture.dense(architecture.image_hidden_units, "relu", seed)
        )
    layers.append(
        architecture.dense(architecture.feature_units, "relu", seed + 1)
    )
    return _semantic_net(
        layers, architecture, bits, label_dim, False, seed + 2, "imgnet"
    )


def txt_net(
    architecture: Architecture,
    bits: int,
    label_dim: int,
    text_dim: int,
    word_order: np.ndarray | None,
    seed: int,
) -> SemanticNet:
    """TxtNet: d_text -> multi-scale -> hidden -> s -> K + c.

    Without windows the multi-scale block is left out: the paper's SSAH-2.
    """
    gain = scaling.text_gain(architecture.text_kind, text_dim, TEXT_GAIN)
    layers = [
        keras.Input((text_dim,)),
        *scaling.layers(architecture.feature_scaling, gain),
    ]
    if architecture.text_windows:
        layers.append(
            multiscale.MultiScale(
                text_dim,
                architecture.text_windows,
                architecture.resize_levels,
                architecture.sum_levels,
                word_order,
            )
        )
    layers += [
        architecture.dense(architecture.text_hidden_units, "relu", seed),
        *architecture.normalization(),
        architecture.dense(architecture.feature_units, "relu", seed + 1),
    ]
    return _semantic_net(
        layers, architecture, bits, label_dim, True, seed + 2, "txtnet"
    )


def _semantic_net(layers, *settings) -> SemanticNet:
    features = keras.Sequential(layers, name=f"{settings[-1]}_features")
    return SemanticNet(features, *settings)


def discriminator(
    architecture: Architecture, seed: int, name: str
) -> keras.Sequential:
    """Tells LabNet's features from another network's, [n, s] to logits [n, 1].

    One network judges both: calling it twice uses the same weights.
    """
    first, second = architecture.discriminator_units
    return keras.Sequential(
        [
            keras.Input((architecture.feature_units,)),
            architecture.dense(first, "relu", seed),
            architecture.dense(second, "relu", seed + 1),
            architecture.dense(1, None, seed + 2),
        ],
        name=name,
    )


def signs(codes: tf.Tensor) -> tf.Tensor:
    """Signs of relaxed codes or of a sum of some; a tie goes to +1.

    SSAH Eq. (2):

        B = sign(H)

    Args:
        codes: H, [n, K].

    Returns:
        [n, K] float32 of -1 and +1.
    """
    return tf.where(codes >= 0.0, 1.0, -1.0)
