"""A model that its settings describe: players, optimizers and saved files."""

import contextlib
import dataclasses
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import ClassVar

import keras
import tensorflow as tf

from common.models import base
from common.models import distribution
from common.models import players as model_players
from common.models import settings


class _State:
    """What a model knows besides its weights.

    A plain object, so that checkpoints leave it out.
    """

    def __init__(self):
        # What was learned of the training data before the first step.
        self.measured = {}
        self.finished_epochs = 0
        self.jit_compile = "auto"
        self.functions = {}
        # Whether weights come from a file, not from initializers.
        self.restored = False


class ConfiguredModel(base.HashingModel):
    """A hashing model made of a dataclass of settings, built from the data.

    A method supplies its networks, its players and a step for each phase. The
    networks are built from the shapes of the first data.

    Args:
        config: Settings, or their fields by name; the defaults without.
        seed: Seed of the weights and of every draw.
        bits: K, where it is no field of the settings.
        name: Name of the model.
        dtype: Its policy; Keras' own by default. Under `mixed_float16` and
            `mixed_bfloat16` networks compute in half precision and losses in
            float32.
        trainable: As Keras has it.
        **changes: Settings that differ from `config`.

    Raises:
        TypeError: There is no such setting.
        ValueError: A setting has a value that it cannot have.
    """

    settings_class: ClassVar[type]
    presets: ClassVar[Mapping[str, Any]] = {}

    def __init__(
        self,
        config: Any = None,
        seed: int = 0,
        *,
        bits: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        trainable: bool = True,
        **changes: Any,
    ):
        fields = {f.name for f in dataclasses.fields(self.settings_class)}
        if bits is not None and "bits" in fields:
            changes["bits"] = bits
        config = settings.complete(self.settings_class, config, changes)
        super().__init__(
            getattr(config, "bits", bits or 64),
            name=name,
            dtype=dtype,
            trainable=trainable,
        )
        self.config = config
        self.seed = seed
        self.label_dim = None
        self.phase = next(iter(self.phase_steps()))
        self._loss_trackers = {}
        self._state = _State()

    @classmethod
    def from_preset(cls, preset: str, **kwargs: Any) -> "ConfiguredModel":
        """A model of the method's named settings.

        Args:
            preset: Name of the settings, such as `paper`.
            **kwargs: As the class takes them.

        Raises:
            ValueError: There are no settings of that name.
        """
        if preset not in cls.presets:
            raise ValueError(
                f"The presets are {', '.join(cls.presets)}; received "
                f"{preset!r}."
            )
        return cls(cls.presets[preset], **kwargs)

    # What a method supplies.

    @property
    def player_names(self) -> Sequence[str]:
        """The players, each of which has an optimizer."""
        raise NotImplementedError

    @property
    def players(self) -> dict[str, list[keras.Variable]]:
        """Trainable weights of each player, by its name."""
        raise NotImplementedError

    def build_networks(self) -> None:
        """Makes the networks, for inputs of `image_shape` and `text_dim`."""
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

    @property
    def measured(self) -> dict:
        """What was learned of the training rows before the first step."""
        return self._state.measured

    @property
    def is_restored(self) -> bool:
        """Whether weights come from a file, whatever networks start with."""
        return self._state.restored

    # Building.

    def build(self, input_shape: Mapping[str, tuple]) -> None:
        """Makes networks and weights.

        Args:
            input_shape: Shapes of `image` (n, *image_shape) and `text`
                (n, d_text), and for a supervised method of `labels` (n, c).

        Raises:
            ValueError: One of them is missing.
        """
        for name in ("image", "text"):
            if name not in input_shape:
                raise ValueError(
                    "The networks are built from the shapes of `image` and "
                    f"`text` together; {name} is missing. Call `fit` or "
                    "`build` first."
                )
        self.set_shapes(input_shape["image"][1:], input_shape["text"][-1])
        if "labels" in input_shape:
            self.label_dim = input_shape["labels"][-1]
        with _policy(self.dtype_policy):
            self.build_networks()
        self.built = True
        for name in self.player_names:
            self._build_optimizer(name)

    def get_build_config(self) -> dict | None:
        """What `build_from_config` builds the same networks from."""
        if not self.built:
            return None
        return {
            "image_shape": list(self.image_shape),
            "text_dim": self.text_dim,
            "label_dim": self.label_dim,
            "measured": dict(self._state.measured),
        }

    def build_from_config(self, config: dict) -> None:
        """Builds networks whose weights come from a file."""
        self._state.restored = True
        self._state.measured = dict(config["measured"])
        shapes = {
            "image": (None, *config["image_shape"]),
            "text": (None, config["text_dim"]),
        }
        if config["label_dim"] is not None:
            shapes["labels"] = (None, config["label_dim"])
        self.build(shapes)

    def get_config(self) -> dict:
        """Arguments that make an equal model."""
        found = {
            "config": dataclasses.asdict(self.config),
            "seed": self.seed,
            "name": self.name,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            "trainable": self.trainable,
        }
        if "bits" not in found["config"]:
            found["bits"] = self.bits
        return found

    @classmethod
    def from_config(cls, config: dict, custom_objects: Any = None):
        """The model that `get_config` describes."""
        return cls(**config)

    # Players.

    def compile(
        self,
        optimizer: Any = None,
        jit_compile: bool | str = "auto",
        run_eagerly: bool = False,
    ) -> None:
        """Chooses the optimizers; the losses are the method's own.

        Args:
            optimizer: One for each player, by its name; or one, of which each
                player gets a copy; None takes those of the settings. An
                optimizer is an object or Keras' name of one.
            jit_compile: Whether XLA compiles the steps; `auto` where it makes
                them faster.
            run_eagerly: Whether steps run operation by operation.

        Raises:
            ValueError: A player has no optimizer or an optimizer no player.
        """
        # Without `optimizer=None` Keras makes an RMSprop that nothing uses.
        super().compile(
            optimizer=None, jit_compile=False, run_eagerly=run_eagerly
        )
        self._state.jit_compile = jit_compile
        self._state.functions = {}
        if jit_compile == "auto":
            # XLA cannot read another device's variables.
            strategy = self.distribute_strategy
            alone = strategy.num_replicas_in_sync == 1
            jit_compile = alone and self.suits_xla
        self.jit_compile = bool(jit_compile)
        given = {}
        if optimizer is not None:
            given = model_players.spread(optimizer, self.player_names)
        for name in self.player_names:
            self._set_optimizer(name, given.get(name))

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizer of each player, as soon as it has one."""
        found = {n: self.optimizer_of(n) for n in self.player_names}
        return {name: one for name, one in found.items() if one is not None}

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
            optimizer = model_players.scaled(optimizer, self.compute_dtype)
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
            "finished_epochs": self._state.finished_epochs,
        }

    def compile_from_config(self, config: dict) -> None:
        """Compiles as a saved model was, and goes on where it was."""
        optimizer = config["optimizer"] and {
            name: keras.optimizers.deserialize(one)
            for name, one in config["optimizer"].items()
        }
        self.compile(optimizer, config["jit_compile"], config["run_eagerly"])
        self._state.finished_epochs = config["finished_epochs"]

    # Steps.

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Runs the step of the current phase; returns epoch means so far."""
        losses = self.phase_steps()[self.phase](batch)
        for name, value in losses.items():
            self._loss_trackers[name].update_state(value)
        return {name: self._loss_trackers[name].result() for name in losses}

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
        scales = [model_players.scale_of(one) for one in optimizers]
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


@contextlib.contextmanager
def _policy(policy: keras.DTypePolicy) -> Iterator[None]:
    """Layers that are made inside have this policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
