"""Arrays that come split: SDNU's toolbox, UCCH's IAPR TC-12, NRCH, UKD."""

from collections.abc import Mapping

import numpy as np

from common.data.layouts import containers
from common.data.layouts import joining
from common.data.layouts import orientation

# Image, text and labels of each part. Of two options the first is taken:
# V are deep features, X hand-crafted ones.
_LAYOUTS = {
    "SDNU": {
        "query": ("I_te", "T_te", "L_te"),
        "retrieval": ("I_db", "T_db", "L_db"),
        "train": ("I_tr", "T_tr", "L_tr"),
    },
    "UCCH": {
        "query": ("VTest", "YTest", "testL"),
        "retrieval": ("VDatabase", "YDatabase", "databaseL"),
    },
    "UCCH, hand-crafted features": {
        "query": ("XTest", "YTest", "testL"),
        "retrieval": ("XDatabase", "YDatabase", "databaseL"),
    },
    "NRCH": {
        "query": ("ImgQuery", "TagQuery", "LabQuery"),
        "retrieval": ("ImgDataBase", "TagDataBase", "LabDataBase"),
        "train": ("ImgTrain", "TagTrain", "LabTrain"),
    },
    "UKD": {
        "query": ("imgs_q", "texts_q", "labels_q"),
        "train": ("imgs_train", "texts_train", "labels_train"),
    },
}

ACCEPTED = "split arrays: " + "; ".join(
    f"{', '.join(layout['query'])} ... ({name})"
    for name, layout in _LAYOUTS.items()
)


def holds(variables: Mapping[str, containers.Variable]) -> bool:
    """Whether the arrays are those of such a layout."""
    return _layout(variables) is not None


def read(variables: Mapping[str, containers.Variable]) -> dict:
    """Reads the parts, with their rows as `parts`.

    Raises:
        ValueError: The arrays do not pair up.
    """
    parts = {}
    for part, names in _layout(variables).items():
        present = [name for name in names if name in variables]
        if present and len(present) < 3:
            missing = set(names) - set(present)
            raise ValueError(f"there is no {' and no '.join(sorted(missing))}")
        if present:
            parts[part] = [variables[name] for name in names]
    count = {
        part: orientation.item_count({v.name: v.shape for v in trio})
        for part, trio in parts.items()
    }
    arrays = {part: _load(trio, count[part]) for part, trio in parts.items()}
    return joining.join(arrays)


def _load(trio, count) -> dict[str, np.ndarray]:
    image, text, labels = trio
    matrices = {"text": text.load(), "labels": labels.load()}
    pixels = image.load()
    if pixels.ndim == 2:
        matrices["image"] = pixels
        return orientation.items_first(matrices, count)
    turned = orientation.pixels_first(pixels, count, image.reversed_axes)
    return {"image": np.asarray(turned)} | orientation.items_first(
        matrices, count
    )


def _layout(variables):
    for layout in _LAYOUTS.values():
        others = [part for part in layout if part != "query"]
        if set(layout["query"]) <= set(variables) and any(
            set(layout[part]) <= set(variables) for part in others
        ):
            return layout
    return None
