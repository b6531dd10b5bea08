"""From settings to a compiled model, and the watch over its training."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from common.backbones import building
from common.backbones import choice
from common.data import arrays
from common.models import schedules
from uch import collapse
from uch import config as uch_config
from uch import model as uch_model
from uch import networks
from uch import objective

# Enough training pairs to see a collapse.
_SAMPLE = 1024


def build_model(
    config: uch_config.Config,
    image_shape: tuple[int, ...],
    text_dim: int,
    steps_per_epoch: int,
    seed: int,
    jit_compile: bool = True,
    text_kind: str = "bag_of_words",
) -> uch_model.UCH:
    """Builds and compiles the model that a config describes."""
    outer, inner = objectives(config)
    model = uch_model.UCH(
        config.bits,
        image_shape,
        text_dim,
        _architecture(config, text_kind),
        outer,
        inner,
        config.couple,
        # The networks' own seeds are those from 32 times the seed to 24 more.
        building.build(
            config.backbone,
            config.backbone_weights,
            image_shape,
            32 * seed + 25,
        ),
        seed,
    )
    jit_compile = jit_compile and not choice.slow_in_xla(config.backbone)
    model.compile(
        {
            player: _optimizer(config, player, steps_per_epoch)
            for player in uch_model.PLAYERS
        },
        jit_compile=jit_compile,
    )
    return model


def objectives(
    config: uch_config.Config,
) -> tuple[objective.Objective, objective.Objective]:
    """The outer and the inner cycle's objective."""
    forms = {
        "adversarial_weight": config.adversarial_weight,
        "gan_loss": config.gan_loss,
        "normalization": config.normalization,
        "fixed_targets": config.fixed_targets,
    }
    outer = objective.Objective(
        adversarial=config.outer_adversarial,
        reconstruction_weight=(
            config.outer_reconstruction_weight if config.outer_cycle else 0.0
        ),
        similarity_weight=config.outer_similarity_weight,
        translation_weight=config.outer_translation_weight,
        decorrelation_weight=config.outer_decorrelation_weight,
        **forms,
    )
    inner = objective.Objective(
        adversarial=config.inner_adversarial,
        reconstruction_weight=(
            config.inner_reconstruction_weight if config.inner_cycle else 0.0
        ),
        similarity_weight=config.inner_similarity_weight,
        translation_weight=config.inner_translation_weight,
        decorrelation_weight=config.inner_decorrelation_weight,
        quantization_weight=config.quantization_weight,
        **forms,
    )
    return outer, inner


def optimizers(model: uch_model.UCH) -> dict[str, keras.optimizers.Optimizer]:
    """One optimizer per modality; the others of a modality have its rate."""
    return {
        "image": model.image_outer_generator_optimizer,
        "text": model.text_outer_generator_optimizer,
    }


class WatchCollapse(keras.callbacks.Callback):
    """Adds the signs of a collapse to an epoch's logs, and stops for one.

    Must stand before the callbacks that write logs and checkpoints.

    Args:
        data: The data set.
        rows: Training rows, [n] int64.
        config: Settings of the run.
    """

    def __init__(
        self,
        data: arrays.CrossModalData,
        rows: np.ndarray,
        config: uch_config.Config,
    ):
        super().__init__()
        sample = rows[:: -(-len(rows) // _SAMPLE)]
        self._images = tf.constant(data.image_features(sample))
        self._texts = tf.constant(data.text_features(sample))
        self._limits = collapse.Limits(
            config.minimum_feature_scale,
            config.minimum_spread,
            config.maximum_one_sided_bits,
            config.collapse_grace_epochs,
        )

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Measures F, Z and H of the sample.

        Raises:
            CollapseError: They have collapsed.
        """
        stages = self.model.stages(self._images, self._texts)
        logs = {} if logs is None else logs
        for modality in networks.Pair._fields:
            limits = self._limits
            if not getattr(
                self.model, f"{modality}_encoder"
            ).trainable_variables:
                # Nothing can shrink features that are given.
                limits = dataclasses.replace(limits, minimum_feature_scale=0.0)
            measured = collapse.measure(
                *(getattr(stage, modality).numpy() for stage in stages)
            )
            logs.update(
                {f"{modality}_{name}": v for name, v in measured.items()}
            )
            collapse.check(measured, modality, epoch + 1, limits)


def _architecture(config, text_kind) -> networks.Architecture:
    return networks.Architecture(
        text_feature_units=config.text_feature_units,
        outer_hidden_units=config.outer_hidden_units,
        representation_units=config.representation_units,
        inner_hidden_units=config.inner_hidden_units,
        outer_discriminator_units=config.outer_discriminator_units,
        inner_discriminator_units=config.inner_discriminator_units,
        discriminator_outputs=config.discriminator_outputs,
        standardize=config.standardize,
        feature_scaling=config.feature_scaling,
        text_kind=text_kind,
    )


def _optimizer(
    config, player: str, steps_per_epoch: int
) -> keras.optimizers.Optimizer:
    image = player.startswith("image_")
    initial = config.image_learning_rate if image else config.text_learning_rate
    steps = round(config.decay_at * config.epochs * steps_per_epoch)
    factor = config.learning_rate_decay
    # The floor lets it fall once only.
    rate = schedules.StepDecay(
        initial, max(1, steps), factor, minimum=initial * factor
    )
    kinds = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}
    optimizer = kinds[config.optimizer](
        rate, weight_decay=config.weight_decay or None
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer
