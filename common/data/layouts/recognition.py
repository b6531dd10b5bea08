"""Finds out which array of a file or a folder is what."""

import pathlib
import types
from collections.abc import Mapping

from common.data.containers.variable import LISTS
from common.data.containers.variable import NUMBERS
from common.data.containers.variable import UNREADABLE
from common.data.containers.variable import Variable
from common.data.layouts import layout
from common.data.layouts.arrays import dchmt
from common.data.layouts.arrays import dcmh
from common.data.layouts.arrays import embeddings
from common.data.layouts.arrays import itomxy
from common.data.layouts.arrays import nrch
from common.data.layouts.arrays import own
from common.data.layouts.arrays import sdnu
from common.data.layouts.arrays import torchcmh
from common.data.layouts.arrays import ucch
from common.data.layouts.arrays import ukd
from common.data.layouts.folders import clip_retrieval
from common.data.layouts.folders import nus_wide
from common.data.layouts.folders import ugach
from common.data.layouts.folders import ukd as pickled

# The first that fits whole is taken.
_SPLIT = (
    sdnu.LAYOUT,
    ucch.LAYOUT,
    ucch.HAND_CRAFTED,
    nrch.LAYOUT,
    ukd.LAYOUT,
)
_WHOLE = (
    itomxy.LAYOUT,
    own.LAYOUT,
    dcmh.LAYOUT,
    torchcmh.LAYOUT,
    dchmt.LAYOUT,
    embeddings.LAYOUT,
)
_FOLDERS = (nus_wide, pickled, ugach, clip_retrieval)
_PARTS = ("query", "retrieval", "train", "validation")


def folder(path: pathlib.Path) -> types.ModuleType | None:
    """The reader of a folder that is more than named arrays, or None."""
    return next((one for one in _FOLDERS if one.holds(path)), None)


def recognise(
    variables: Mapping[str, Variable], given: Mapping[str, str] | None = None
) -> layout.Recognised:
    """Tells what the arrays of a data set are by their names.

    Names of several layouts may be mixed: the layout that fits whole goes
    first, and the others' names serve for what it does not have.

    Args:
        variables: The arrays by name.
        given: Names that the user gives for some roles or parts.

    Raises:
        ValueError: They are no data set, or a given name is not there.
    """
    roles, rows = _given(variables, given or {})
    if not roles:
        for declared in _SPLIT:
            parts = _parts(declared, variables)
            if parts:
                return _split(declared, variables, parts)
    chosen = next(
        (
            one
            for one in _WHOLE
            if {"image", "text"} <= set(_of(one, variables))
            and set(one.rows.values()) <= set(variables)
        ),
        own.LAYOUT,
    )
    for declared in (chosen, *_WHOLE):
        taken = {variable.name for variable in roles.values()}
        for role, variable in _of(declared, variables, taken).items():
            roles.setdefault(role, variable)
        if not rows and {"query", "retrieval"} & set(declared.rows):
            rows = _rows(declared, variables)
            if rows:
                chosen = declared
    _check(variables, roles)
    return layout.Recognised(
        chosen, roles, rows, unused=_unused(variables, roles, rows)
    )


def parse(text: str) -> dict[str, str]:
    """Roles and names of `image=img,text=txt`.

    Raises:
        ValueError: It is no such list, or names an unknown role.
    """
    found = {}
    for pair in filter(None, text.split(",")):
        role, equals, name = pair.partition("=")
        known = (*layout.ROLES, *_PARTS)
        if not equals or role.strip() not in known:
            raise ValueError(
                f"--map takes pairs such as image=img,text=txt, of "
                f"{', '.join(known)}; received {pair!r}"
            )
        found[role.strip()] = name.strip()
    return found


def _given(variables, given):
    missing = [name for name in given.values() if name not in variables]
    if missing:
        raise ValueError(
            f"there is no array {missing[0]!r} to --map; it holds "
            f"{inventory(variables)}"
        )
    named = {role: variables[name] for role, name in given.items()}
    return (
        {role: v for role, v in named.items() if role in layout.ROLES},
        {part: v for part, v in named.items() if part in _PARTS},
    )


