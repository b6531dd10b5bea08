"""iTomxy's collection: plain names, and rows of a split that has no gaps."""

from common.data.layouts import layout

LAYOUT = layout.Whole(
    "iTomxy",
    roles={
        "image": ("images",),
        "text": ("texts",),
        "labels": ("labels",),
    },
    rows={"query": "idx_test", "retrieval": "idx_ret", "train": "idx_labeled"},
    covers=True,
)
