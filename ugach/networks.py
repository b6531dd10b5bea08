"""The two-pathway network of the generator and of the discriminator.

Equation numbers are those of Zhang, Peng, Yuan: "Unsupervised Generative
Adversarial Cross-modal Hashing", AAAI 2018. Axes: n items, K bits.
"""

from typing import Any

import keras
import tensorflow as tf

from common.models import scaling as input_scaling

INITIALIZERS = ("glorot_uniform", "truncated_normal")

# Eq. (3): a relaxed code of at least this is a 1.
THRESHOLD = 0.5

# Lengths of scaled inputs: about what raw CNN features and captions of a few
# words have, so that neither saturates Eq. (1).
IMAGE_GAIN = 0.5
TEXT_GAIN = 3.0


@keras.saving.register_keras_serializable("ugach")
class TwoPathway(keras.layers.Layer):
    """One pathway for images and one for texts, ending in the same K bits.

    Args:
        image_dim: Width of the image features.
        text_dim: Width of the bag of words.
        hidden_units: Width of the common representation layer.
        bits: K, the code length.
        initializer: `glorot_uniform`, or the release's `truncated_normal` of
            standard deviation 0.1.
        scaling: `none`, or `unit` vectors times `IMAGE_GAIN` * sqrt(d_image)
            and `TEXT_GAIN`.
        seed: Seed of the initial weights.
        name: Name of the player, for variable names.
        text_kind: `bag_of_words` or `embedding`, whose scaled length is
            `scaling.text_gain`.
    """

    def __init__(
        self,
        image_dim: int,
        text_dim: int,
        hidden_units: int,
        bits: int,
        initializer: str,
        scaling: str,
        seed: int,
        name: str,
        text_kind: str = "bag_of_words",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self._settings = {
            "image_dim": image_dim,
            "text_dim": text_dim,
            "hidden_units": hidden_units,
            "bits": bits,
            "initializer": initializer,
            "scaling": scaling,
            "seed": seed,
            "text_kind": text_kind,
        }
        gain = input_scaling.text_gain(text_kind, text_dim, TEXT_GAIN)
        shape = (hidden_units, bits, initializer)
        self.image_pathway = pathway(
            image_dim,
            *shape,
            input_scaling.layers(scaling, IMAGE_GAIN * image_dim**0.5),
            seed,
            f"{name}_image",
        )
        self.text_pathway = pathway(
            text_dim,
            *shape,
            input_scaling.layers(scaling, gain),
            seed + 2,
            f"{name}_text",
        )
        self.built = True

    def call(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Relaxed codes of `image` and `text`, [n, K] each."""
        return {
            "image": self.image_pathway(inputs["image"]),
            "text": self.text_pathway(inputs["text"]),
        }

    def compute_output_shape(self, input_shape: dict) -> dict:
        """Shapes of `image` and `text` to (n, K) each."""
        bits = self._settings["bits"]
        return {name: (shape[0], bits) for name, shape in input_shape.items()}

    def get_config(self) -> dict:
        """Arguments that make an equal network."""
        return super().get_config() | self._settings

    def kernels(self) -> list[keras.Variable]:
        """The weight matrices, without biases, for weight decay."""
        return [v for v in self.trainable_variables if len(v.shape) == 2]


def pathway(
    input_dim: int,
    hidden_units: int,
    bits: int,
    initializer: str,
    scaling: list[keras.layers.Layer],
    seed: int,
    name: str,
) -> keras.Sequential:
    """Common representation layer and hashing layer of one modality.

    UGACH Eqs. (1)-(2):

        phi(x) = tanh(W_c x + b_c)
        h(x) = sigmoid(W_h phi(x) + b_h)

    Args:
        input_dim: Width of the features.
        hidden_units: Width of the common representation layer.
        bits: K, the code length.
        initializer: See `TwoPathway`.
        scaling: Layers without weights that come before Eq. (1).
        seed: Seed of the first kernel; the second has the next.
        name: Name of the pathway.

    Returns:
        Maps features [n, input_dim] to relaxed codes [n, K] in (0, 1).
    """
    return keras.Sequential(
        [
            keras.Input((input_dim,)),
            *scaling,
            keras.layers.Dense(
                hidden_units,
                activation="tanh",
                kernel_initializer=_initializer(initializer, seed),
                name="common_representation",
            ),
            keras.layers.Dense(
                bits,
                activation="sigmoid",
                kernel_initializer=_initializer(initializer, seed + 1),
                name="hashing",
            ),
        ],
        name=name,
    )


def binary_codes(codes: tf.Tensor) -> tf.Tensor:
    """Thresholds relaxed codes; a tie goes to 1, as in the release.

    UGACH Eq. (3):

        b_k(x) = sgn(h_k(x) - 0.5)

    Args:
        codes: h(x), [n, K] in (0, 1).

    Returns:
        [n, K] bool, true for +1.
    """
    return codes >= THRESHOLD


def _initializer(name: str, seed: int) -> keras.initializers.Initializer:
    if name == "glorot_uniform":
        return keras.initializers.GlorotUniform(seed)
    if name == "truncated_normal":
        return keras.initializers.TruncatedNormal(stddev=0.1, seed=seed)
    raise ValueError(
        f"initializer must be one of {', '.join(INITIALIZERS)}; received "
        f"{name!r}."
    )
