"""One home for each setting: a field of a frozen dataclass."""

import dataclasses
import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any


def setting(
    default: Any,
    help: str,  # noqa: A002  (absl's own name for it)
    choices: Sequence[str] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    path: bool = False,
) -> Any:
    """Declares a dataclass field that a command-line flag can set.

    Args:
        default: Value of the field; its type is the flag's type.
        help: One sentence for `--help`, with units.
        choices: Allowed values of a string.
        minimum: Smallest allowed number.
        maximum: Largest allowed number.
        path: Whether a string names a file or a folder.
    """
    metadata = {
        "help": help,
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
        "path": path,
    }
    return dataclasses.field(default=default, metadata=metadata)


class Serializable:
    """A dataclass that Keras can write and read, once it is registered."""

    def get_config(self) -> dict:
        """Arguments that make an equal one."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Serializable":
        """The one that `get_config` describes."""
        # JSON has no tuples, and Keras restores them only in places.
        return cls(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in config.items()
            }
        )


def complete(kind: type, config: Any, changes: Mapping[str, Any]) -> Any:
    """Settings of a kind, of which some are changed.

    Args:
        kind: The dataclass of the settings.
        config: One of it, its fields by name, or None for the defaults.
        changes: New values of fields.

    Raises:
        TypeError: `config` is something else, or there is no such field.
    """
    if config is None or isinstance(config, Mapping):
        config = kind(**(config or {}))
    if not isinstance(config, kind):
        raise TypeError(
            f"Settings are a {kind.__module__}.{kind.__name__}; received "
            f"{config!r}."
        )
    known = [field.name for field in dataclasses.fields(kind)]
    for name in changes:
        if name not in known:
            raise TypeError(
                f"There is no setting {name!r}; there are {', '.join(known)}."
            )
    return dataclasses.replace(config, **changes)


def check(config: Any) -> None:
    """Refuses a dataclass whose fields break their own declarations.

    Raises:
        ValueError: Names the field, what it holds and what it may hold.
    """
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        choices = field.metadata.get("choices")
        if choices and value not in choices:
            raise ValueError(
                f"{field.name} must be one of {', '.join(choices)}; received "
                f"{value!r}."
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(
                f"{field.name} must be a finite number; received {value}."
            )
        _check_range(field, value)


def _check_range(field: dataclasses.Field, value: Any) -> None:
    minimum = field.metadata.get("minimum")
    maximum = field.metadata.get("maximum")
    if minimum is not None and value < minimum:
        raise ValueError(
            f"{field.name} must be at least {minimum}; received {value}."
        )
    if maximum is not None and value > maximum:
        raise ValueError(
            f"{field.name} must be at most {maximum}; received {value}."
        )
