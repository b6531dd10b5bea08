"""One home for each setting: a field of a frozen dataclass."""

import dataclasses
import math
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
