"""The networks of CIRH and the turns they take.

Zhu, Wu, Li, Zhang, Guan, Shen: "Work Together: Correlation-Identity
Reconstruction Hashing for Unsupervised Cross-modal Retrieval", TKDE 35(9),
2023.
"""

import keras
import numpy as np
import tensorflow as tf

from common.data import draws
from common.data import subset
from experiments.baselines.towers import cirh
from experiments.baselines.towers import cirh_graph
from experiments.baselines.towers import cirh_losses
from experiments.baselines.towers import networks


class Draws(draws.PairDraws):
    """Pairs, in one order for two epochs.

    The towers see the pairs whose codes the graph network has just made.
    """

    def __call__(self, step: int) -> dict[str, np.ndarray]:
        """Draws batch `step`, counted from the start of training."""
        epoch, within = divmod(step, self.steps_per_epoch)
        return super().__call__(epoch // 2 * self.steps_per_epoch + within)


@keras.saving.register_keras_serializable("experiments")
class CIRHModel(networks.Towers):
    """A graph network of pairs, and two towers that follow its codes.

    Args:
        config: Settings, a `cirh.CIRH`.
        seed: Seed of the weights and of the batches.
        **kwargs: `bits`, changed settings, and those of
            `common.models.configured.ConfiguredModel`.
    """

    settings_class = cirh.CIRH
    player_names = ("graph", "towers")
    loss_names = ("tower_loss", "graph_loss")
    # Of all training items, [n]; `turns` sets them.
    floors = None

    def build_networks(self) -> None:
        """The graph network, both towers, and the pairs' codes."""
        config = self.config
        first = 40 * self.seed
        hidden = [config.hidden_units]
        # A large last layer, as the authors have it.
        self.image_network, self.text_network = (
            self.make_tower(view, hidden, first + place, 1.0)
            for view, place in (("image", 20), ("text", 22))
        )
        self.graph_network = cirh_graph.CollaborativeGraph(
            self.bits,
            self.image_shape[0],
            self.text_dim,
            config.graph_units,
            first,
        )
        self.bank = networks.MemoryBank(
            self.measured["rows"], self.bits, self.seed
        )

    def settings_for(self, rows: int) -> cirh.CIRH:
        """The settings, with the size of a batch for so many rows."""
        return self.config.for_rows(rows)

    @property
    def players(self) -> dict[str, list[keras.Variable]]:
        """The graph network; both towers."""
        return {
            "graph": self.graph_network.trainable_variables,
            "towers": self.tower_weights,
        }

    def preset_optimizers(
        self, steps_per_epoch: int
    ) -> dict[str, keras.optimizers.Optimizer]:
        """Adam for both."""
        config = self.config
        return {
            "graph": keras.optimizers.Adam(config.graph_learning_rate),
            "towers": keras.optimizers.Adam(config.learning_rate),
        }

    @property
    def schedule_epochs(self) -> int:
        """Two epochs of the loop for one of the settings."""
        return 2 * self.run_config.epochs

    def make_draws(
        self, train: subset.Subset, batch_size: int, silent: bool = False
    ) -> Draws:
        """Pairs, in one order for two epochs."""
        return Draws.at_most(len(train), batch_size, self.seed)

    def turns(self, train: subset.Subset) -> networks.Alternating:
        """The graph network, then the towers."""
        self.floors = tf.constant(
            cirh_losses.far_floors(
                train.image_features,
                train.text_features,
                len(train),
                self.config.image_share,
                self.config.far_share,
            )
        )
        return networks.Alternating("graph", "towers")

    def phase_steps(self) -> dict:
        """A step of the graph network, and one of the towers."""
        return {"graph": self._graph, "towers": self._towers}

    def _correlation(self, batch):
        config = self.config
        return cirh_losses.correlation(
            cirh_losses.fused(
                batch["image"], batch["text"], config.image_share
            ),
            tf.gather(self.floors, batch["index"]),
            config.plain_share,
        )

    def _graph(self, batch):
        config = self.config
        similar = self._correlation(batch)
        image, text = (
            cirh_losses.smoothed(batch[view], similar)
            for view in ("image", "text")
        )
        with tf.GradientTape() as tape:
            found = self.graph_network(image, text, similar)
            codes = tf.where(found.both >= 0, 1.0, -1.0)
            identity = cirh_losses.identity_loss(
                (image, found.rebuilt_image), (text, found.rebuilt_text)
            )
            correlation = cirh_losses.correlation_loss(
                similar,
                (found.image, found.image),
                (found.text, found.text),
                (found.both, found.both),
            )
            loss = (
                config.identity_weight * identity
                + config.correlation_weight * correlation
                + cirh_losses.identity_loss((codes, found.both))
            )
        self.descend(tape, loss, "graph")
        self.bank.put(batch["index"], codes)
        return {"graph_loss": loss}

    def _towers(self, batch):
        config = self.config
        similar = self._correlation(batch)
        codes = self.bank.rows(batch["index"])
        step = self.towers_optimizer.iterations
        with tf.GradientTape() as tape:
            image, text = self.outputs(batch, step, config.dropout)
            loss = cirh_losses.identity_loss(
                (codes, image), (codes, text), (image, text)
            ) + (
                config.tower_correlation_weight
                * cirh_losses.correlation_loss(
                    similar, (image, text), (image, image), (text, text)
                )
            )
        self.descend(tape, loss, "towers")
        return {"tower_loss": loss}
