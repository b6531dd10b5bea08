"""How a code is kept in Milvus.

An item is an entity with a `key`, which is its modality and id, as "image:42",
an int64 `id`, a `modality` and a `code`. Codes whose length is no multiple of 8
keep their zero padding bits, which change no distance.
"""

import re

import numpy as np

from common import extras


def schema(bits: int, description: str):
    """The fields of a collection of K-bit codes; `key` is the primary one."""
    pymilvus = import_pymilvus()
    types = pymilvus.DataType
    fields = pymilvus.MilvusClient.create_schema(description=description)
    fields.add_field("key", types.VARCHAR, is_primary=True, max_length=128)
    fields.add_field("id", types.INT64)
    fields.add_field("modality", types.VARCHAR, max_length=64)
    fields.add_field("code", types.BINARY_VECTOR, dim=-(-bits // 8) * 8)
    return fields


def entities(rows: np.ndarray, ids: np.ndarray, modality: str) -> list[dict]:
    """Items of one modality, from [n, ceil(K / 8)] packed rows and [n] ids."""
    return [
        {
            "key": key(modality, item),
            "id": item,
            "modality": modality,
            "code": row.tobytes(),
        }
        for row, item in zip(rows, ids.tolist(), strict=True)
    ]


def key(modality: str, item: int) -> str:
    """The key of an item."""
    return f"{checked(modality)}:{item}"


def id_of(item_key: str) -> int:
    """The id in a key."""
    return int(item_key.rpartition(":")[2])


def where(modality: str | None) -> str:
    """The filter that lets one modality pass, or all."""
    if modality is None:
        return ""
    return f'modality == "{checked(modality)}"'


def checked(modality: str) -> str:
    """The modality itself.

    Raises:
        ValueError: If it is not 1 to 64 letters, digits and underscores.
    """
    if not re.fullmatch(r"\w{1,64}", modality, re.ASCII):
        raise ValueError(
            "A modality is 1 to 64 letters, digits and underscores, received "
            f"{modality!r}."
        )
    return modality


def import_pymilvus():
    """The `pymilvus` module.

    Raises:
        ImportError: If it is not installed.
    """
    return extras.load("pymilvus", "pymilvus", "milvus")
