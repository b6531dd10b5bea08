"""DCHMT and others after CLIP: sentences, one a line or a cell."""

from common.data.layouts import layout

LAYOUT = layout.Whole(
    "DCHMT",
    roles={
        "image": ("image",),
        "text": ("caption",),
        "labels": ("category",),
        "ids": ("index",),
    },
)
