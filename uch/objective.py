"""What the players of one cycle minimise: weights and forms of `losses`."""

import dataclasses

import keras
import tensorflow as tf

from common.models import settings
from uch import cycles
from uch import losses
from uch.networks import Pair


@keras.saving.register_keras_serializable("uch")
@dataclasses.dataclass(frozen=True)
class Objective(settings.Serializable):
    """The settings of one cycle's losses; see `uch.config.Config`.

    Attributes:
        adversarial: Whether the cycle has discriminators that learn.
        adversarial_weight: How much its generators listen to them.
        reconstruction_weight: Of Eq. (6) or (12).
        similarity_weight: Of Eq. (7) or (13).
        translation_weight: Of `losses.translation_loss`.
        decorrelation_weight: Of `losses.decorrelation_loss`.
        quantization_weight: Of `losses.quantization_loss`; only for H.
        gan_loss: Form of the adversarial losses.
        normalization: `mean` divides squared norms by their units; `sum` does
            not.
        fixed_targets: Whether targets pass no gradient.
    """

    adversarial: bool = True
    adversarial_weight: float = 0.1
    reconstruction_weight: float = 1.0
    similarity_weight: float = 1.0
    translation_weight: float = 0.0
    decorrelation_weight: float = 0.0
    quantization_weight: float = 0.0
    gan_loss: str = "cross_entropy"
    normalization: str = "mean"
    fixed_targets: bool = True

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each term that the generators have, by its name."""
        weights = {
            "adversarial": self.adversarial_weight if self.adversarial else 0,
            "reconstruction": self.reconstruction_weight,
            "similarity": self.similarity_weight,
            "translation": self.translation_weight,
            "decorrelation": self.decorrelation_weight,
            "quantization": self.quantization_weight,
        }
        return {name: weight for name, weight in weights.items() if weight}

    def discriminators(self, real: Pair, fake: Pair) -> tf.Tensor:
        """Both discriminators' loss over a batch, from logits [B, o].

        UCH Eqs. (3), (10), times -1:

            L_adv = L_adv^I + L_adv^T
        """
        return tf.add_n(
            [
                tf.reduce_mean(
                    losses.discriminator_loss(*judged, self.gan_loss)
                )
                for judged in zip(real, fake, strict=True)
            ]
        )

    def terms(
        self, cycle: cycles.Cycle, real: Pair, middle: Pair
    ) -> dict[str, tf.Tensor]:
        """Means over a batch of the terms in `weights`.

        Args:
            cycle: The cycle.
            real: F or Z of a batch, [B, d] each.
            middle: Z or H of the same, [B, m] each.
        """
        fake = cycle.generate(middle)
        terms = {
            "adversarial": lambda: self._adversarial(cycle.judge(fake)),
            "reconstruction": lambda: self._reconstruction(
                real, cycle.back(fake)
            ),
            "similarity": lambda: self._mean(
                losses.similarity_loss(*middle), middle.image
            ),
            "translation": lambda: self._translation(real, fake),
            "decorrelation": lambda: tf.add_n(
                [losses.decorrelation_loss(values) for values in middle]
            ),
            "quantization": lambda: tf.add_n(
                [
                    self._mean(losses.quantization_loss(codes), codes)
                    for codes in middle
                ]
            ),
        }
        # What has no weight is not computed.
        return {name: terms[name]() for name in self.weights}

    def generators(self, terms: dict[str, tf.Tensor]) -> tf.Tensor:
        """The whole loss of one cycle's generators.

        UCH Eqs. (8), (14):

            L = L_adv + L_rec + L_sim

        Deviation: terms are weighted; the paper's weights are 1.

        Args:
            terms: Of `terms`.
        """
        weights = self.weights
        total = tf.zeros([])
        for name, value in terms.items():
            total += weights[name] * value
        return total

    def _adversarial(self, judged: Pair) -> tf.Tensor:
        return tf.add_n(
            [
                tf.reduce_mean(losses.adversarial_loss(fake, self.gan_loss))
                for fake in judged
            ]
        )

    def _reconstruction(self, real: Pair, cycled: Pair) -> tf.Tensor:
        return tf.add_n(
            [
                self._mean(
                    losses.reconstruction_loss(*both, self.fixed_targets),
                    both[0],
                )
                for both in zip(real, cycled, strict=True)
            ]
        )

    def _translation(self, real: Pair, fake: Pair) -> tf.Tensor:
        return tf.add_n(
            [
                self._mean(
                    losses.translation_loss(*both, self.fixed_targets), both[0]
                )
                for both in zip(real, fake, strict=True)
            ]
        )

    def _mean(self, per_item: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        """Mean over the batch, and over the units of [B, d] if so set."""
        mean = tf.reduce_mean(per_item)
        return mean / values.shape[1] if self.normalization == "mean" else mean
