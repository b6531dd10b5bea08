"""Encoders, generators and discriminators; `cycles` puts them together.

Equation numbers are those of Li, Deng, Wang, Xie, Liu: "Coupled CycleGAN:
Unsupervised Hashing Network for Cross-Modal Retrieval", AAAI 2019. Axes: n
items, d units of F or Z, m units of Z or H, K bits, o outputs of a
discriminator.
"""

import dataclasses
from typing import Any
from typing import NamedTuple

import keras
import tensorflow as tf

from common.models import scaling
from common.models import settings

# Input lengths in units of the square root of the width: image features have
# a mean square of 1, and E^T starts well inside the bend of its tanh.
IMAGE_GAIN = 1.0
TEXT_GAIN = 0.5
# What the running mean and variance of Z and H keep at each step.
MOMENTUM = 0.9
_SLOPE = 0.2


class Pair(NamedTuple):
    """The same thing of images and of the texts paired with them."""

    image: tf.Tensor
    text: tf.Tensor

    def in_float32(self) -> "Pair":
        """The same for losses, whatever networks compute in."""
        return Pair(*(tf.cast(values, tf.float32) for values in self))


@keras.saving.register_keras_serializable("uch")
@dataclasses.dataclass(frozen=True)
class Architecture(settings.Serializable):
    """Widths and kinds of layers; see `uch.config.Config` for the fields."""

    text_feature_units: int
    outer_hidden_units: int
    representation_units: int
    inner_hidden_units: int
    outer_discriminator_units: int
    inner_discriminator_units: int
    discriminator_outputs: int
    standardize: bool = True
    feature_scaling: str = "unit"
    text_kind: str = "bag_of_words"

    def fitted(self, image_dim: int, text_dim: int) -> "Architecture":
        """The same with no layer wider than the image features.

        The paper's widths are for 4096 image features. Layers wider than
        narrow features could copy them, and a cycle would teach nothing. F^T
        is no wider than the bag of words.
        """
        representation = min(self.representation_units, image_dim)
        return dataclasses.replace(
            self,
            text_feature_units=min(self.text_feature_units, text_dim),
            outer_hidden_units=min(self.outer_hidden_units, image_dim),
            representation_units=representation,
            inner_hidden_units=min(self.inner_hidden_units, representation),
            outer_discriminator_units=min(
                self.outer_discriminator_units, image_dim
            ),
            inner_discriminator_units=min(
                self.inner_discriminator_units, representation
            ),
        )


@keras.saving.register_keras_serializable("uch")
class Generator(keras.layers.Layer):
    """d -> hidden -> m -> hidden -> d': the middle is the common space.

    Args:
        units: d, hidden, m and d'.
        middle_activation: Of the middle layer.
        standardize: Whether the middle is centred and scaled before that: by
            the batch where training, by running means otherwise.
        seed: Seed of the first kernel; the others have the next three.
        name: Name of the network.
    """

    def __init__(
        self,
        units: tuple[int, int, int, int],
        middle_activation: str,
        standardize: bool,
        seed: int,
        name: str,
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self._settings = {
            "units": tuple(units),
            "middle_activation": middle_activation,
            "standardize": standardize,
            "seed": seed,
        }
        inputs, hidden, middle, outputs = units
        standardization = [
            keras.layers.BatchNormalization(
                momentum=MOMENTUM, center=False, scale=False
            )
        ]
        self.encoder = keras.Sequential(
            [
                keras.Input((inputs,)),
                _dense(hidden, "relu", seed),
                _dense(middle, None, seed + 1),
                *(standardization if standardize else []),
                keras.layers.Activation(middle_activation),
            ],
            name=f"{name}_encoder",
        )
        self.decoder = keras.Sequential(
            [
                keras.Input((middle,)),
                _dense(hidden, "relu", seed + 2),
                _dense(outputs, None, seed + 3),
            ],
            name=f"{name}_decoder",
        )
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Generates the other modality, [n, d] to [n, d']."""
        return self.decoder(self.encoder(inputs))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """[n, d] to [n, d']."""
        return (*input_shape[:-1], self._settings["units"][-1])

    def get_config(self) -> dict:
        """Arguments that make an equal network."""
        return super().get_config() | self._settings


def image_encoder(
    architecture: Architecture,
    image_shape: tuple[int, ...],
    backbone: keras.Sequential | None = None,
) -> keras.Sequential:
    """E^I: (pixels -> backbone ->) features, as they come or scaled.

    Args:
        architecture: Whether features are scaled.
        image_shape: (d_image,) of features, or (H, W, 3) of pixels.
        backbone: Network from pixels to features; None where images are
            features.
    """
    layers = [keras.Input(image_shape)]
    image_dim = image_shape[0]
    if backbone is not None:
        layers.append(backbone)
        image_dim = backbone.output_shape[-1]
    gain = IMAGE_GAIN * image_dim**0.5
    # Keras wants a layer where features are taken as they come.
    layers += scaling.layers(architecture.feature_scaling, gain) or [
        keras.layers.Identity()
    ]
    return keras.Sequential(layers, name="image_encoder")


def text_encoder(
    architecture: Architecture, text_dim: int, seed: int
) -> keras.Sequential:
    """E^T: texts [n, d_text] to F^T, [n, d] in (-1, 1)."""
    gain = scaling.text_gain(
        architecture.text_kind, text_dim, TEXT_GAIN * text_dim**0.5
    )
    return keras.Sequential(
        [
            keras.Input((text_dim,)),
            *scaling.layers(architecture.feature_scaling, gain),
            _dense(architecture.text_feature_units, "tanh", seed),
        ],
        name="text_encoder",
    )


def discriminator(
    inputs: int, units: tuple[int, int], seed: int, name: str
) -> keras.Sequential:
    """Tells real from generated, [n, d] to logits [n, o]."""
    hidden, outputs = units
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            _dense(hidden, None, seed),
            keras.layers.LeakyReLU(negative_slope=_SLOPE),
            _dense(outputs, None, seed + 1),
        ],
        name=name,
    )


def binary_codes(codes: tf.Tensor) -> tf.Tensor:
    """Thresholds relaxed codes; a tie goes to +1.

    UCH Eq. (1):

        B = sign(H)

    Args:
        codes: H, [n, K] in (-1, 1).

    Returns:
        [n, K] bool, true for +1.
    """
    return codes >= 0.0


def _dense(units: int, activation: str | None, seed: int) -> keras.layers.Dense:
    return keras.layers.Dense(
        units,
        activation=activation,
        kernel_initializer=keras.initializers.GlorotUniform(seed),
    )
