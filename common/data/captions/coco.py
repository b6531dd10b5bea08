"""COCO's annotations: captions, or the classes of its objects as labels."""

from collections.abc import Mapping
from typing import Any

from common.data.captions import entries
from common.data.captions import records


def matches(content: Any) -> bool:
    """Whether a JSON file is one of COCO's form."""
    return isinstance(content, Mapping) and {"images", "annotations"} <= set(
        content
    )


def read(content: Mapping, kind: str) -> tuple[str, list[entries.Entry]]:
    """Reads such a file, see `tables.read`."""
    texts = _texts(content, kind)
    found = []
    for image in content["images"]:
        own = texts.pop(image["id"], [])
        found.append(
            entries.Entry(
                image["file_name"],
                tuple(dict.fromkeys(own) if kind == "label" else own),
                columns=records.scalars(image, {"file_name"}),
                place=f"image {image['id']}",
            )
        )
    if texts:
        raise ValueError(
            f"annotations speak of {len(texts)} pictures that `images` does "
            f"not list, the first has the id {next(iter(texts))}."
        )
    return f"COCO {kind}s", found


def _texts(content, kind) -> dict[Any, list[str]]:
    """What is written of each picture, by its id."""
    names = {one["id"]: one["name"] for one in content.get("categories", ())}
    found: dict[Any, list[str]] = {}
    for one in content["annotations"]:
        if kind == "label":
            text = names[one["category_id"]]
        else:
            text = one["caption"].strip()
        if text:
            found.setdefault(one["image_id"], []).append(text)
    return found
