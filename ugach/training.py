"""From settings to a compiled model, and who trains in which epoch."""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from common.data import arrays
from common.data import draws as data_draws
from common.data import pipeline
from common.models import schedules
from ugach import config as ugach_config
from ugach import graph
from ugach import model as ugach_model
from ugach import objective


@dataclasses.dataclass(frozen=True)
class Schedule:
    """Which player each epoch trains.

    Attributes:
        pretrain_epochs: Epochs of the discriminator on uniform candidates.
        epochs: Discriminator epochs after that.
        adversarial: Whether there is a generator; without, candidates stay
            uniform.
        generator_epochs: Epochs of the generator after each of the
            discriminator's; 0 where both train on every batch.
    """

    pretrain_epochs: int
    epochs: int
    adversarial: bool
    generator_epochs: int

    @property
    def total(self) -> int:
        """Epochs of the whole run, both players counted."""
        turns = 1 + (self.generator_epochs if self.adversarial else 0)
        return self.pretrain_epochs + self.epochs * turns

    def phase(self, epoch: int) -> str:
        """Phase of `ugach.model.UGACH` for an epoch counted from 0."""
        if epoch < self.pretrain_epochs or not self.adversarial:
            return "pretrain"
        if not self.generator_epochs:
            return "adversarial"
        place = (epoch - self.pretrain_epochs) % (1 + self.generator_epochs)
        return "generator" if place else "discriminator"


def schedule(config: ugach_config.Config) -> Schedule:
    """The schedule of a run; a baseline has the same discriminator epochs."""
    return Schedule(
        config.pretrain_epochs,
        config.epochs,
        config.mode != "baseline",
        config.generator_epochs if config.alternation == "epoch" else 0,
    )


def make_draws(
    config: ugach_config.Config,
    data: arrays.CrossModalData,
    rows: np.ndarray,
    cache_dir: str,
    seed: int,
    progress: Callable[[str, int], None] | None = None,
) -> data_draws.GraphDraws:
    """Batches over the correlation graph, or over pairs for a baseline.

    Raises:
        ValueError: The graph, pool or batch do not fit the training rows.
    """
    if config.mode == "ugach":
        neighbours = graph.cached_correlation_graph(
            cache_dir,
            data,
            rows,
            config.graph_size,
            config.graph_metric,
            progress,
        )
    else:
        neighbours = graph.pairs_only(len(rows))
    return data_draws.GraphDraws(
        neighbours,
        config.batch_size,
        config.pool_size,
        seed,
        config.pair_share,
    )


def build_model(
    config: ugach_config.Config,
    image_dim: int,
    text_dim: int,
    draws: data_draws.GraphDraws,
    seed: int,
    jit_compile: bool = True,
    text_kind: str = "bag_of_words",
) -> ugach_model.UGACH:
    """Builds and compiles the model that a config describes."""
    model = ugach_model.UGACH(
        config.bits,
        image_dim,
        text_dim,
        config.hidden_units,
        objective.Objective(
            margin=config.total_margin,
            uniform_margin=config.total_uniform_margin,
            temperature=config.total_temperature,
            discriminator_loss=config.discriminator_loss,
            negatives=config.negatives,
            known_candidates=config.known_candidates,
            reward=config.reward,
            generator_gradient=config.generator_gradient,
            num_samples=config.num_samples,
            entropy_weight=config.entropy_weight * config.total_temperature,
        ),
        config.initializer,
        config.feature_scaling,
        config.code_metric,
        config.weight_decay,
        draws.gathered,
        seed,
        text_kind,
    )
    steps_per_epoch = draws.steps_per_epoch
    period = config.decay_epochs * steps_per_epoch
    model.compile(
        _optimizer(
            config,
            schedules.StepDecay(
                config.discriminator_learning_rate,
                period,
                config.learning_rate_decay,
                config.minimum_learning_rate,
                config.pretrain_learning_rate,
                config.pretrain_epochs * steps_per_epoch,
            ),
        ),
        _optimizer(
            config,
            schedules.StepDecay(
                config.generator_learning_rate,
                period * max(1, schedule(config).generator_epochs),
                config.learning_rate_decay,
                config.minimum_learning_rate,
            ),
        ),
        jit_compile=jit_compile,
    )
    return model


def _optimizer(config, rate) -> keras.optimizers.Optimizer:
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate)
    return keras.optimizers.Adam(rate)


class AlternatePlayers(keras.callbacks.Callback):
    """Gives each epoch its player, and that player its opponent's codes.

    Args:
        schedule: Who trains when.
        data: The data set.
        rows: Training rows, [n] int64.
        config: Settings of the run.
    """

    def __init__(
        self,
        schedule: Schedule,
        data: arrays.CrossModalData,
        rows: np.ndarray,
        config: ugach_config.Config,
    ):
        super().__init__()
        self.schedule = schedule
        self.data = data
        self.rows = rows
        self.copies_start = config.generator_start == "discriminator"
        self._encoders = {}

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Switches the phase and encodes what the standing player sees."""
        phase = self.schedule.phase(epoch)
        if self.copies_start and epoch == self.schedule.pretrain_epochs:
            self.model.start_generator_from_discriminator()
        if phase == "discriminator":
            self._fill_table(self.model.generator)
        elif phase == "generator":
            self._fill_table(self.model.discriminator)
        self.model.set_phase(phase)

    def _fill_table(self, player) -> None:
        tables = [
            pipeline.encode(
                self._encoder(pathway),
                lambda block, read=read: read(self.rows[block]),
                len(self.rows),
            )
            for pathway, read in (
                (player.image_pathway, self.data.image_features),
                (player.text_pathway, self.data.text_features),
            )
        ]
        self.model.set_table(*tables)

    def _encoder(self, pathway: keras.Model):
        # Traced once per pathway, however many epochs ask for it.
        if pathway.name not in self._encoders:
            width = pathway.input_shape[1]
            self._encoders[pathway.name] = tf.function(
                pathway,
                input_signature=[tf.TensorSpec([None, width], tf.float32)],
            )
        return self._encoders[pathway.name]
