"""NUS-WIDE's official text files with features made elsewhere.

`FOLDER/tc10`, `FOLDER/tc21` and `FOLDER/tc81` name the data set with the 10,
21 or 81 most frequent concepts; photographs without any of them are left out.
"""

import pathlib

import numpy as np

from common.data.containers import numpy_files
from common.data.datasets.nus_wide import archive

_CONCEPTS = {"tc10": 10, "tc21": 21, "tc81": 81}
_FEATURES = "image.npy"

ACCEPTED = (
    "NUS-WIDE's folders Groundtruth, ConceptsList and NUS_WID_Tags with "
    f"{_FEATURES} beside them, as FOLDER/tc10 or FOLDER/tc21"
)


def holds(folder: pathlib.Path) -> bool:
    """Whether a folder, or the one above it, has that layout."""
    return _is_root(folder) or (
        folder.name in _CONCEPTS and _is_root(folder.parent)
    )


def read(folder: pathlib.Path, trust_pickle: bool = False) -> dict:
    """Reads tags, labels and features of the photographs with a label.

    Nothing of it is pickled.

    Raises:
        ValueError: No number of concepts is named, or a file is missing.
    """
    if folder.name not in _CONCEPTS:
        raise ValueError(
            "it is NUS-WIDE with all its photographs; name the concepts to "
            f"keep: {', '.join(str(folder / name) for name in _CONCEPTS)}"
        )
    root = folder.parent
    features = root / _FEATURES
    if not features.is_file():
        raise ValueError(
            f"NUS-WIDE's archives hold no image features; put them into "
            f"{features} [photographs, features], in the order of "
            "ImageList/Imagelist.txt"
        )
    image = numpy_files.load_npy(features)
    concepts = archive.read_concepts(root)
    labels = archive.read_labels(root, concepts)
    text = archive.read_tags(root)
    if not len(image) == len(labels) == len(text):
        raise ValueError(
            f"{_FEATURES} has {len(image)} rows, AllTags1k.txt {len(text)}, "
            f"Groundtruth {len(labels)}"
        )
    columns = archive.top_concepts(labels, _CONCEPTS[folder.name])
    rows = np.flatnonzero(labels[:, columns].any(axis=1))
    fields = {
        "image": image[rows],
        "text": text[rows],
        "labels": labels[np.ix_(rows, columns)],
        "vocabulary": np.array(archive.read_tag_names(root)),
        "label_names": np.array(concepts)[columns],
    }
    if (root / "ImageList" / "Imagelist.txt").is_file():
        fields["ids"] = np.array(archive.read_names(root))[rows]
    return fields


def _is_root(folder: pathlib.Path) -> bool:
    return (folder / "Groundtruth" / "AllLabels").is_dir() and (
        folder / "NUS_WID_Tags"
    ).is_dir()
