"""Several players in one model: each has weights and an optimizer."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from common.models import arguments
from common.models import configured
from common.models import distribution


class AllOptimizers:
    """What Keras' callbacks ask of a model's optimizer, of several at once.

    Args:
        optimizers: Of each player, in the players' order.
    """

    def __init__(self, optimizers: Sequence[keras.optimizers.Optimizer]):
        self.optimizers = list(optimizers)

    @property
    def built(self) -> bool:
        """Whether all have their state."""
        return all(one.built for one in self.optimizers)

    @property
    def variables(self) -> list[keras.Variable]:
        """The state of all, one after the other."""
        return [v for one in self.optimizers for v in one.variables]

    @property
    def iterations(self) -> tf.Tensor:
        """Steps of all players together, a scalar."""
        return tf.add_n(
            [tf.cast(o.iterations, "int64") for o in self.optimizers]
        )


class PlayersModel(configured.ConfiguredModel):
    """A model in which several players each have weights and an optimizer.

    A method supplies its players, a step for each phase of its training, and
    the optimizers that its settings describe.

    Attributes:
        loss_names: Losses of its steps, of which epochs tell the means; the
            first tells most.
        phase: Name of the step that `train_step` runs.
    """

    loss_names: Sequence[str] = ()

    def __init__(self, config: Any = None, seed: int = 0, **kwargs: Any):
        super().__init__(config, seed, **kwargs)
        self.phase = next(iter(self.phase_steps()))
        self._loss_trackers = {}
        self.add_loss_trackers(*self.loss_names)

    @property
    def player_names(self) -> Sequence[str]:
        """The players, each of which has an optimizer."""
        raise NotImplementedError

    @property
    def players(self) -> dict[str, list[keras.Variable]]:
        """Trainable weights of each player, by its name."""
        raise NotImplementedError

    def phase_steps(self) -> dict:
        """Maps the name of each phase to its step, batch -> dict of losses."""
        raise NotImplementedError

    def preset_optimizers(
        self, steps_per_epoch: int
    ) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizer of each player that the settings describe."""
        raise NotImplementedError

    @property
    def suits_xla(self) -> bool:
        """Whether XLA makes the steps faster."""
        return True

    def adapt_optimizer(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Changes what Keras does not save of an optimizer, before it is built.

        Args:
            optimizer: Of the settings, of `compile` or of a saved model.
        """

    def build(self, input_shape: Mapping[str, tuple]) -> None:
        """Makes networks and weights, and the optimizers' state."""
        super().build(input_shape)
        for name in self.player_names:
            self._build_optimizer(name)

    def compile(
        self,
        optimizer: Any = None,
        jit_compile: bool | str = "auto",
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        **others: Any,
    ) -> None:
        """Chooses the optimizers; the losses are the method's own.

        Args:
            optimizer: One for each player, by its name; or one, of which each
                player gets a copy; None takes those of the settings. An
                optimizer is an object or Keras' name of one.
            jit_compile: Whether XLA compiles the steps; `auto` where it makes
                them faster.
            run_eagerly: Whether steps run operation by operation.
            steps_per_execution: Steps between two calls of the callbacks'
                `on_train_batch_begin`, on one device.
            **others: Keras' other arguments, which are refused.

        Raises:
            TypeError: Keras has such an argument, which means nothing here.
            ValueError: A player has no optimizer or an optimizer no player;
                or several devices are to run several steps at once.
        """
        arguments.refuse("compile", others)
        arguments.check_counts(1, steps_per_execution=steps_per_execution)
        replicas = self.distribute_strategy.num_replicas_in_sync
        if steps_per_execution > 1 and replicas > 1:
            raise ValueError(
                f"`steps_per_execution` is 1 on {replicas} devices; received "
                f"{steps_per_execution}."
            )
        # Without `optimizer=None` Keras makes an RMSprop that nothing uses.
        super().compile(
            optimizer=None,
            jit_compile=False,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
        )
        self._state.jit_compile = jit_compile
        self._state.functions = {}
        if jit_compile == "auto":
            # XLA cannot read another device's variables.
            jit_compile = replicas == 1 and self.suits_xla
        self.jit_compile = bool(jit_compile)
        given = {}
        if optimizer is not None:
            given = spread(optimizer, self.player_names)
        for name in self.player_names:
            self._set_optimizer(name, given.get(name))

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizer of each player, as soon as it has one."""
        found = {n: self.optimizer_of(n) for n in self.player_names}
        return {name: one for name, one in found.items() if one is not None}

    @property
    def optimizer(self) -> Any:
        """The optimizer, or all players' for callbacks; None as `optimizers`.

        Keras' callbacks set the learning rate of each.
        """
        found = list(self.optimizers.values())
        if len(found) < 2:
            return found[0] if found else None
        return AllOptimizers(found)

    @optimizer.setter
    def optimizer(self, optimizer: None) -> None:
        # Keras sets one when it compiles.
        pass

    def optimizer_of(self, player: str) -> keras.optimizers.Optimizer | None:
        """A player's optimizer; None before `compile` or the first `fit`."""
        return getattr(self, f"{player}_optimizer", None)

    def complete_optimizers(self, steps_per_epoch: int) -> None:
        """Gives players those of the settings, unless they have their own."""
        if len(self.optimizers) < len(self.player_names):
            made = self.preset_optimizers(steps_per_epoch)
            for name in self.player_names:
                self._set_optimizer(name, made[name])

    def _set_optimizer(self, name, optimizer) -> None:
        if optimizer is not None:
            optimizer = scaled(optimizer, self.compute_dtype)
            if not optimizer.built:
                # By which Keras' callbacks log its learning rate.
                optimizer.name = name
                self.adapt_optimizer(
                    getattr(optimizer, "inner_optimizer", optimizer)
                )
        setattr(self, f"{name}_optimizer", optimizer)
        if self.built:
            self._build_optimizer(name)

    def _build_optimizer(self, name) -> None:
        # Keras skips an unbuilt optimizer's state when it restores a file.
        optimizer = self.optimizer_of(name)
        if optimizer is not None and not optimizer.built:
            with self.distribute_strategy.scope():
                optimizer.build(self.players[name])

    def get_compile_config(self) -> dict | None:
        """What `compile_from_config` takes: optimizers and how far it is."""
        if not self.compiled:
            return None
        optimizers = {
            name: keras.optimizers.serialize(one)
            for name, one in self.optimizers.items()
        }
        return {
            "optimizer": optimizers or None,
            "jit_compile": self._state.jit_compile,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": self.steps_per_execution,
            "finished_epochs": self._state.finished_epochs,
        }

    def compile_from_config(self, config: dict) -> None:
        """Compiles as a saved model was, and goes on where it was."""
        optimizer = config["optimizer"] and {
            name: keras.optimizers.deserialize(one)
            for name, one in config["optimizer"].items()
        }
        self.compile(
            optimizer,
            config["jit_compile"],
            config["run_eagerly"],
            # Files of earlier versions have none.
            config.get("steps_per_execution", 1),
        )
        self._state.finished_epochs = config["finished_epochs"]

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Runs the step of the current phase; returns epoch means so far."""
        return self.track(self.phase_steps()[self.phase](batch))

    def track(self, losses: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Takes note of a batch's losses; returns epoch means so far.

        Keras' callbacks look for a `loss`: the sum of all, if none has that
        name. Since players pull against one another, it tells whether numbers
        are finite and not how good codes are.
        """
        for name, value in losses.items():
            self._loss_trackers[name].update_state(value)
        means = {name: self._loss_trackers[name].result() for name in losses}
        return {**means, "loss": tf.add_n(list(means.values()))}

    def add_loss_trackers(self, *names: str) -> None:
        """Creates a mean over the epoch for each named loss."""
        for name in names:
            self._loss_trackers[name] = keras.metrics.Mean(name=name)

    def descend(
        self, tape: tf.GradientTape, loss: tf.Tensor, *names: str
    ) -> None:
        """Lets players lower a loss; what it does not reach stays.

        Args:
            tape: What recorded the loss.
            loss: A scalar, float32.
            *names: The players.
        """
        own = [self.players[name] for name in names]
        optimizers = [self.optimizer_of(name) for name in names]
        scales = [scale_of(one) for one in optimizers]
        gradients = distribution.gradient(tape, loss, own, scales[0])
        for optimizer, scale, slopes, variables in zip(
            optimizers, scales, gradients, own, strict=True
        ):
            slopes = [
                tf.zeros(variable.shape) if slope is None else slope
                for slope, variable in zip(slopes, variables, strict=True)
            ]
            if scale is not None and scale is not scales[0]:
                slopes = [slope * (scale / scales[0]) for slope in slopes]
            optimizer.apply_gradients(zip(slopes, variables, strict=True))


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
