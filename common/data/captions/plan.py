"""What becomes a data set of pictures, and what is left out of it."""

import dataclasses
import os

from common.data.captions import entries
from common.data.captions import folder


@dataclasses.dataclass(frozen=True)
class Plan:
    """Pictures with what was written of them.

    Attributes:
        pictures: They, in the order of the captions.
        labelled: Whether labels are known.
        notes: What was understood and what is left out, for people.
    """

    pictures: list[entries.Picture]
    labelled: bool
    notes: list[str]


def make(
    images: str | os.PathLike,
    captions: entries.Written,
    labels: entries.Written | None = None,
    skip: bool = False,
) -> Plan:
    """Finds the pictures of captions and labels.

    Args:
        images: Folder of the pictures.
        captions: What was written of them.
        labels: Their labels, from a file of its own.
        skip: Whether to leave out what is missing.

    Raises:
        ValueError: Pictures or captions are missing, or labels and captions
            are not of the same pictures.
    """
    notes = [f"Captions: {captions.form}."]
    notes += _empty(captions, "caption", skip)
    found = folder.resolve(images, captions.names)
    notes += found.notes + _missing(images, found.missing, skip)
    pictures = entries.gather(captions.entries, found.paths)
    if not pictures:
        raise ValueError(f"None of the captions' pictures is in {images}.")
    if found.unnamed:
        count = folder.counted(len(found.unnamed), "picture")
        notes.append(
            f"Left out: {count} in {images} that no caption names: "
            f"{folder.listed(found.unnamed)}."
        )
    labelled = any(picture.labels for picture in pictures)
    if labels is not None:
        notes.append(f"Labels: {labels.form}.")
        notes += _empty(labels, "label", skip)
        pictures = _labelled(images, pictures, captions, labels, notes)
        labelled = True
    bare = [one.path for one in pictures if labelled and not one.labels]
    if bare:
        count = folder.counted(len(bare), "picture")
        notes.append(f"Without a label: {count}, {folder.listed(bare)}.")
    return Plan(pictures, labelled, notes)


def _empty(written, kind, skip) -> list[str]:
    if not written.empty:
        return []
    places = [f"{one.place} ({one.name})" for one in written.empty]
    told = f"without a {kind}: {folder.listed(places)}"
    if not skip:
        total = len(written.entries) + len(places)
        raise ValueError(
            f"The file of {kind}s has {len(places)} of {total} records "
            f"{told}; write one, take them out or pass --skip_unreadable."
        )
    return [f"Left out: {folder.counted(len(places), 'record')} {told}."]


def _missing(images, names, skip) -> list[str]:
    if not names:
        return []
    verb = "is" if len(names) == 1 else "are"
    count = folder.counted(len(names), "picture")
    told = f"{count} {verb} not in {images}: {folder.listed(names)}"
    if not skip:
        raise ValueError(
            f"{told}; put them there, take them out of the captions or pass "
            "--skip_unreadable."
        )
    return [f"Left out: {told}."]


def _labelled(images, pictures, captions, labels, notes):
    """The pictures with the labels of another file."""
    if any(picture.labels for picture in pictures):
        raise ValueError(
            "The captions' file has labels of its own; leave --labels out."
        )
    found = folder.resolve(images, labels.names)
    notes += found.notes
    by_path: dict[str, list[str]] = {}
    for entry in labels.entries:
        path = found.paths.get(entry.name, entry.name)
        by_path.setdefault(path, []).extend(entry.texts)
    known = {picture.path for picture in pictures} | set(captions.names)
    stray = [path for path in by_path if path not in known]
    if stray:
        raise ValueError(
            f"--labels names {folder.counted(len(stray), 'file')} that no "
            f"caption names: {folder.listed(stray)}."
        )
    bare = [one.path for one in pictures if one.path not in by_path]
    if bare:
        raise ValueError(
            f"--labels says nothing of {folder.counted(len(bare), 'picture')}: "
            f"{folder.listed(bare)}; label them, or leave --labels out."
        )
    return [
        dataclasses.replace(one, labels=tuple(dict.fromkeys(by_path[one.path])))
        for one in pictures
    ]
