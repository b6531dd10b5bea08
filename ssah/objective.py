"""Weights and forms of the terms in `losses`, and their sums."""

import dataclasses

import keras
import tensorflow as tf

from common.models import settings
from ssah import losses
from ssah import networks


@keras.saving.register_keras_serializable("ssah")
@dataclasses.dataclass(frozen=True)
class Objective(settings.Serializable):
    """The settings of the losses; see `ssah.config.Config` for the fields."""

    feature_pair_weight: float = 1.0
    hash_pair_weight: float = 1.0
    feature_pair_offset: float = 0.0
    hash_pair_offset: float = 0.0
    theta_bits: float = 0.0
    quantization_weight: float = 1.0
    classification_weight: float = 1.0
    adversarial_weight: float = 0.0
    labnet_adversarial: bool = False
    pair_loss: str = "nll"
    similarity_smoothing: float = 1.0
    normalization: str = "mean"
    discriminator_loss: str = "cross_entropy"

    def network(
        self,
        outputs: networks.Outputs,
        bank_features: tf.Tensor,
        bank_codes: tf.Tensor,
        bank_labels: tf.Tensor,
        labels: tf.Tensor,
        targets: tf.Tensor,
        items: int | None = None,
    ) -> tf.Tensor:
        """What a network minimises, apart from its adversary.

        SSAH Eqs. (3)-(4) and, as each network minimises its own, (6):

            L = alpha J1 + gamma J2 + eta J3 + beta J4,
            L_gen = L^v + L^t + L^l

        Deviation: with `normalization="mean"` sums over bank, bits and labels
        become means, so that weights keep their meaning when n, K or c change.

        Args:
            outputs: Of the network that learns, for a batch.
            bank_features: F^l of all n items or of some, [m, s].
            bank_codes: H^l of the same, [m, K].
            bank_labels: Labels of the same, [m, c].
            labels: Of the batch, [B, c].
            targets: B of the batch, [B, K] of -1 and +1.
            items: n where the bank has some of them only: sums over pairs then
                count n / m times.

        Returns:
            [B], at least 0.
        """
        similar = losses.similarity(
            labels, bank_labels, self.similarity_smoothing
        )
        pairs, bits, classes = self._divisors(bank_codes, labels, items)
        feature_pairs = losses.feature_pair_loss(
            outputs.features,
            bank_features,
            similar,
            self.feature_pair_offset,
            self.pair_loss,
        )
        hash_pairs = losses.hash_pair_loss(
            outputs.codes,
            bank_codes,
            similar,
            self.hash_pair_offset,
            self.pair_loss,
            self._theta_scale(outputs.codes.shape[1]),
        )
        return (
            self.feature_pair_weight / pairs * feature_pairs
            + self.hash_pair_weight / pairs * hash_pairs
            + self.quantization_weight
            / bits
            * losses.quantization_loss(outputs.codes, targets)
            + self.classification_weight
            / classes
            * losses.classification_loss(outputs.labels, labels)
        )

    def adversarial(self, logits: tf.Tensor, wanted: int = 1) -> tf.Tensor:
        """What a network pays for being recognised, from logits [B, 1].

        Args:
            logits: A discriminator's, of the network's features.
            wanted: See `losses.adversarial_loss`.
        """
        return self.adversarial_weight * losses.adversarial_loss(
            logits, self.discriminator_loss, wanted
        )

    def discriminator(
        self, semantic: tf.Tensor, modality: tf.Tensor
    ) -> tf.Tensor:
        """Eq. (5) in this form, [B, 1] from logits [B, 1] each."""
        return losses.discriminator_loss(
            semantic, modality, self.discriminator_loss
        )

    def _theta_scale(self, bits: int) -> float:
        return self.theta_bits / bits if self.theta_bits else 1.0

    def _divisors(self, bank_codes, labels, items) -> tuple[float, int, int]:
        held, bits = bank_codes.shape
        if self.normalization == "sum":
            return held / (items or held), 1, 1
        return held, bits, labels.shape[1]
