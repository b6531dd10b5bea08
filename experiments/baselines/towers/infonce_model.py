"""The towers of InfoNCE and their loss.

van den Oord, Li, Vinyals: "Representation Learning with Contrastive Predictive
Coding", arXiv 1807.03748, 2018.
"""

import keras
import tensorflow as tf

from common.data import subset
from experiments.baselines.towers import infonce
from experiments.baselines.towers import networks


@keras.saving.register_keras_serializable("experiments")
class InfoNCEModel(networks.Towers):
    """Two towers of one hidden layer.

    Args:
        config: Settings, an `infonce.InfoNCE`.
        seed: Seed of the weights and of the batches.
        **kwargs: `bits`, changed settings, and those of
            `common.models.configured.ConfiguredModel`.
    """

    settings_class = infonce.InfoNCE
    loss_names = ("image_loss", "text_loss")

    def build_networks(self) -> None:
        """Both towers."""
        hidden = [self.config.hidden_units]
        self.image_network = self.make_tower("image", hidden, 4 * self.seed)
        self.text_network = self.make_tower("text", hidden, 4 * self.seed + 2)

    def preset_optimizers(
        self, steps_per_epoch: int
    ) -> dict[str, keras.optimizers.Optimizer]:
        """Adam."""
        return {"towers": keras.optimizers.Adam(self.config.learning_rate)}

    def turns(self, train: subset.Subset) -> networks.Alternating:
        """Every epoch is like the others."""
        return networks.Alternating("both")

    def phase_steps(self) -> dict:
        """One step of both towers."""
        return {"both": self._both}

    def _both(self, batch):
        step = self.towers_optimizer.iterations
        with tf.GradientTape() as tape:
            outputs = self.outputs(batch, step, self.config.dropout)
            logits = networks.cosines(*outputs) / self.config.temperature
            to_text, to_image = told(logits), told(tf.transpose(logits))
            loss = 0.5 * (to_text + to_image)
        self.descend(tape, loss, "towers")
        return {"image_loss": to_text, "text_loss": to_image}


def told(logits: tf.Tensor) -> tf.Tensor:
    """InfoNCE Eq. (4): how badly queries are told from the batch's strangers.

        -log( exp(z_ii) / sum_j exp(z_ij) ),    z_ij = cos(u_i, v_j) / tau

    mean over i.

    Args:
        logits: z, [B, B]; those of pairs on the diagonal.
    """
    return tf.reduce_mean(
        tf.reduce_logsumexp(logits, axis=1) - tf.linalg.diag_part(logits)
    )
