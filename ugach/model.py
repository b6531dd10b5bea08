"""The UGACH model: two players over one correlation graph.

Equation numbers are those of Zhang, Peng, Yuan: "Unsupervised Generative
Adversarial Cross-modal Hashing", AAAI 2018. Axes: B queries, P candidates,
K bits.
"""

import os
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from common.data import arrays
from common.data import draws as data_draws
from common.data import subset
from common.models import distribution
from common.training import trainer
from ugach import config as ugach_config
from ugach import losses
from ugach import networks
from ugach import training


class Codes(NamedTuple):
    """Relaxed codes of one modality's part of a batch."""

    query: tf.Tensor  # [B, K]
    positive: tf.Tensor  # [B, K]
    pool: tf.Tensor  # [P, K]


class CodeTable:
    """Codes of all training rows by the player that stands still.

    A plain object, so that checkpoints leave it out: it follows from the
    weights.
    """

    def __init__(self, count: int, bits: int):
        self.image = tf.Variable(tf.zeros([count, bits]), trainable=False)
        self.text = tf.Variable(tf.zeros([count, bits]), trainable=False)


@keras.saving.register_keras_serializable("ugach")
class UGACH(trainer.Trainer):
    """Generator and discriminator over a cross-modal correlation graph.

    A batch is a dictionary made by `common.data.pipeline.batches` from
    `common.data.draws.GraphDraws`: `image` and `text` hold B queries, their B
    graph neighbours and P candidates, one below the other.

    Phases: `pretrain` trains the discriminator on uniform candidates,
    `discriminator` on what the generator selects, `generator` the generator,
    and `adversarial` both at every batch.
    The discriminator's codes are the model's codes.

    Args:
        config: Settings, a `ugach.Config`.
        seed: Seed of the weights and of every draw.
        cache_dir: Folder where correlation graphs are kept; without, `fit`
            makes the graph anew.
        **kwargs: Changed settings, such as `bits=32`, and those of
            `common.models.configured.ConfiguredModel`.
    """

    threshold = networks.THRESHOLD
    settings_class = ugach_config.Config
    presets = ugach_config.PRESETS
    player_names = ("discriminator", "generator")
    loss_names = ("discriminator_loss", "generator_loss")
    unscored_phases = ("generator",)

    def __init__(
        self,
        config: ugach_config.Config | None = None,
        seed: int = 0,
        cache_dir: str | os.PathLike | None = None,
        **kwargs: Any,
    ):
        super().__init__(config, seed, **kwargs)
        self.cache_dir = cache_dir
        self.objective = training.make_objective(self.config)
        self.table = None

    def build_networks(self) -> None:
        """Both players' networks, each with four seeds of its own."""
        config = self.config
        shape = (*self.image_shape, self.text_dim, config.hidden_units)
        form = (config.initializer, config.feature_scaling)
        # Seeds of one run must not meet those of the next.
        first = 8 * self.seed
        self.discriminator, self.generator = (
            networks.TwoPathway(
                *shape, self.bits, *form, first + 4 * i, name, self.text_kind
            )
            for i, name in enumerate(self.player_names)
        )

    @property
    def players(self) -> dict[str, list[keras.Variable]]:
        """Weights of the discriminator and of the generator."""
        return {
            name: getattr(self, name).trainable_variables
            for name in self.player_names
        }

    def preset_optimizers(
        self, steps_per_epoch: int
    ) -> dict[str, keras.optimizers.Optimizer]:
        """Optimizers of the settings, whose rates fall with the epochs."""
        return training.optimizers(self.run_config, steps_per_epoch)

    def settings_for(self, rows: int) -> ugach_config.Config:
        """The settings, with what depends on the number of training rows."""
        return self.config.for_rows(rows)

    def check(self, train: subset.Subset) -> None:
        """Refuses pixels, and too few rows for a batch, pool or graph."""
        arrays.require_features(train.data)
        self.config.check_training_rows(len(train))

    def make_draws(
        self, train: subset.Subset, batch_size: int, silent: bool = False
    ) -> data_draws.GraphDraws:
        """Batches over the correlation graph, or over pairs."""
        return training.make_draws(
            self.run_config,
            train,
            batch_size,
            self.seed,
            self.cache_dir,
            silent,
        )

    @property
    def schedule_epochs(self) -> int:
        """Epochs of the settings, both players' counted."""
        return training.schedule(self.run_config).total

    def turns(self, train: subset.Subset) -> training.Turns:
        """Who trains in which epoch, with its opponent's codes."""
        return training.Turns(self, train)

    @property
    def parts(self) -> tuple[str, ...]:
        """Which draws a batch's features stack, `GraphDraws.gathered`."""
        graph = ("positive",) if self.config.mode == "ugach" else ()
        pool = ("pool",) if self.config.pool_size else ()
        return ("index", *graph, *pool)

    def image_codes(self, images: tf.Tensor) -> tf.Tensor:
        """h(x) of image features by the discriminator, [n, K] in (0, 1)."""
        return self.discriminator.image_pathway(images)

    def text_codes(self, texts: tf.Tensor) -> tf.Tensor:
        """h(x) of bags of words by the discriminator, [n, K] in (0, 1)."""
        return self.discriminator.text_pathway(texts)

    def image_bits(self, images: tf.Tensor) -> tf.Tensor:
        """Eq. (3) for image features [n, d_image], [n, K] bool."""
        return networks.binary_codes(self.image_codes(images))

    def text_bits(self, texts: tf.Tensor) -> tf.Tensor:
        """Eq. (3) for bags of words [n, d_text], [n, K] bool."""
        return networks.binary_codes(self.text_codes(texts))

    def phase_steps(self) -> dict:
        """The steps that `fit` can run, by phase."""
        return {
            "pretrain": self._pretrain_step,
            "discriminator": self._discriminator_step,
            "generator": self._generator_step,
            "adversarial": self._adversarial_step,
        }

    def start_generator_from_discriminator(self) -> None:
        """Copies the discriminator's weights to the generator."""
        for target, source in zip(
            self.generator.variables, self.discriminator.variables, strict=True
        ):
            target.assign(source)

    def set_table(self, image: np.ndarray, text: np.ndarray) -> None:
        """Stores the codes of the player that stands still, [n, K] each."""
        if self.table is None:
            self.table = CodeTable(*image.shape)
        self.table.image.assign(image)
        self.table.text.assign(text)

    def _pretrain_step(self, batch):
        selection = self.objective.uniform(tf.cast(batch["known"], tf.bool))
        with tf.GradientTape() as tape:
            judged = self._codes(self.discriminator, batch)
            loss = self._discriminator_loss(judged, [selection, selection])
        self.descend(tape, loss, "discriminator")
        return {"discriminator_loss": loss}

    def _discriminator_step(self, batch):
        """Eq. (8) for the discriminator; the generator stands still."""
        selections = self._selections(batch, self._table_codes(batch))
        with tf.GradientTape() as tape:
            judged = self._codes(self.discriminator, batch)
            loss = self._discriminator_loss(judged, selections)
        self.descend(tape, loss, "discriminator")
        return {"discriminator_loss": loss}

    def _generator_step(self, batch):
        """Eq. (9) by the policy gradient; the discriminator stands still."""
        judged = self._table_codes(batch)
        with tf.GradientTape() as tape:
            generated = self._codes(self.generator, batch, positives=False)
            loss = self._generator_loss(generated, judged)
        self.descend(tape, loss, "generator")
        return {"generator_loss": loss}

    def _adversarial_step(self, batch):
        """Eqs. (8) and (9) at once, either player as it was before."""
        with tf.GradientTape() as generator_tape:
            generated = self._codes(self.generator, batch, positives=False)
            with tf.GradientTape() as discriminator_tape:
                judged = self._codes(self.discriminator, batch)
                discriminator_loss = self._discriminator_loss(
                    judged, self._selections(batch, generated)
                )
            generator_loss = self._generator_loss(generated, judged)
        self.descend(discriminator_tape, discriminator_loss, "discriminator")
        self.descend(generator_tape, generator_loss, "generator")
        return {
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
        }

    def _selections(self, batch, generated):
        """How likely the generator selects each candidate, Eq. (4)."""
        return [
            self.objective.generated(
                losses.pairwise_squared_distance(query.query, other.pool),
                tf.cast(batch["known"], tf.bool),
            )
            for query, other in _directions(generated)
        ]

    def _discriminator_loss(self, judged, selections):
        loss = self._decay(self.discriminator)
        for number, (query, other) in enumerate(_directions(judged)):
            losses_per_query = self.objective.discriminator(
                losses.squared_distance(query.query, other.positive),
                losses.pairwise_squared_distance(query.query, other.pool),
                selections[number],
                self._draw_seed(self.discriminator_optimizer, number),
            )
            loss += tf.reduce_mean(losses_per_query)
        return loss

    def _generator_loss(self, generated, judged):
        loss = self._decay(self.generator)
        for number, (query, other) in enumerate(_directions(generated)):
            judge_query, judge_other = _directions(judged)[number]
            rewards = self.objective.rewards(
                losses.squared_distance(
                    judge_query.query, judge_other.positive
                ),
                losses.pairwise_squared_distance(
                    judge_query.query, judge_other.pool
                ),
            )
            losses_per_query = self.objective.generator(
                losses.pairwise_squared_distance(query.query, other.pool),
                rewards,
                self._draw_seed(self.generator_optimizer, 2 + number),
            )
            loss += tf.reduce_mean(losses_per_query)
        return loss

    def _codes(self, player, batch, positives=True):
        """Encodes a batch once per modality and splits it into its parts.

        Positives and candidates that the batch does not stack are its
        queries again: pairs without a graph, or the batch as its own pool.
        """
        queries, candidates = batch["known"].shape
        sizes = {"index": queries, "positive": queries, "pool": candidates}
        used = [p for p in self.parts if positives or p != "positive"]
        encoded = []
        for name, pathway in (
            ("image", player.image_pathway),
            ("text", player.text_pathway),
        ):
            stacked = tf.split(
                batch[name],
                [distribution.share_size(sizes[p]) for p in self.parts],
            )
            rows = dict(zip(self.parts, stacked, strict=True))
            features = tf.concat([rows[part] for part in used], axis=0)
            relaxed = self._measurable(pathway(features))
            split = tf.split(relaxed, [rows[part].shape[0] for part in used])
            codes = {
                part: distribution.gathered(own, sizes[part])
                for part, own in zip(used, split, strict=True)
            }
            query = codes["index"]
            encoded.append(
                Codes(
                    query,
                    codes.get("positive", query),
                    codes.get("pool", query),
                )
            )
        return encoded

    def _table_codes(self, batch):
        """Looks the opponent's codes up instead of encoding again."""
        rows = [batch["index"], batch["positive"], batch["pool"]]
        return [
            Codes(*(self._measurable(tf.gather(codes, part)) for part in rows))
            for codes in (self.table.image, self.table.text)
        ]

    def _measurable(self, codes) -> tf.Tensor:
        """What the losses take distances of, float32."""
        codes = tf.cast(codes, tf.float32)
        if self.config.code_metric == "cosine":
            return losses.normalized_codes(codes)
        return codes

    def _draw_seed(self, optimizer, draw: int) -> tf.Tensor:
        # Checkpoints carry the step count, so a resumed run draws the same.
        # A step has four draws: two players, two directions.
        step = tf.cast(optimizer.iterations, tf.int32)
        return tf.stack([self.seed, 4 * step + draw])

    def _decay(self, player) -> tf.Tensor:
        if not self.config.weight_decay:
            return tf.zeros([])
        return self.config.weight_decay * tf.add_n(
            [tf.nn.l2_loss(kernel) for kernel in player.kernels()]
        )


def _directions(codes):
    """Image queries over texts, then text queries over images."""
    image, text = codes
    return ((image, text), (text, image))
