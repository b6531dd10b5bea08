"""Arrays of a data set from what was written of pictures."""

import collections
from collections.abc import Sequence

import numpy as np

from common.data import bow
from common.data import originals
from common.data.captions import entries
from common.data.captions import folder as folder_names
from common.data.captions import labelling
from common.data.captions import parts


def build(
    pictures: Sequence[entries.Picture],
    folder: str,
    labelled: bool,
    pairs: bool = False,
) -> tuple[dict[str, np.ndarray], np.ndarray, list[str]]:
    """Bags of words, labels, split and originals of pictures.

    Args:
        pictures: The pictures.
        folder: Their folder, see `originals.arrays`.
        labelled: Whether there are labels.
        pairs: Whether each text makes a row of its own; the rows of a picture
            are a group then. Otherwise the texts of a picture are one.

    Returns:
        Arrays by name, the picture of each row, [n] int64, and notes for
        people.

    Raises:
        ValueError: No word of the captions makes a vocabulary.
    """
    texts, picture_of = _texts(pictures, pairs)
    bags, vocabulary = bow.fit(texts)
    owners = [pictures[at] for at in picture_of]
    paths = [one.path for one in owners]
    found = {"text": bags, "vocab": vocabulary}
    found["ids"] = np.array(_numbered(paths) if pairs else paths)
    if pairs:
        found["groups"] = picture_of
    if labelled:
        matrix, names = labelling.multi_hot([one.labels for one in owners])
        found |= {"labels": matrix, "label_names": names}
    split, note = parts.rows([one.split for one in owners])
    found |= split
    found |= originals.arrays(texts, paths, folder, _columns(owners))
    notes = [_counted(pictures, pairs)] + [note] * bool(note)
    empty = int((~bags.any(axis=1)).sum())
    if empty:
        notes.append(
            f"{empty} of {len(bags)} texts hold no word of the vocabulary."
        )
    return found, picture_of, notes


def _texts(pictures, pairs) -> tuple[list[str], np.ndarray]:
    if not pairs:
        texts = ["\n".join(one.texts) for one in pictures]
        return texts, np.arange(len(pictures))
    texts = [text for one in pictures for text in one.texts]
    counts = [len(one.texts) for one in pictures]
    return texts, np.repeat(np.arange(len(pictures)), counts)


def _numbered(paths) -> list[str]:
    seen: collections.Counter = collections.Counter()
    numbered = []
    for path in paths:
        numbered.append(f"{path}#{seen[path]}")
        seen[path] += 1
    return numbered


def _columns(owners) -> dict[str, list[str]]:
    names = dict.fromkeys(name for one in owners for name in one.columns)
    columns = {
        name: [one.columns.get(name, "") for one in owners] for name in names
    }
    if any(one.split for one in owners):
        columns["split"] = [one.split for one in owners]
    return columns


def _counted(pictures, pairs) -> str:
    total = sum(len(one.texts) for one in pictures)
    most = max(len(one.texts) for one in pictures)
    told = " of ".join(
        (
            folder_names.counted(total, "caption"),
            folder_names.counted(len(pictures), "picture"),
        )
    )
    if most == 1:
        return f"{told}."
    kept = "each a row" if pairs else "those of a picture joined (or --pairs)"
    return f"{told}, up to {most} each, {kept}."
