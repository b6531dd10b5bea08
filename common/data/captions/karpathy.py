"""Karpathy's JSON of Flickr8k, Flickr30k and COCO, with its split."""

import posixpath
from collections.abc import Mapping
from typing import Any

from common.data.captions import entries
from common.data.captions import records

_USED = {"filename", "filepath", "split"}


def matches(content: Any) -> bool:
    """Whether a JSON file is one of this form."""
    if not isinstance(content, Mapping):
        return False
    images = content.get("images")
    return (
        isinstance(images, list)
        and bool(images)
        and isinstance(images[0], Mapping)
        and "sentences" in images[0]
    )


def read(content: Mapping) -> tuple[str, list[entries.Entry]]:
    """Reads such a file, see `tables.read`."""
    found = [
        entries.Entry(
            posixpath.join(image.get("filepath", ""), image["filename"]),
            tuple(filter(None, map(_sentence, image["sentences"]))),
            split=image.get("split", ""),
            columns=records.scalars(image, _USED),
            place=f"image {number}",
        )
        for number, image in enumerate(content["images"])
    ]
    return "Karpathy's JSON", found


def _sentence(sentence: Mapping) -> str:
    if "raw" in sentence:
        return sentence["raw"].strip()
    return " ".join(sentence["tokens"])
