"""absl flags derived from settings dataclasses, made only when asked for."""

import dataclasses
import os
import sys
from collections.abc import Mapping
from typing import Any

from absl import flags

_DEFINERS = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


def define(
    settings_class: type, flag_values: flags.FlagValues = flags.FLAGS
) -> None:
    """Defines one flag for each field of a settings dataclass."""
    for field in dataclasses.fields(settings_class):
        choices = field.metadata.get("choices")
        text = field.metadata["help"]
        if field.metadata.get("path"):
            define_path(field.name, field.default, text, flag_values)
        elif choices:
            flags.DEFINE_enum(
                field.name, field.default, choices, text, flag_values
            )
        else:
            definer = _DEFINERS[type(field.default)]
            definer(field.name, field.default, text, flag_values=flag_values)
        show_in_help(field.name, flag_values=flag_values)


def define_path(
    name: str,
    default: str | None,
    text: str,
    flag_values: flags.FlagValues = flags.FLAGS,
) -> None:
    """Defines a flag that holds a path; `~` is the home folder."""
    flags.DEFINE(
        _PathParser(),
        name,
        default,
        text,
        flag_values,
        flags.ArgumentSerializer(),
    )
    show_in_help(name, flag_values=flag_values)


class _PathParser(flags.ArgumentParser):
    """Puts the home folder where `~` stands; shells do not after `=`."""

    def parse(self, argument: str) -> str:
        return os.path.expanduser(argument)

    def flag_type(self) -> str:
        return "string"


def define_preset(
    presets: Mapping[str, Any], flag_values: flags.FlagValues = flags.FLAGS
) -> None:
    """Defines `--preset`, the settings that other flags then change."""
    flags.DEFINE_enum(
        "preset",
        "default",
        sorted(presets),
        "Settings to start from; flags that are typed override it.",
        flag_values,
    )
    show_in_help("preset", flag_values=flag_values)


def define_run() -> None:
    """Defines `--run`, the folder of a finished run."""
    define_path(
        "run", "", "Folder of a finished run; empty takes the newest in runs/."
    )


def define_dataset() -> None:
    """Defines `--dataset`, where the data of a finished run is now."""
    define_path(
        "dataset", "", "Where the run's data set is now; empty: as recorded."
    )


def resolve(settings: Any, flag_values: flags.FlagValues = flags.FLAGS) -> Any:
    """Returns `settings` with every flag that was typed applied.

    A flag that was not typed changes nothing, whatever its default.
    """
    names = [field.name for field in dataclasses.fields(settings)]
    typed = {n: flag_values[n].value for n in names if flag_values[n].present}
    return dataclasses.replace(settings, **typed)


def show_in_help(
    *names: str, flag_values: flags.FlagValues = flags.FLAGS
) -> None:
    """Lets `--help` list flags that another module than the program defined."""
    for name in names:
        flag_values.register_key_flag_for_module(sys.argv[0], flag_values[name])
