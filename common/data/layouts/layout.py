"""How a layout is declared, and what is recognised of a file."""

import dataclasses
from collections.abc import Mapping

from common.data.containers.variable import Variable

# What an array may be, as `common.data.arrays.CrossModalData` names it.
ROLES = (
    "image",
    "text",
    "labels",
    "ids",
    "groups",
    "vocabulary",
    "label_names",
    "image_scale",
    "extractor",
)


@dataclasses.dataclass(frozen=True)
class Whole:
    """One array of each role, and perhaps row numbers of a split.

    Attributes:
        name: Who writes such files.
        roles: Names of each role's array; the first that is there is taken.
        rows: Array with the row numbers of `query`, `retrieval` and more.
        covers: Whether these must name every item once, from 0 or from 1.
    """

    name: str
    roles: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, str] = dataclasses.field(default_factory=dict)
    covers: bool = False

    @property
    def accepted(self) -> str:
        """Its names, for a message."""
        names = (", ".join(names) for names in self.roles.values())
        return f"{' | '.join(names)} ({self.name})"


@dataclasses.dataclass(frozen=True)
class Split:
    """Arrays of `query` and of `retrieval` or `train`, or of all three.

    Attributes:
        name: Who writes such files.
        parts: Names of image, text and labels of each part.
    """

    name: str
    parts: Mapping[str, tuple[str, str, str]]

    @property
    def accepted(self) -> str:
        """Its names, for a message."""
        return f"{', '.join(self.parts['query'])} ... ({self.name})"


@dataclasses.dataclass(frozen=True)
class Recognised:
    """What is what; either `roles` or `parts` is filled.

    Attributes:
        layout: The declaration that fits best.
        roles: Array of each role.
        rows: Array of each part's row numbers.
        parts: Image, text and labels of each part.
        unused: Arrays that nothing is read from.
    """

    layout: Whole | Split
    roles: Mapping[str, Variable] = dataclasses.field(default_factory=dict)
    rows: Mapping[str, Variable] = dataclasses.field(default_factory=dict)
    parts: Mapping[str, Mapping[str, Variable]] = dataclasses.field(
        default_factory=dict
    )
    unused: tuple[Variable, ...] = ()
