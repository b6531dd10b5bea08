"""Puts query, database and training arrays together as one data set."""

from collections.abc import Mapping

import numpy as np

_FIELDS = ("image", "text", "labels", "ids")


def join(parts: Mapping[str, Mapping[str, np.ndarray]]) -> dict:
    """One data set with the rows of its parts.

    Args:
        parts: `query`, `retrieval` and `train`, one of the last two at
            least, each with `image`, `text` and, in all parts or in none,
            `labels` and `ids`. Training items are looked up in the database,
            by their names or else by what they hold.

    Returns:
        Arguments of `CrossModalData`, `parts` among them.

    Raises:
        ValueError: The parts do not fit together.
    """
    query = parts["query"]
    retrieval = parts.get("retrieval") or parts["train"]
    fields = {}
    for field in _FIELDS:
        if field not in query or field not in retrieval:
            continue
        one, other = query[field], retrieval[field]
        if one.shape[1:] != other.shape[1:]:
            columns = [array.shape[1:] or (1,) for array in (one, other)]
            raise ValueError(
                f"`{field}` has {columns[0][0]} columns for the queries and "
                f"{columns[1][0]} for the database"
            )
        fields[field] = np.concatenate([one, other])
    first = len(query["image"])
    database = np.arange(first, first + len(retrieval["image"]))
    train = database
    if "train" in parts and "retrieval" in parts:
        train = first + _find(parts["train"], retrieval)
    fields["parts"] = {
        "query": np.arange(first),
        "retrieval": database,
        "train": train,
    }
    return fields


def _find(items, among) -> np.ndarray:
    """Places of some items among others; equal ones in their order."""
    fields = [field for field in _FIELDS if field in items and field in among]
    places = {}
    for place, key in enumerate(_keys(among, fields)):
        places.setdefault(key, []).append(place)
    found = []
    for number, key in enumerate(_keys(items, fields)):
        if not places.get(key):
            raise ValueError(
                f"training item {number} is not in the database; training "
                "items must be part of it"
            )
        found.append(places[key].pop(0))
    return np.array(found, np.int64)


def _keys(items, fields) -> list:
    """What tells items apart: their names, or else all that they hold."""
    if "ids" in fields:
        return items["ids"].tolist()
    columns = [
        # Parts of one file may be stored in different types.
        np.ascontiguousarray(items[field], np.float32)
        for field in fields
        if items[field].dtype.kind in "fuib"
    ]
    return [
        b"".join(column[row].tobytes() for column in columns)
        for row in range(len(columns[0]))
    ]
