"""What a struct or a group of arrays stands for."""

import dataclasses
from collections.abc import Mapping

from common.data.containers.variable import UNREADABLE
from common.data.containers.variable import Variable


def flattened(name: str, fields: Mapping[str, Variable]) -> dict[str, Variable]:
    """Arrays of a struct, by their own names; a lone one by the struct's.

    `save` writes a struct with one field where `load` was given a name; the
    struct's name is then the one that tells.

    Args:
        name: Name of the struct.
        fields: Its arrays.
    """
    large = [
        key
        for key, variable in fields.items()
        if variable.kind == UNREADABLE or max(variable.shape, default=1) > 1
    ]
    lone = large[0] if len(large) == 1 else None
    return {
        name if key == lone else key: dataclasses.replace(
            variable,
            name=name if key == lone else key,
            inside="" if key == lone else name,
        )
        for key, variable in fields.items()
    }
