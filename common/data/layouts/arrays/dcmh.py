"""DCMH, and SSAH, AGAH, DJSRH, JDSH, UCCH, COCO4CMH and TA-DCH after it.

Texts are tags (YAll) or sentences (TAll). The names come from torchcmh's
files and FAll or Index of the others.
"""

from common.data.layouts import layout

LAYOUT = layout.Whole(
    "DCMH and many after it",
    roles={
        # Features (XAll) come before pixels.
        "image": ("XAll", "IAll", "images"),
        "text": ("YAll", "TAll"),
        "labels": ("LAll",),
        "ids": ("FAll", "Index"),
    },
)
