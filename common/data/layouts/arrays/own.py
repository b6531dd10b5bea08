"""This project's own names; `images`, `texts`, `label` are meant as well."""

from common.data.layouts import layout

LAYOUT = layout.Whole(
    "this project",
    roles={
        "image": ("image", "images"),
        "text": ("text", "texts"),
        "labels": ("labels", "label"),
        "ids": ("ids", "item", "image_id"),
        "groups": ("groups",),
        "vocabulary": ("vocab", "vocabulary"),
        "label_names": ("label_names",),
        "image_scale": ("image_scale",),
        "extractor": ("extractor",),
    },
    rows={part: part for part in ("query", "retrieval", "train", "validation")},
)