def _of(declared, variables, taken=()) -> dict[str, Variable]:
    """Arrays of a declaration's roles; names may differ in case."""
    lowered = {name.lower(): name for name in reversed(list(variables))}
    found = {}
    for role, names in declared.roles.items():
        spelled = [
            name if name in variables else lowered.get(name.lower())
            for name in names
            # Of one letter each case is something else.
            if name in variables or len(name) > 1
        ]
        for name in spelled:
            if (
                name is not None
                and name not in taken
                and _fits(role, variables[name])
            ):
                found[role] = variables[name]
                break
    return found


def _fits(role: str, variable: Variable) -> bool:
    """Whether an array can be what its name says."""
    if variable.kind == UNREADABLE:
        return role in ("image", "text", "labels")
    axes = sum(length != 1 for length in variable.shape)
    if role == "image":
        is_column = (
            variable.path.suffix == ".parquet" and variable.kind == LISTS
        )
        return is_column or (
            variable.kind == NUMBERS and len(variable.shape) > 1
        )
    if role == "text":
        return variable.kind != NUMBERS or len(variable.shape) > 1
    if role == "ids":
        return variable.kind != NUMBERS or axes < 2
    return True


def _parts(declared: layout.Split, variables):
    """Its parts that are there; None where it is another layout."""
    names = declared.parts
    others = [part for part in names if part != "query"]
    if not set(names["query"]) <= set(variables) or not any(
        set(names[part]) <= set(variables) for part in others
    ):
        return None
    return {
        part: names[part]
        for part in names
        if any(name in variables for name in names[part])
    }


def _split(declared, variables, parts) -> layout.Recognised:
    for names in parts.values():
        missing = [name for name in names if name not in variables]
        if missing:
            raise ValueError(f"there is no {' and no '.join(sorted(missing))}")
    used = {name for names in parts.values() for name in names}
    return layout.Recognised(
        declared,
        parts={
            part: dict(
                zip(
                    ("image", "text", "labels"),
                    (variables[name] for name in names),
                    strict=True,
                )
            )
            for part, names in parts.items()
        },
        unused=tuple(v for name, v in variables.items() if name not in used),
    )


def _rows(declared, variables) -> dict[str, Variable]:
    found = {
        part: variables[name]
        for part, name in declared.rows.items()
        if name in variables
    }
    return found if {"query", "retrieval"} <= set(found) else {}


def _unused(variables, roles, rows) -> tuple[Variable, ...]:
    used = {v.name for v in (*roles.values(), *rows.values())}
    return tuple(v for name, v in variables.items() if name not in used)


def _check(variables, roles) -> None:
    if {"image", "text"} <= set(roles):
        return
    if "text" in roles and "ids" in roles:
        raise ValueError(
            f"it holds texts (`{roles['text'].name}`) and image names "
            f"(`{roles['ids'].name}`) but no image features; put them beside "
            "it, in the order of the names, as image.npy [items, features]"
        )
    held = inventory(variables)
    if {"image", "text"} & set(roles):
        absent = "text" if "image" in roles else "images"
        raise ValueError(
            f"it has no {absent}; it holds {held}. A data set needs `image` "
            "[n, d] or [n, height, width, 3] and `text` [n, t]; arrays of "
            "other names are given as --map=image=NAME,text=NAME"
        )
    raise ValueError(
        f"no data set is recognised; it holds {held}. {accepted()}"
    )


def accepted() -> str:
    """What would be recognised."""
    declared = "; ".join(one.accepted for one in (*_WHOLE, *_SPLIT))
    return (
        f"Accepted are {declared}; other names given as "
        "--map=image=NAME,text=NAME; "
        + "; ".join(one.ACCEPTED for one in _FOLDERS)
    )


def inventory(variables: Mapping[str, Variable]) -> str:
    """Every array with its shape."""
    return ", ".join(v.label for v in variables.values()) or "nothing"
