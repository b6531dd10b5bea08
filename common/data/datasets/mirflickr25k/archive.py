"""Reads the files of MIRFlickr-25K.

M. Huiskes and M. Lew, "The MIR Flickr Retrieval Evaluation", MIR 2008.
"""

import numpy as np

from common.data.datasets import manual

HOMEPAGE = "https://press.liacs.nl/mirflickr/mirdownload.html"

_URL = "https://press.liacs.nl/mirflickr/mirflickr25k.v3b"

PHOTOGRAPHS = manual.Archive(
    "mirflickr25k.zip",
    f"{_URL}/mirflickr25k.zip",
    "md5:a23d0a8564ee84cda5622a6c2f947785",
)
ANNOTATIONS = manual.Archive(
    "mirflickr25k_annotations_v080.zip",
    f"{_URL}/mirflickr25k_annotations_v080.zip",
    "md5:aa0138c79892b1b670184d142380948f",
)

# The archive also has 14 files `*_r1.txt`, which name subsets of these.
LABELS = (
    "animals baby bird car clouds dog female flower food indoor lake male "
    "night people plant_life portrait river sea sky structures sunset "
    "transport tree water"
).split()


def read_vocabulary(root) -> list[str]:
    """Tags on at least 20 photographs, in the order of the archive's list."""
    lines = (root / "doc" / "common_tags.txt").read_text().splitlines()
    return [line.split()[0] for line in lines if line.strip()]


def read_tags(root, vocabulary: list[str], count: int) -> np.ndarray:
    """Which common tags each photograph has, [count, words] uint8."""
    column = {word: place for place, word in enumerate(vocabulary)}
    tags = np.zeros((count, len(vocabulary)), np.uint8)
    for row in range(count):
        path = root / "meta" / "tags" / f"tags{row + 1}.txt"
        for tag in path.read_text().split():
            if tag in column:
                tags[row, column[tag]] = 1
    return tags


def read_labels(root, count: int) -> np.ndarray:
    """The 24 labels of each photograph, [count, 24] uint8."""
    labels = np.zeros((count, len(LABELS)), np.uint8)
    for place, name in enumerate(LABELS):
        numbers = (root / f"{name}.txt").read_text().split()
        labels[np.array(numbers, np.int64) - 1, place] = 1
    return labels


def keep(tags: np.ndarray, labels: np.ndarray, rule: str) -> np.ndarray:
    """Rows that stay: `all`, with a `label`, or with `label_and_text`."""
    stays = np.ones(len(labels), bool)
    if rule != "all":
        stays &= labels.any(axis=1)
    if rule == "label_and_text":
        stays &= tags.any(axis=1)
    return np.flatnonzero(stays)
