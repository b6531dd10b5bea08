"""Which form of each objective a run uses; the forms are in `losses`."""

import dataclasses
from typing import NamedTuple

import keras
import tensorflow as tf

from common.models import settings
from ugach import losses


class Selection(NamedTuple):
    """How likely each candidate is to be selected for each query.

    Attributes:
        log_probability: [B, P].
        known: Candidates among the query's positives, [B, P] bool.
        uniform: Whether no generator had a hand in it.
    """

    log_probability: tf.Tensor
    known: tf.Tensor
    uniform: bool


@keras.saving.register_keras_serializable("ugach")
@dataclasses.dataclass(frozen=True)
class Objective(settings.Serializable):
    """The minimax game's settings, and the loss of either player.

    Axes: B queries, P candidates. See `ugach.config.Config` for the fields.
    """

    margin: float
    uniform_margin: float
    temperature: float = 1.0
    discriminator_loss: str = "hinge"
    negatives: str = "expected"
    known_candidates: str = "spared"
    reward: str = "softplus"
    generator_gradient: str = "expected"
    num_samples: int = 2
    entropy_weight: float = 0.0

    def discriminator(
        self,
        positive_distance: tf.Tensor,
        distances: tf.Tensor,
        selection: Selection,
        seed: tf.Tensor,
    ) -> tf.Tensor:
        """Loss of the discriminator, [B].

        Args:
            positive_distance: To the manifold pair, [B].
            distances: To the candidates, [B, P].
            selection: How the candidates are selected.
            seed: Two int32, used where candidates are sampled.
        """
        margin = self.uniform_margin if selection.uniform else self.margin
        scores = losses.relevance_score(positive_distance, distances, margin)
        probability = self._shares(selection.log_probability, seed)
        if selection.uniform or self.known_candidates != "kept":
            # A positive that is selected is no negative.
            probability = tf.where(selection.known, 0.0, probability)
        # The paper trains its Baseline, which has no generator, by Eq. (6).
        if selection.uniform or self.discriminator_loss == "hinge":
            return losses.ranking_loss(scores, probability)
        margins = tf.fill(tf.shape(positive_distance), margin)
        return -losses.adversarial_value(margins, scores, probability)

    def uniform(self, known: tf.Tensor) -> Selection:
        """Every candidate but the query's positives, equally likely."""
        log_probability = losses.generative_log_probability(
            tf.zeros(known.shape), excluded=known
        )
        return Selection(log_probability, known, uniform=True)

    def generated(self, distances: tf.Tensor, known: tf.Tensor) -> Selection:
        """What a generator with these distances [B, P] selects."""
        excluded = known if self.known_candidates == "excluded" else None
        log_probability = losses.generative_log_probability(
            distances, self.temperature, excluded
        )
        return Selection(log_probability, known, uniform=False)

    def rewards(
        self, positive_distance: tf.Tensor, distances: tf.Tensor
    ) -> tf.Tensor:
        """What the discriminator pays for each candidate, [B, P]."""
        scores = losses.relevance_score(
            positive_distance, distances, self.margin
        )
        if self.reward == "sigmoid":
            return tf.stop_gradient(losses.discriminative_probability(scores))
        return losses.reward(scores)

    def generator(
        self, distances: tf.Tensor, rewards: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        """Loss of the generator, [B].

        Args:
            distances: To the candidates, in the generator's codes, [B, P].
            rewards: Of the candidates, [B, P].
            seed: Two int32, used where candidates are sampled.
        """
        log_probability = losses.generative_log_probability(
            distances, self.temperature
        )
        if self.generator_gradient == "expected":
            return losses.policy_gradient_loss(
                log_probability, rewards, self.entropy_weight
            )
        selected = losses.select(log_probability, self.num_samples, seed)
        chosen = tf.gather(log_probability, selected, batch_dims=1)
        if self.generator_gradient == "pair_softmax":
            # The release normalises over what was selected, not the pool.
            chosen = tf.nn.log_softmax(chosen, axis=1)
        return losses.sampled_policy_gradient_loss(
            chosen, tf.gather(rewards, selected, batch_dims=1)
        )

    def _shares(self, log_probability, seed) -> tf.Tensor:
        if self.negatives == "expected":
            return tf.exp(log_probability)
        selected = losses.select(log_probability, self.num_samples, seed)
        draws = tf.one_hot(selected, log_probability.shape[1], axis=2)
        return tf.reduce_mean(draws, axis=1)
