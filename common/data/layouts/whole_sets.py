"""One array for each modality: DCMH, SSAH, DJSRH, UCCH, torchcmh, COCO4CMH.

The names of the arrays tell what they hold; the file names do not matter:

| From | image | text | labels | names |
|---|---|---|---|---|
| DCMH, SSAH, AGAH | images | YAll | LAll | |
| DCMH's split files, DJSRH, JDSH | IAll, XAll | YAll | LAll | FAll |
| UCCH | XAll | YAll | LAll | |
| COCO4CMH | IAll | YAll | LAll | Index |
| TA-DCH | IAll | TAll (sentences) | LAll | |
| torchcmh | | YAll, tags | LAll, labels | FAll, imgs |
| DCHMT | | caption (sentences) | category | index |
| iTomxy | images | texts | labels | |

iTomxy's split comes as idx_test, idx_ret and idx_labeled.
"""

from collections.abc import Mapping

import numpy as np

from common.data import bow
from common.data.layouts import containers
from common.data.layouts import orientation

# Features come before pixels.
_NAMES = {
    "image": ("XAll", "image", "images", "IAll"),
    "text": ("YAll", "TAll", "text", "texts", "tags", "caption"),
    "labels": ("LAll", "labels", "category"),
    "ids": ("FAll", "imgs", "index", "Index", "ids"),
}

_SPLIT = {"query": "idx_test", "retrieval": "idx_ret", "train": "idx_labeled"}

ACCEPTED = (
    "one array each for images (XAll, IAll, images), texts (YAll, TAll, texts, "
    "tags, caption) and labels (LAll, labels, category)"
)


def holds(names: Mapping[str, containers.Variable]) -> bool:
    """Whether the arrays are those of such a layout."""
    found = _choose(names)
    return "text" in found and ("image" in found or "ids" in found)


def read(variables: Mapping[str, containers.Variable]) -> dict:
    """Reads images, texts, and where they are there labels and names.

    Raises:
        ValueError: There are only names of image files, or the arrays do not
            pair up.
    """
    chosen = _choose(variables)
    if "image" not in chosen:
        raise ValueError(
            f"it holds texts (`{chosen['text'].name}`) and image names "
            f"(`{chosen['ids'].name}`) but no image features; put them beside "
            "it, in the order of the names, as image.npy [items, features]"
        )
    shapes = {
        variable.name: variable.shape
        for field, variable in chosen.items()
        # Names are [n], [n, 1] or [1, n]: they say nothing new.
        if field != "ids"
    }
    count = orientation.item_count(shapes)
    loaded = {field: variable.load() for field, variable in chosen.items()}
    image = loaded.pop("image")
    if image.ndim > 2:
        image = orientation.pixels_first(
            image, count, chosen["image"].reversed_axes
        )
        fields = {"image": image} | orientation.items_first(loaded, count)
    else:
        fields = orientation.items_first({"image": image} | loaded, count)
    if set(_SPLIT.values()) <= set(variables):
        fields["parts"] = _split(variables, count)
    return _with_words(fields)


def _split(variables, count) -> dict[str, np.ndarray]:
    parts = {
        part: np.ravel(variables[name].load()).astype(np.int64)
        for part, name in _SPLIT.items()
    }
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


def _choose(variables) -> dict[str, containers.Variable]:
    chosen = {}
    for field, options in _NAMES.items():
        name = next((name for name in options if name in variables), None)
        if name:
            chosen[field] = variables[name]
    return chosen


def _with_words(fields: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Turns sentences into a bag of words, which keeps its vocabulary."""
    if fields["text"].dtype.kind in "UO":
        fields["text"], fields["vocabulary"] = bow.fit(fields["text"])
    if "ids" in fields:
        fields["ids"] = fields["ids"].astype(str)
    return fields
