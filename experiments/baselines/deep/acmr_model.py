"""The networks of ACMR and their minimax game.

Wang, Yang, Xu, Hanjalic, Shen: "Adversarial Cross-Modal Retrieval", ACM
Multimedia 2017.
"""

import keras
import tensorflow as tf

from common.models import base
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.deep import keras_training


class ACMRModel(base.HashingModel):
    """Two embeddings, a label classifier and a domain classifier.

    Args:
        config: Settings, an `acmr.ACMR`.
        pairs: Training items with labels.
        bits: K, the width of an embedding.
        steps: Training steps in all.
        seed: Seed of the weights.
    """

    def __init__(
        self, config, pairs: method.Pairs, bits: int, steps: int, seed: int
    ):
        super().__init__(bits, pairs.image.shape[1:], pairs.text.shape[1])
        first = 10 * seed
        self.image_network = keras_training.two_layers(
            pairs.image, config.image_hidden_units, bits, True, first
        )
        self.text_network = keras_training.two_layers(
            pairs.text, config.text_hidden_units, bits, True, first + 2
        )
        self.label_classifier = _classifier(
            bits, [pairs.labels.shape[1]], first + 4
        )
        # Half and a quarter of an embedding, as 20 and 10 are of 40.
        widths = [max(1, bits // 2), max(1, bits // 4), 2]
        self.domain_classifier = _classifier(bits, widths, first + 5)
        self.config = config
        self.steps = steps
        self.add_loss_trackers("embedding_loss", "domain_loss")
        self.built = True

    def compile(self, embedding_optimizer, domain_optimizer, **kwargs) -> None:
        """Gives each player its optimizer, built here."""
        super().compile(optimizer=None, **kwargs)
        self.embedding_optimizer = embedding_optimizer
        self.domain_optimizer = domain_optimizer
        embedding_optimizer.build(self.embedding_variables)
        domain_optimizer.build(self.domain_classifier.trainable_variables)

    @property
    def embedding_variables(self) -> list[keras.Variable]:
        """Weights of the embeddings and of the label classifier."""
        return [
            *self.image_network.trainable_variables,
            *self.text_network.trainable_variables,
            *self.label_classifier.trainable_variables,
        ]

    def image_codes(self, images: tf.Tensor) -> tf.Tensor:
        """Embeddings of images, [n, K] in (-1, 1)."""
        return self.image_network(images)

    def text_codes(self, texts: tf.Tensor) -> tf.Tensor:
        """Embeddings of texts, [n, K] in (-1, 1)."""
        return self.text_network(texts)

    def phase_steps(self) -> dict:
        """One step in which both players move."""
        return {"both": self._both}

    def _both(self, batch):
        with tf.GradientTape(persistent=True) as tape:
            image = self.image_network(batch["image"])
            text = self.text_network(batch["text"])
            embedding = self._embedding_loss(image, text, batch["labels"])
            domain = self._domain_loss(image, text)
            against = embedding - self._adversary_weight() * domain
        for loss, variables, optimizer in (
            (against, self.embedding_variables, self.embedding_optimizer),
            (
                domain,
                self.domain_classifier.trainable_variables,
                self.domain_optimizer,
            ),
        ):
            gradients = tape.gradient(loss, variables)
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return {"embedding_loss": embedding, "domain_loss": domain}

    def _embedding_loss(self, image, text, labels):
        config = self.config
        targets = labels / tf.maximum(
            tf.reduce_sum(labels, axis=1, keepdims=True), 1.0
        )
        told = sum(
            tf.reduce_mean(
                tf.nn.softmax_cross_entropy_with_logits(
                    targets, self.label_classifier(embedded)
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
                of_text, self.domain_classifier(both)
            )
        )

    def _adversary_weight(self):
        """Rises from 0 to 1 with the training: 2 / (1 + e^(-10 p)) - 1."""
        done = tf.cast(self.domain_optimizer.iterations, tf.float32)
        return 2 / (1 + tf.exp(-10 * done / self.steps)) - 1


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


def fit(
    config, pairs: method.Pairs, bits: int, seed: int, report: method.Report
) -> models.Model:
    """Trains the embeddings and returns them as arrays.

    Args:
        config: Settings, an `acmr.ACMR`.
        pairs: Training items with labels.
        bits: K.
        seed: Seed of weights and batches.
        report: Called after each epoch.
    """
    batches = max(1, len(pairs) // config.batch_size)
    model = ACMRModel(config, pairs, bits, config.epochs * batches, seed)
    optimizers = {
        name: keras.optimizers.Adam(config.learning_rate, beta_1=0.5)
        for name in ("embedding", "domain")
    }
    model.compile(
        optimizers["embedding"], optimizers["domain"], jit_compile=False
    )
    keras_training.train(
        model,
        pairs,
        config.batch_size,
        config.epochs,
        [keras_training.Reports(report, config.epochs, "embedding_loss")],
        optimizers,
        seed,
    )
    return models.Model(
        keras_training.as_arrays(model.image_network, pairs.image),
        keras_training.as_arrays(model.text_network, pairs.text),
    )


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
