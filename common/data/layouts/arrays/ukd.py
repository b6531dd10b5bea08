"""UKD's plain arrays; its pickled ones are `folders.ukd`."""

from common.data.layouts import layout

LAYOUT = layout.Split(
    "UKD",
    {
        "query": ("imgs_q", "texts_q", "labels_q"),
        "train": ("imgs_train", "texts_train", "labels_train"),
    },
)
