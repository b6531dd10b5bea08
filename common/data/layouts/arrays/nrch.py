"""NRCH and those that took over its names."""

from common.data.layouts import layout

LAYOUT = layout.Split(
    "NRCH",
    {
        "query": ("ImgQuery", "TagQuery", "LabQuery"),
        "retrieval": ("ImgDataBase", "TagDataBase", "LabDataBase"),
        "train": ("ImgTrain", "TagTrain", "LabTrain"),
    },
)
