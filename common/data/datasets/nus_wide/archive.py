"""Reads NUS-WIDE's text files: concepts, labels, tags and image lists.

T.-S. Chua, J. Tang, R. Hong, H. Li, Z. Luo and Y. Zheng, "NUS-WIDE: A
Real-World Web Image Database from National University of Singapore", CIVR
2009. Functions take paths of `pathlib` or of TensorFlow Datasets.
"""

import numpy as np

from common.data.datasets import manual

_URL = "https://lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide"

HOMEPAGE = f"{_URL}/NUS-WIDE.html"

# Folders as the archives unpack; the authors published no digests.
ARCHIVES = (
    manual.Archive(
        "Groundtruth/AllLabels", f"{_URL}/Groundtruth.zip", note="unpacked"
    ),
    manual.Archive(
        "ConceptsList/Concepts81.txt",
        f"{_URL}/ConceptsList.zip",
        note="unpacked",
    ),
    manual.Archive(
        "ImageList/Imagelist.txt", f"{_URL}/ImageList.zip", note="unpacked"
    ),
    manual.Archive(
        "NUS_WID_Tags/AllTags1k.txt",
        f"{_URL}/NUS_WID_Tags.zip",
        note="unpacked",
    ),
    manual.Archive(
        "NUS_WID_Tags/TagList1k.txt",
        f"{_URL}/NUS_WID_Tags.zip",
        note="unpacked",
    ),
)

TAG_COLUMNS = 1000

# Concepts of the subset of 10,000 single-label photographs, 1,000 of each, as
# the reader of it in github.com/Kmayankkr/crossmodal lists them
# (nus_wide_10k_loader.py).
TEN_CONCEPTS = (
    "animal",
    "clouds",
    "flowers",
    "food",
    "grass",
    "person",
    "sky",
    "toy",
    "water",
    "window",
)


def read_concepts(root) -> list[str]:
    """The 81 concept names in the order of the class columns."""
    return _lines(root / "ConceptsList" / "Concepts81.txt")


def read_labels(root, concepts: list[str]) -> np.ndarray:
    """Labels of all photographs, [n, c] uint8.

    Raises:
        ValueError: A file holds something else than 0 and 1, or another
            number of lines than the others.
    """
    columns = []
    for concept in concepts:
        path = root / "Groundtruth" / "AllLabels" / f"Labels_{concept}.txt"
        columns.append(_zeros_and_ones(path, 1)[:, 0])
    counts = {len(column) for column in columns}
    if len(counts) > 1:
        raise ValueError(
            f"the files of Groundtruth/AllLabels have {min(counts)} to "
            f"{max(counts)} lines; one of them is cut off"
        )
    return np.stack(columns, axis=1)


def read_tags(root) -> np.ndarray:
    """Which of the 1,000 tags each photograph has, [n, 1000] uint8."""
    return _zeros_and_ones(
        root / "NUS_WID_Tags" / "AllTags1k.txt",
        len(read_tag_names(root)),
    )


def read_tag_names(root) -> list[str]:
    """The tags in the order of the columns."""
    return _lines(root / "NUS_WID_Tags" / "TagList1k.txt")


def read_names(root) -> list[str]:
    """Image files below `Flickr/`, `folder/0001_<Flickr id>.jpg`."""
    names = []
    for line in _lines(root / "ImageList" / "Imagelist.txt"):
        parts = line.replace("\\", "/").split("/")
        names.append("/".join(parts[-2:]))
    return names


def top_concepts(labels: np.ndarray, count: int) -> np.ndarray:
    """Columns of the most frequent concepts, in the columns' order."""
    frequency = labels.sum(axis=0, dtype=np.int64)
    largest = np.argsort(-frequency, kind="stable")[:count]
    return np.sort(largest)


def ten_thousand(
    labels: np.ndarray, concepts: list[str], per_concept: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draws photographs that have exactly one of ten concepts.

    The original list of the 10,000 was not published; this one is drawn once
    with a fixed seed.

    Returns:
        Their rows, in increasing order, and the ten label columns.

    Raises:
        ValueError: A concept has too few such photographs.
    """
    columns = np.array([concepts.index(name) for name in TEN_CONCEPTS])
    chosen = labels[:, columns]
    single = chosen.sum(axis=1) == 1
    rng = np.random.default_rng(seed)
    rows = []
    for column, name in enumerate(TEN_CONCEPTS):
        having = np.flatnonzero(single & (chosen[:, column] == 1))
        if len(having) < per_concept:
            raise ValueError(
                f"only {len(having)} photographs have {name} as their one "
                f"label of the ten, {per_concept} are needed"
            )
        rows.append(rng.choice(having, per_concept, replace=False))
    return np.sort(np.concatenate(rows)), columns


def _lines(path) -> list[str]:
    if not path.exists():
        raise ValueError(f"there is no {path}")
    lines = path.read_text().splitlines()
    return [line.strip() for line in lines if line.strip()]


def _zeros_and_ones(path, columns: int) -> np.ndarray:
    """Parses digits between white space: fast, for 270 million of them."""
    if not path.exists():
        raise ValueError(f"there is no {path}")
    characters = np.frombuffer(path.read_bytes(), np.uint8)
    digits = characters[characters > ord(" ")] - ord("0")
    if digits.size % columns or (digits > 1).any():
        odd = chr((int(digits.max(initial=0)) + ord("0")) % 256)
        raise ValueError(
            f"{path.name} must hold {columns} times 0 or 1 in every line; it "
            f"holds {digits.size} characters, {odd!r} among them"
        )
    return digits.reshape(-1, columns)
