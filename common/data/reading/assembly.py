"""Loads what was recognised, turns it and puts it together."""

from collections.abc import Mapping

import numpy as np

from common.data.containers.variable import Variable
from common.data.layouts import layout
from common.data.reading import joining
from common.data.reading import orientation

# Whose shapes tell how many items there are.
_PAIRED = ("image", "text", "labels")


def load(recognised: layout.Recognised) -> tuple[dict, list[str]]:
    """Reads every array of a data set.

    Args:
        recognised: Which array is what.

    Returns:
        Arguments of `CrossModalData` as they are stored, rows first; and what
        there is to say of it.

    Raises:
        ValueError: An array cannot be read, or they do not pair up.
    """
    if recognised.parts:
        loaded = {}
        notes: list[str] = []
        for part, trio in recognised.parts.items():
            loaded[part], said = _items(trio)
            notes += said
        return joining.join(loaded), notes
    fields, notes = _items(recognised.roles)
    if recognised.rows:
        count = len(fields["image"])
        fields["parts"] = _rows(recognised, count)
    return fields, notes


def _items(roles: Mapping[str, Variable]) -> tuple[dict, list[str]]:
    paired = {role: roles[role] for role in _PAIRED if role in roles}
    loaded = {role: variable.load() for role, variable in roles.items()}
    if all(variable.rows_are_items for variable in paired.values()):
        return loaded, []
    # A list column has the shape that it has once it is read.
    count, note = orientation.item_count(
        {
            variable: loaded[role].shape
            if variable.rows_are_items
            else variable.shape
            for role, variable in paired.items()
        }
    )
    notes = [note] if note else []
    image = loaded["image"]
    pixels = None
    if image.ndim > 2:
        pixels = orientation.pixels_first(
            image, count, roles["image"].reversed_axes
        )
    turnable = {
        role: loaded[role]
        for role in (*paired, "ids")
        if role in loaded and (role != "image" or pixels is None)
    }
    fixed = {role for role in turnable if roles[role].rows_are_items}
    turned = orientation.items_first(turnable, count, fixed)
    for role, array in turned.items():
        before = np.shape(turnable[role])
        odd = array.shape != before and 1 not in before and array.ndim == 2
        if odd and not roles[role].reversed_axes:
            notes.append(
                f"`{roles[role].name}` {before} was turned to {array.shape}, "
                "so that rows are items"
            )
    if pixels is not None:
        turned["image"] = pixels
    return loaded | turned, notes


def _rows(recognised, count: int) -> dict[str, np.ndarray]:
    parts = {}
    for part, variable in recognised.rows.items():
        rows = variable.load()
        if rows.dtype.kind not in "uif" or (rows != np.floor(rows)).any():
            raise ValueError(
                f"rows `{variable.name}` must be a list of row numbers; "
                f"received shape {rows.shape}, dtype {rows.dtype}"
            )
        parts[part] = np.ravel(rows).astype(np.int64)
    covers = isinstance(recognised.layout, layout.Whole) and (
        recognised.layout.covers
    )
    return _from_zero(parts, count) if covers else parts


def _from_zero(parts, count) -> dict[str, np.ndarray]:
    used = np.union1d(parts["query"], parts["retrieval"])
    # MATLAB counts from 1.
    first = used[0]
    if (
        len(used) != count
        or first not in (0, 1)
        or used[-1] != used[0] + count - 1
    ):
        raise ValueError(
            f"idx_test and idx_ret must name each of the {count} items once; "
            f"they name {len(used)} from {used[0]} to {used[-1]}"
        )
    return {part: rows - first for part, rows in parts.items()}
