"""Captions of Flickr8k and Flickr30k: `name.jpg#0<TAB>caption` a line."""

import re

from common.data.captions import entries

_LINE = re.compile(r"^(?P<name>[^\t]+?)#\d+\t(?P<text>.*?)\r?$")


def matches(text: str) -> bool:
    """Whether the first line that is not empty numbers a caption."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return _LINE.match(first) is not None


def read(text: str, kind: str) -> tuple[str, list[entries.Entry]]:
    """Reads such a file, see `tables.read`."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        fits = _LINE.match(line)
        if fits is None:
            raise ValueError(
                f"line {number}: expected filename#0<TAB>{kind}; received "
                f"{line[:80]!r}."
            )
        texts = tuple(filter(None, [fits["text"].strip()]))
        found.append(entries.Entry(fits["name"], texts, place=f"line {number}"))
    return "Flickr's numbered captions", found
