"""A model that its settings describe, built from the data, and saved."""

import contextlib
import dataclasses
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import ClassVar

import keras

from common.models import base
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

    A method supplies its networks, which are built from the shapes of the
    first data.

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

    def build_networks(self) -> None:
        """Makes the networks, for inputs of `image_shape` and `text_dim`."""
        raise NotImplementedError

    @property
    def measured(self) -> dict:
        """What was learned of the training rows before the first step."""
        return self._state.measured

    @property
    def text_kind(self) -> str:
        """What texts are: `bag_of_words` or `embedding`."""
        return self.measured.get("text_kind", "bag_of_words")

    @property
    def is_restored(self) -> bool:
        """Whether weights come from a file, whatever networks start with."""
        return self._state.restored

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


@contextlib.contextmanager
def _policy(policy: keras.DTypePolicy) -> Iterator[None]:
    """Layers that are made inside have this policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
