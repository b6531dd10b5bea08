"""Finds the pictures that captions name, however they write the path."""

import collections
import dataclasses
import os
import pathlib
import posixpath
import unicodedata
from collections.abc import Iterable
from collections.abc import Iterator

from common.data.captions import headings

_LISTED = 5


@dataclasses.dataclass(frozen=True)
class Found:
    """Where named pictures are.

    Attributes:
        paths: Path below the folder of each name that was found.
        missing: Names of which no picture is there.
        notes: How names were understood that are not the path.
        unnamed: Pictures of the folder that no name belongs to.
    """

    paths: dict[str, str]
    missing: list[str]
    notes: list[str]
    unnamed: list[str]


def resolve(folder: str | os.PathLike, names: Iterable[str]) -> Found:
    """Finds pictures below a folder.

    A name counts as it is written, `./a.jpg` being `a.jpg`. Where nothing is
    there, other readings are tried, and taken where they leave one picture:
    `/` for a backslash, the end of a path, a file's name in a sub-folder, other
    capitals, a name without its ending.

    Args:
        folder: The folder.
        names: The names.

    Raises:
        ValueError: Two names that differ would be the same picture.
    """
    index = _Index(folder)
    paths, how, missing = {}, {}, []
    for name in names:
        reading, path = next(index.readings(name), ("", None))
        if path is None:
            missing.append(name)
            continue
        paths[name], how[name] = path, reading
    _check_apart(paths, how)
    named = set(paths.values())
    unnamed = [
        path
        for path in index.paths
        if path not in named and headings.names_a_picture(path)
    ]
    return Found(paths, missing, _notes(paths, how), unnamed)


def listed(names: list[str]) -> str:
    """Some names for a message, and how many more there are."""
    more = len(names) - _LISTED
    shown = ", ".join(names[:_LISTED])
    return f"{shown} and {more} more" if more > 0 else shown


def counted(count: int, noun: str) -> str:
    """A number of things, for a message."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


class _Index:
    """All files of a folder by what a name may say of them."""

    def __init__(self, folder):
        self.root = posixpath.normpath(
            pathlib.Path(folder).resolve().as_posix()
        )
        self.paths = sorted(_walk(folder))
        self.exact = {_composed(path): path for path in self.paths}
        self.base = collections.defaultdict(list)
        self.lower = collections.defaultdict(list)
        self.stem = collections.defaultdict(list)
        for key, path in self.exact.items():
            self.base[posixpath.basename(key)].append(path)
            self.lower[key.lower()].append(path)
            self.stem[posixpath.splitext(key)[0]].append(path)

    def readings(self, name: str) -> Iterator[tuple[str, str]]:
        """Pictures that a name may mean, the likeliest first."""
        key = _composed(posixpath.normpath(name))
        if key.startswith(f"{self.root}/"):
            key = key[len(self.root) + 1 :]
        if key in self.exact:
            yield "", self.exact[key]
        if "\\" in key:
            for _, path in self.readings(key.replace("\\", "/")):
                yield "with / for \\", path
        rest = key
        while "/" in rest:
            rest = rest.partition("/")[2]
            if rest in self.exact:
                yield "by the end of the path", self.exact[rest]
        for how, found in (
            ("by file name in a sub-folder", self.base.get(key, ())),
            ("whatever the capitals", self.lower.get(key.lower(), ())),
            ("without the ending", self.stem.get(key, ())),
        ):
            if len(found) == 1:
                yield how, found[0]


def _walk(folder) -> Iterator[str]:
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = pathlib.Path(place, name).relative_to(folder)
            yield path.as_posix()


def _composed(name: str) -> str:
    # Some file systems store letters and accents apart.
    return unicodedata.normalize("NFC", name)


def _check_apart(paths, how) -> None:
    """Refuses guesses that make one picture of two."""
    owners: dict[str, str] = {}
    for name, path in paths.items():
        key = posixpath.normpath(name.replace("\\", "/"))
        other = owners.setdefault(path, key)
        if other != key and how[name] not in ("", "with / for \\"):
            raise ValueError(
                f"{other} and {key} would both be the picture {path}; write "
                "paths below the folder of the pictures."
            )


def _notes(paths, how) -> list[str]:
    counts = collections.Counter(reading for reading in how.values() if reading)
    notes = []
    for reading, count in counts.items():
        name = next(name for name in how if how[name] == reading)
        verb = "is" if count == 1 else "are"
        notes.append(
            f"{counted(count, 'name')} {verb} taken {reading}, such as {name} "
            f"as {paths[name]}."
        )
    return notes
