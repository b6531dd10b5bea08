"""What a file says of a picture, and of one picture all that it says."""

import dataclasses
from collections.abc import Iterable
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Entry:
    """One record of a file.

    Attributes:
        name: The picture's path, as the file writes it.
        texts: What it says; none where it should and does not.
        labels: Labels beside the texts.
        split: The part that the file puts the picture into, or "".
        columns: What else the record holds, by name.
        place: Where it stands, such as `line 7`.
    """

    name: str
    texts: tuple[str, ...]
    labels: tuple[str, ...] = ()
    split: str = ""
    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)
    place: str = ""


@dataclasses.dataclass(frozen=True)
class Written:
    """What a file holds.

    Attributes:
        form: What the file is and what was read of it, for people.
        entries: Its records that have a text.
        empty: Its records that have none.
    """

    form: str
    entries: tuple[Entry, ...]
    empty: tuple[Entry, ...] = ()

    @property
    def names(self) -> list[str]:
        """The pictures' names, each once, in the order of the file."""
        return list(dict.fromkeys(entry.name for entry in self.entries))


@dataclasses.dataclass(frozen=True)
class Picture:
    """All that was written of one picture.

    Attributes:
        path: Its path below the folder of the pictures.
        texts: Its texts, in the order of the file.
        labels: Its labels, each once.
        split: Its part, or "".
        columns: What else was written of it; different values of several
            records stand on lines of their own.
    """

    path: str
    texts: tuple[str, ...]
    labels: tuple[str, ...] = ()
    split: str = ""
    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)


def gather(entries: Iterable[Entry], paths: Mapping[str, str]) -> list[Picture]:
    """Puts together what several records say of the same picture.

    Args:
        entries: Records with a text.
        paths: Path of the picture of each name; others are left out.

    Returns:
        The pictures, in the order in which they are named first.

    Raises:
        ValueError: A picture is put into two parts.
    """
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.name in paths:
            found.setdefault(paths[entry.name], []).append(entry)
    return [_picture(path, records) for path, records in found.items()]


def _picture(path, records) -> Picture:
    splits = list(dict.fromkeys(one.split for one in records if one.split))
    if len(splits) > 1:
        raise ValueError(
            f"{path} is in {len(splits)} parts, {' and '.join(splits)}; a "
            "picture belongs to one."
        )
    names = dict.fromkeys(name for one in records for name in one.columns)
    values = {
        name: dict.fromkeys(one.columns.get(name, "") for one in records)
        for name in names
    }
    return Picture(
        path,
        tuple(text for one in records for text in one.texts),
        tuple(dict.fromkeys(label for one in records for label in one.labels)),
        "".join(splits),
        {
            name: "\n".join(filter(None, found))
            for name, found in values.items()
        },
    )
