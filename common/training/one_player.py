"""The plainest model to train: all its weights lower one loss."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from common.data import subset
from common.training import loop
from common.training import trainer

_PLAYER = "model"


class OnePlayer(trainer.Trainer):
    """A hashing model whose every epoch runs one `train_step`.

    A method supplies `settings_class`, a frozen dataclass with `epochs`,
    `batch_size` and `learning_rate` among its fields; `build_networks`,
    `image_codes` and `text_codes`; and a `train_step`, which ends with `lower`.
    """

    player_names = (_PLAYER,)
    loss_names = ("loss",)

    @property
    def players(self) -> dict[str, list[keras.Variable]]:
        """All trainable weights."""
        return {_PLAYER: self.trainable_variables}

    def preset_optimizers(
        self, steps_per_epoch: int
    ) -> dict[str, keras.optimizers.Optimizer]:
        """Adam, with the settings' `learning_rate`."""
        return {_PLAYER: keras.optimizers.Adam(self.config.learning_rate)}

    @property
    def schedule_epochs(self) -> int:
        """The settings' `epochs`."""
        return self.run_config.epochs

    def turns(self, train: subset.Subset) -> loop.Turns:
        """Every epoch is like the others."""
        return loop.Alike("train")

    def phase_steps(self) -> dict:
        """The one step."""
        return {"train": self.train_step}

    def train_step(self, batch: Mapping[str, tf.Tensor]) -> dict:
        """Runs a step; a method's own ends with `return self.lower(...)`.

        Args:
            batch: `image` [B, *image_shape] and `text` [B, d_text], and for a
                supervised method `labels` [B, c].
        """
        raise NotImplementedError(
            f"{type(self).__name__} needs a `train_step`."
        )

    def lower(self, tape: tf.GradientTape, loss: tf.Tensor) -> dict:
        """Moves the weights against a loss; returns its mean of the epoch.

        Args:
            tape: What recorded the loss.
            loss: A scalar, float32.
        """
        self.descend(tape, loss, _PLAYER)
        return self.track({"loss": loss})
