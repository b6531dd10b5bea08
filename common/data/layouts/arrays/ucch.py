"""UCCH's IAPR TC-12: V are deep features, X hand-crafted ones."""

from common.data.layouts import layout

LAYOUT = layout.Split(
    "UCCH",
    {
        "query": ("VTest", "YTest", "testL"),
        "retrieval": ("VDatabase", "YDatabase", "databaseL"),
    },
)
HAND_CRAFTED = layout.Split(
    "UCCH, hand-crafted features",
    {
        "query": ("XTest", "YTest", "testL"),
        "retrieval": ("XDatabase", "YDatabase", "databaseL"),
    },
)
