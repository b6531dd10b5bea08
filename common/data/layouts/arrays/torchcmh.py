"""torchcmh: tags, labels and names; features are put beside as image.npy."""

from common.data.layouts import layout

LAYOUT = layout.Whole(
    "torchcmh",
    roles={
        "image": ("image",),
        "text": ("tags",),
        "labels": ("labels",),
        "ids": ("imgs",),
    },
)
