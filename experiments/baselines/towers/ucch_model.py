"""The towers of UCCH, their bank of codes, and their step.

Hu, Zhu, Lin, Peng, Zhao, Peng: "Unsupervised Contrastive Cross-modal Hashing",
TPAMI 45(3), 2023.
"""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from common.data import draws
from common.data import subset
from experiments.baselines.towers import networks
from experiments.baselines.towers import ucch
from experiments.baselines.towers import ucch_losses


@dataclasses.dataclass(frozen=True)
class Draws(draws.PairDraws):
    """Pairs, and the rows of the bank that they are told from.

    Attributes:
        negatives: How many, at most n.
    """

    negatives: int = 1

    def __call__(self, step: int) -> dict[str, np.ndarray]:
        """Draws batch `step`, counted from the start of training.

        Returns:
            `index`: [B] int32. `strangers`: [N] int32 distinct rows, uniform.
        """
        # The third number keeps these draws apart from the epoch orders.
        rng = np.random.default_rng([self.seed, step, 1])
        strangers = rng.choice(self.count, self.negatives, replace=False)
        return super().__call__(step) | {"strangers": strangers.astype("int32")}


@keras.saving.register_keras_serializable("experiments")
class UCCHModel(networks.Towers):
    """Two towers and a bank of the training items' codes.

    Args:
        config: Settings, a `ucch.UCCH`.
        seed: Seed of the weights and of the batches.
        **kwargs: `bits`, changed settings, and those of
            `common.models.configured.ConfiguredModel`.
    """

    settings_class = ucch.UCCH
    loss_names = ("contrast_loss", "ranking_loss")

    def build_networks(self) -> None:
        """Both towers and the bank."""
        config = self.config
        first = 20 * self.seed
        self.image_network = self.make_tower(
            "image", config.image_hidden_layers * [config.hidden_units], first
        )
        self.text_network = self.make_tower(
            "text",
            config.text_hidden_layers * [config.hidden_units],
            first + 10,
        )
        self.bank = networks.MemoryBank(
            self.measured["rows"], self.bits, self.seed
        )

    def preset_optimizers(
        self, steps_per_epoch: int
    ) -> dict[str, keras.optimizers.Optimizer]:
        """Adam with gradients of length 1 at most."""
        rate = self.config.learning_rate
        return {"towers": keras.optimizers.Adam(rate, global_clipnorm=1.0)}

    def make_draws(
        self, train: subset.Subset, batch_size: int, silent: bool = False
    ) -> Draws:
        """Pairs and strangers."""
        count = len(train)
        negatives = min(self.config.negatives, count)
        return Draws(count, min(batch_size, count), self.seed, negatives)

    def turns(self, train: subset.Subset) -> "Turns":
        """The batch's codes first, then the bank's."""
        return Turns(self.config.warmup_epochs)

    def phase_steps(self) -> dict:
        """A step with the batch's codes, and one with the bank's."""
        return {"warmup": self._warmup, "bank": self._against_bank}

    def _warmup(self, batch):
        count = tf.shape(batch["index"])[0]
        known = tf.eye(count, dtype=tf.bool)

        def keys(image, text):
            own = ucch_losses.keys(image + text)
            return own, own, known

        return self._step(batch, keys, 0.0)

    def _against_bank(self, batch):
        index, strangers = batch["index"], batch["strangers"]

        def keys(image, text):
            return (
                ucch_losses.keys(self.bank.rows(index)),
                ucch_losses.keys(self.bank.rows(strangers)),
                index[:, None] == strangers,
            )

        return self._step(batch, keys, self.config.momentum)

    def _step(self, batch, keys, momentum):
        """UCCH Eq. (15): beta L_c + (1 - beta) L_r, and the bank's change."""
        config = self.config
        with tf.GradientTape() as tape:
            image, text = (
                networks.unit_rows(found)
                for found in self.outputs(
                    batch, self.towers_optimizer.iterations
                )
            )
            own, others, known = keys(image, text)
            contrast = sum(
                ucch_losses.contrast(
                    found, own, others, known, config.temperature
                )
                for found in (image, text)
            )
            ranking = ucch_losses.ranking(
                image, text, config.margin, config.shift
            )
            beta = config.contrast_weight
            loss = beta * contrast + (1 - beta) * ranking
        self.descend(tape, loss, "towers")
        index = batch["index"]
        self.bank.put(
            index,
            ucch_losses.updated(self.bank.rows(index), image, text, momentum),
        )
        return {"contrast_loss": contrast, "ranking_loss": ranking}


class Turns:
    """The batch's codes in the first epochs, then the bank's.

    Args:
        warmup_epochs: How many are the first.
    """

    def __init__(self, warmup_epochs: int):
        self._warmup_epochs = warmup_epochs

    def begin(self, epoch: int) -> str:
        """Where the codes of an epoch come from."""
        return "warmup" if epoch < self._warmup_epochs else "bank"

    def end(self, epoch: int, logs: dict[str, float]) -> None:
        """Nothing follows an epoch."""
