"""What settings describe: losses, optimizers, and the watch over a run."""

import dataclasses

import keras
import tensorflow as tf

from common.data import subset
from common.models import schedules
from uch import collapse
from uch import config as uch_config
from uch import networks
from uch import objective

# Enough training pairs to see a collapse.
_SAMPLE = 1024


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


class Turns:
    """All players train at every batch; an epoch's end looks for a collapse.

    Args:
        model: A `uch.UCH`.
        train: Training items.
    """

    def __init__(self, model: keras.Model, train: subset.Subset):
        self._model = model
        # Every so many rows.
        sample = train[:: -(-len(train) // _SAMPLE)]
        self._images = tf.constant(sample.image_features(slice(None)))
        self._texts = tf.constant(sample.text_features(slice(None)))
        config = model.config
        self._limits = collapse.Limits(
            config.minimum_feature_scale,
            config.minimum_spread,
            config.maximum_one_sided_bits,
            config.collapse_grace_epochs,
        )

    def begin(self, epoch: int) -> str:
        """The phase of every epoch."""
        return "algorithm_1"

    def end(self, epoch: int, logs: dict[str, float]) -> None:
        """Measures F, Z and H of a sample, and adds it to the logs.

        Raises:
            CollapseError: They have collapsed.
        """
        stages = self._model.stages(self._images, self._texts)
        for modality in networks.Pair._fields:
            limits = self._limits
            if not getattr(
                self._model, f"{modality}_encoder"
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


def architecture(
    config: uch_config.Config, text_kind: str = "bag_of_words"
) -> networks.Architecture:
    """Widths and kinds of layers, for bags of words or embeddings."""
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


def optimizer(
    config: uch_config.Config, player: str, steps_per_epoch: int
) -> keras.optimizers.Optimizer:
    """A player's optimizer, whose rate falls once."""
    image = player.startswith("image_")
    initial = config.image_learning_rate if image else config.text_learning_rate
    steps = round(config.decay_at * config.epochs * steps_per_epoch)
    factor = config.learning_rate_decay
    # The floor lets it fall once only.
    rate = schedules.StepDecay(
        initial, max(1, steps), factor, minimum=initial * factor
    )
    kinds = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}
    return kinds[config.optimizer](
        rate, weight_decay=config.weight_decay or None
    )
