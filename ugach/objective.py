"""Which form of each objective a run uses; the forms are in `losses`."""

import dataclasses

import tensorflow as tf

from ugach import losses


@dataclasses.dataclass(frozen=True)
class Objective:
    """The minimax game's settings, and the loss of either player.

    Axes: B queries, P candidates. See `ugach.config.Config` for the fields.
    """

    margin: float
    temperature: float = 1.0
    discriminator_loss: str = "hinge"
    negatives: str = "expected"
    reward: str = "softplus"
    generator_gradient: str = "expected"
    num_samples: int = 2
    entropy_weight: float = 0.0

    def generator_log_probability(
        self, distances: tf.Tensor, excluded: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Eq. (4) at this temperature; [B, P] from distances [B, P]."""
        return losses.generative_log_probability(
            distances, self.temperature, excluded
        )

    def discriminator(
        self,
        positive_distance: tf.Tensor,
        distances: tf.Tensor,
        log_probability: tf.Tensor,
        seed: tf.Tensor,
    ) -> tf.Tensor:
        """Loss of the discriminator, [B].

        Args:
            positive_distance: To the manifold pair, [B].
            distances: To the candidates, [B, P].
            log_probability: How likely each is to be generated, [B, P].
            seed: Two int32, used where candidates are sampled.
        """
        scores = losses.relevance_score(
            positive_distance, distances, self.margin
        )
        probability = self._shares(log_probability, seed)
        if self.discriminator_loss == "hinge":
            return losses.ranking_loss(scores, probability)
        margin = tf.fill(tf.shape(positive_distance), self.margin)
        return -losses.adversarial_value(margin, scores, probability)

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
        log_probability = self.generator_log_probability(distances)
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
