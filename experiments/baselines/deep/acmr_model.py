"""The networks of ACMR and their minimax game.

Wang, Yang, Xu, Hanjalic, Shen: "Adversarial Cross-Modal Retrieval", ACM
Multimedia 2017.
"""

import keras
import tensorflow as tf

from common.data import subset
from common.training import loop
from experiments.baselines.deep import acmr
from experiments.baselines.deep import keras_training


@keras.saving.register_keras_serializable("experiments")
class ACMRModel(keras_training.TwoViews):
    """Two embeddings, a label classifier and a domain classifier.

    Args:
        config: Settings, an `acmr.ACMR`.
        seed: Seed of the weights and of the batches.
        **kwargs: `bits`, the width of an embedding, changed settings, and
            those of `common.models.configured.ConfiguredModel`.
    """

    settings_class = acmr.ACMR
    player_names = ("embedding", "domain")
    loss_names = ("embedding_loss", "domain_loss")

    def build_networks(self) -> None:
        """Both embeddings and both classifiers."""
        config = self.config
        first = 10 * self.seed
        self.image_network = self.make_network(
            "image", config.image_hidden_units, True, first
        )
        self.text_network = self.make_network(
            "text", config.text_hidden_units, True, first + 2
        )
        self.label_classifier = _classifier(
            self.bits, [self.label_dim], first + 4
        )
        # Half and a quarter of an embedding, as 20 and 10 are of 40.
        widths = [max(1, self.bits // 2), max(1, self.bits // 4), 2]
        self.domain_classifier = _classifier(self.bits, widths, first + 5)

    def settings_for(self, rows: int) -> acmr.ACMR:
        """The settings, with their length for so many rows."""
        return self.config.for_rows(rows)

    @property
    def players(self) -> dict[str, list[keras.Variable]]:
        """The embeddings with the label classifier; the domain classifier."""
        networks = (
            self.image_network,
            self.text_network,
            self.label_classifier,
        )
        return {
            "embedding": [v for n in networks for v in n.trainable_variables],
            "domain": self.domain_classifier.trainable_variables,
        }

    def preset_optimizers(
        self, steps_per_epoch: int
    ) -> dict[str, keras.optimizers.Optimizer]:
        """Adam for both."""
        return {
            name: keras.optimizers.Adam(self.config.learning_rate, beta_1=0.5)
            for name in self.player_names
        }

    @property
    def schedule_epochs(self) -> int:
        """Epochs of the settings."""
        return self.run_config.epochs

    def turns(self, train: subset.Subset) -> loop.Turns:
        """Both players at every batch."""
        return loop.Alike("both")

    def phase_steps(self) -> dict:
        """One step in which both players move."""
        return {"both": self._both}

    def _both(self, batch):
        with tf.GradientTape(persistent=True) as tape:
            image = tf.cast(self.image_network(batch["image"]), tf.float32)
            text = tf.cast(self.text_network(batch["text"]), tf.float32)
            embedding = self._embedding_loss(image, text, batch["labels"])
            domain = self._domain_loss(image, text)
            against = embedding - self._adversary_weight() * domain
        self.descend(tape, against, "embedding")
        self.descend(tape, domain, "domain")
        return {"embedding_loss": embedding, "domain_loss": domain}

    def _embedding_loss(self, image, text, labels):
        config = self.config
        targets = labels / tf.maximum(
            tf.reduce_sum(labels, axis=1, keepdims=True), 1.0
        )
        told = sum(
            tf.reduce_mean(
                tf.nn.softmax_cross_entropy_with_logits(
                    targets,
                    tf.cast(self.label_classifier(embedded), tf.float32),
                )
            )
            for embedded in (image, text)
        )
        similar, dissimilar = distance_losses(
            image, text, labels, config.margin
        )
        return (
            config.label_weight * told
            + similar
            + config.dissimilarity_weight * dissimilar
        )

    def _domain_loss(self, image, text):
        both = tf.concat([image, text], axis=0)
        count = tf.shape(image)[0]
        of_text = tf.repeat([0, 1], [count, count])
        return tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(
                of_text, tf.cast(self.domain_classifier(both), tf.float32)
            )
        )

    def _adversary_weight(self):
        """Rises from 0 to 1 with the training: 2 / (1 + e^(-10 p)) - 1."""
        done = tf.cast(self.domain_optimizer.iterations, tf.float32)
        steps = self.run_config.epochs * self.measured["steps_per_epoch"]
        return 2 / (1 + tf.exp(-10 * done / steps)) - 1


def distance_losses(
    image: tf.Tensor, text: tf.Tensor, labels: tf.Tensor, margin: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean distance of pairs, and by how much others are too near.

    Args:
        image: Embeddings, [B, K].
        text: Embeddings, [B, K].
        labels: Multi-hot, [B, c].
        margin: Distance that is far enough.

    Returns:
        The mean of |v - t|, and the mean over both directions of
        max(0, margin - distance to the nearest without a common label).
    """
    squared = tf.reduce_sum(tf.square(image[:, None] - text), axis=2)
    # The root has no slope at 0.
    distances = tf.sqrt(squared + 1e-8)
    similar = tf.reduce_mean(tf.linalg.diag_part(distances))
    shared = labels @ tf.transpose(labels) > 0
    gaps = tf.where(shared, 0.0, tf.nn.relu(margin - distances))
    dissimilar = 0.5 * (
        tf.reduce_mean(tf.reduce_max(gaps, axis=1))
        + tf.reduce_mean(tf.reduce_max(gaps, axis=0))
    )
    return similar, dissimilar


def _classifier(bits: int, widths: list[int], seed: int) -> keras.Sequential:
    layers = [
        keras.layers.Dense(
            width,
            # Logits at the end.
            "relu" if i < len(widths) - 1 else None,
            kernel_initializer=keras.initializers.GlorotUniform(seed + i),
        )
        for i, width in enumerate(widths)
    ]
    return keras.Sequential([keras.Input([bits]), *layers])
