r"""UGACH's text files.

    list/{train,validation,test,database}_{img,txt}.txt    a name a line
    list/{train,validation,test,database}_label.txt        0 and 1
    feature/{train,validation,test,database}_{img,txt}.txt numbers

Lines end in LF or CRLF. The lists of names have the same file names as the
features; that they are mixed up is the commonest mistake.
"""

import pathlib

import numpy as np

from common.data.reading import joining

# Our name of a part and the release's.
_PARTS = {"query": "test", "retrieval": "database", "train": "train"}

ACCEPTED = (
    "UGACH's folders list/ and feature/ with test_img.txt, test_txt.txt, ..."
)


def holds(folder: pathlib.Path) -> bool:
    """Whether a folder has that layout."""
    return (folder / "feature").is_dir() and (folder / "list").is_dir()


def read(folder: pathlib.Path, trust_pickle: bool = False) -> dict:
    """Reads the parts; without `database`, training and validation are it.

    Nothing of it is pickled.

    Raises:
        ValueError: A file is missing or malformed.
    """
    parts = {}
    for part, name in _PARTS.items():
        if (folder / "feature" / f"{name}_img.txt").is_file():
            parts[part] = _part(folder, name)
    if "query" not in parts or len(parts) < 2:
        found = sorted(file.name for file in (folder / "feature").iterdir())
        raise ValueError(
            "feature/ must hold test_img.txt and database_img.txt or "
            f"train_img.txt; it holds {', '.join(found) or 'nothing'}"
        )
    if "retrieval" not in parts:
        validation = folder / "feature" / "validation_img.txt"
        if validation.is_file():
            parts["retrieval"] = _together(
                parts["train"], _part(folder, "validation")
            )
    labelled = all("labels" in part for part in parts.values())
    for part in parts.values():
        if not labelled:
            part.pop("labels", None)
    return joining.join(parts)


def _part(folder, name) -> dict[str, np.ndarray]:
    part = {
        "image": _numbers(folder / "feature" / f"{name}_img.txt", np.float32),
        "text": _numbers(folder / "feature" / f"{name}_txt.txt", np.float32),
    }
    names = folder / "list" / f"{name}_img.txt"
    if names.is_file():
        part["ids"] = np.array(names.read_text("utf-8").split())
    labels = folder / "list" / f"{name}_label.txt"
    if labels.is_file():
        part["labels"] = _numbers(labels, np.uint8)
    counts = {field: len(values) for field, values in part.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(
            f"the files of `{name}` pair up line by line, but their lines are "
            + ", ".join(f"{field}: {n}" for field, n in counts.items())
        )
    return part


def _numbers(path, dtype) -> np.ndarray:
    if not path.is_file():
        raise ValueError(f"there is no {path.parent.name}/{path.name}")
    try:
        return np.loadtxt(path, dtype, ndmin=2)
    except ValueError as error:
        raise ValueError(
            f"{path.parent.name}/{path.name} must hold as many numbers in "
            f"every line ({error}); names belong in list/, numbers in feature/"
        ) from error


def _together(one, other) -> dict[str, np.ndarray]:
    return {
        field: np.concatenate([one[field], other[field]])
        for field in one
        if field in other
    }
