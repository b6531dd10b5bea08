"""The outer cycle about Z and the inner cycle about H.

Equation numbers are those of Li, Deng, Wang, Xie, Liu: "Coupled CycleGAN:
Unsupervised Hashing Network for Cross-Modal Retrieval", AAAI 2019. Axes: n
items, d units of F or Z, m units of Z or H, o outputs of a discriminator.
"""

from typing import Any

import keras

from uch import networks
from uch.networks import Pair


@keras.saving.register_keras_serializable("uch")
class Cycle(keras.layers.Layer):
    """Two generators that undo each other, and a discriminator on either side.

    Args:
        units: d of images, d of texts, hidden and m.
        discriminator_units: Hidden layer and outputs of the discriminators.
        middle_activation: See `networks.Generator`.
        standardize: See `networks.Generator`.
        seed: Seed of the first kernel; 12 seeds are used.
        name: Name of the cycle.
    """

    def __init__(
        self,
        units: tuple[int, int, int, int],
        discriminator_units: tuple[int, int],
        middle_activation: str,
        standardize: bool,
        seed: int,
        name: str,
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self._settings = {
            "units": tuple(units),
            "discriminator_units": tuple(discriminator_units),
            "middle_activation": middle_activation,
            "standardize": standardize,
            "seed": seed,
        }
        image, text, hidden, middle = units
        self.image_to_text = networks.Generator(
            (image, hidden, middle, text),
            middle_activation,
            standardize,
            seed,
            f"{name}_image_to_text",
        )
        self.text_to_image = networks.Generator(
            (text, hidden, middle, image),
            middle_activation,
            standardize,
            seed + 4,
            f"{name}_text_to_image",
        )
        self.image_discriminator = networks.discriminator(
            image, discriminator_units, seed + 8, f"{name}_image_discriminator"
        )
        self.text_discriminator = networks.discriminator(
            text, discriminator_units, seed + 10, f"{name}_text_discriminator"
        )
        self.built = True

    def middle(self, real: Pair, training: bool = False) -> Pair:
        """Z of F, or H of Z, [n, m] each."""
        return Pair(
            self.image_to_text.encoder(real.image, training=training),
            self.text_to_image.encoder(real.text, training=training),
        ).in_float32()

    def generate(self, middle: Pair) -> Pair:
        """Each modality as the other one's generator makes it, [n, d] each.

        UCH Eqs. (2), (9), for X = F and X = Z:

            X_fake^T = G^{I->T}(X_real^I),  X_fake^I = G^{T->I}(X_real^T)

        Args:
            middle: Of the real items, see `middle`.
        """
        return Pair(
            image=self.text_to_image.decoder(middle.text),
            text=self.image_to_text.decoder(middle.image),
        ).in_float32()

    def back(self, fake: Pair) -> Pair:
        """What the generators make of generated items, [n, d] each.

        The image is the one that became `fake.text` on the way.
        """
        return Pair(
            image=self.text_to_image(fake.text),
            text=self.image_to_text(fake.image),
        ).in_float32()

    def judge(self, items: Pair) -> Pair:
        """Logits of the discriminators for items of theirs, [n, o] each."""
        return Pair(
            self.image_discriminator(items.image),
            self.text_discriminator(items.text),
        ).in_float32()

    def get_config(self) -> dict:
        """Arguments that make an equal cycle."""
        return super().get_config() | self._settings


def outer_cycle(
    architecture: networks.Architecture, image_dim: int, seed: int
) -> Cycle:
    """The outer cycle: F^I and F^T about Z.

    4096-512-256-512-300 and back, discriminators 4096-256-32 and 300-256-32.
    """
    return Cycle(
        (
            image_dim,
            architecture.text_feature_units,
            architecture.outer_hidden_units,
            architecture.representation_units,
        ),
        (
            architecture.outer_discriminator_units,
            architecture.discriminator_outputs,
        ),
        "linear",
        architecture.standardize,
        seed,
        "outer",
    )


def inner_cycle(
    architecture: networks.Architecture, bits: int, seed: int
) -> Cycle:
    """The inner cycle: Z^I and Z^T about H.

    256-128-K-128-256 both ways, discriminators 256-128-32.
    """
    units = architecture.representation_units
    return Cycle(
        (units, units, architecture.inner_hidden_units, bits),
        (
            architecture.inner_discriminator_units,
            architecture.discriminator_outputs,
        ),
        "tanh",
        architecture.standardize,
        seed,
        "inner",
    )
