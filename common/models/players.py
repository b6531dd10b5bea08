"""The optimizers of several players: one each, however they are given."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


def spread(
    optimizer: Any, names: Sequence[str]
) -> dict[str, keras.optimizers.Optimizer]:
    """An optimizer for each player.

    Args:
        optimizer: One for each player, by its name; or one, of which each
            player gets a copy. An optimizer is an object or Keras' name.
        names: The players.

    Raises:
        ValueError: A player has no optimizer or an optimizer no player.
    """
    if not isinstance(optimizer, Mapping):
        given = keras.optimizers.get(optimizer)
        return {name: _copy(given) for name in names}
    if set(optimizer) != set(names):
        raise ValueError(
            f"Optimizers are needed for {', '.join(names)}; received them for "
            f"{', '.join(optimizer)}."
        )
    return {name: keras.optimizers.get(optimizer[name]) for name in names}


def scaled(
    optimizer: keras.optimizers.Optimizer, compute_dtype: str
) -> keras.optimizers.Optimizer:
    """The optimizer, with a scale of its losses where half precision asks it.

    Gradients in float16 would become 0 without; bfloat16 needs none.
    """
    kind = keras.optimizers.LossScaleOptimizer
    if compute_dtype != "float16" or isinstance(optimizer, kind):
        return optimizer
    return kind(optimizer)


def scale_of(optimizer: keras.optimizers.Optimizer) -> tf.Tensor | None:
    """What the optimizer divides gradients by, or None."""
    if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return None
    return optimizer.scale_loss(tf.ones([]))


def _copy(optimizer):
    return type(optimizer).from_config(optimizer.get_config())
