"""What settings describe: losses, optimizers, batches, who trains when."""

import dataclasses
import os

import keras
import numpy as np
import tensorflow as tf

from common.data import draws as data_draws
from common.data import pipeline
from common.data import subset
from common.models import schedules
from common.training import bars
from ugach import config as ugach_config
from ugach import given_graph
from ugach import graph
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
    train: subset.Subset,
    batch_size: int,
    seed: int,
    cache_dir: str | os.PathLike | None = None,
    silent: bool = False,
) -> data_draws.GraphDraws:
    """Batches over the correlation graph, or over pairs for a baseline.

    Args:
        config: Settings.
        train: Training items.
        batch_size: Queries of each modality.
        seed: Seed of everything drawn.
        cache_dir: Folder where graphs are kept, or None.
        silent: Whether to show no progress.

    Raises:
        ValueError: The graph, pool or batch do not fit the training rows.
    """
    return data_draws.GraphDraws(
        _neighbours(config, train, cache_dir, silent),
        batch_size,
        config.pool_size,
        seed,
        config.pair_share,
    )


def _neighbours(config, train, cache_dir, silent) -> np.ndarray:
    if config.mode != "ugach":
        return graph.pairs_only(len(train))
    config = config.for_rows(len(train))
    inputs = (train.data, train.rows, config.graph_size, config.graph_metric)
    if config.graph:
        return given_graph.read(config.graph, *inputs)
    builder = config.graph_builder
    shown = None
    if not silent:
        shown = bars.show_progress(f"Correlation graph, {builder}", len(train))
    if cache_dir is None:
        return graph.correlation_graph(*inputs, shown, builder)
    return graph.cached_correlation_graph(cache_dir, *inputs, shown, builder)


def make_objective(config: ugach_config.Config) -> objective.Objective:
    """The losses of both players."""
    return objective.Objective(
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
    )


def optimizers(
    config: ugach_config.Config, steps_per_epoch: int
) -> dict[str, keras.optimizers.Optimizer]:
    """Each player's optimizer; rates fall with its own epochs."""
    period = config.decay_epochs * steps_per_epoch
    return {
        "discriminator": _optimizer(
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
        "generator": _optimizer(
            config,
            schedules.StepDecay(
                config.generator_learning_rate,
                period * max(1, schedule(config).generator_epochs),
                config.learning_rate_decay,
                config.minimum_learning_rate,
            ),
        ),
    }


def _optimizer(config, rate) -> keras.optimizers.Optimizer:
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate)
    return keras.optimizers.Adam(rate)


class Turns:
    """Gives each epoch its player, and that player its opponent's codes.

    Args:
        model: A `ugach.UGACH`.
        train: Training items.
    """

    def __init__(self, model: keras.Model, train: subset.Subset):
        self._model = model
        self._train = train
        self._schedule = schedule(model.run_config)
        self._encoders = {}

    def begin(self, epoch: int) -> str:
        """Encodes what the standing player sees; returns the phase."""
        config = self._model.config
        phase = self._schedule.phase(epoch)
        copies = config.generator_start == "discriminator"
        if copies and epoch == self._schedule.pretrain_epochs:
            self._model.start_generator_from_discriminator()
        if phase == "discriminator":
            self._fill_table(self._model.generator)
        elif phase == "generator":
            self._fill_table(self._model.discriminator)
        return phase

    def end(self, epoch: int, logs: dict[str, float]) -> None:
        """Nothing follows an epoch."""

    def _fill_table(self, player) -> None:
        tables = [
            pipeline.encode(self._encoder(pathway), read, len(self._train))
            for pathway, read in (
                (player.image_pathway, self._train.image_features),
                (player.text_pathway, self._train.text_features),
            )
        ]
        self._model.set_table(*tables)

    def _encoder(self, pathway: keras.Model):
        # Traced once per pathway, however many epochs ask for it.
        if pathway.name not in self._encoders:
            width = pathway.input_shape[1]
            self._encoders[pathway.name] = tf.function(
                lambda inputs: tf.cast(pathway(inputs), tf.float32),
                input_signature=[tf.TensorSpec([None, width], tf.float32)],
                autograph=False,
            )
        return self._encoders[pathway.name]
