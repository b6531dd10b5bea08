"""Reads a file of captions or labels, whatever its form."""

import json
import os
import pathlib

from common.data.captions import coco
from common.data.captions import decoding
from common.data.captions import entries
from common.data.captions import flickr
from common.data.captions import headings
from common.data.captions import karpathy
from common.data.captions import records
from common.data.captions import tables

_ENDINGS = (".tsv", ".txt", ".csv", ".token", ".jsonl", ".json")


def read(
    path: str | os.PathLike,
    kind: str = "caption",
    encoding: str = "",
    chosen: headings.Chosen | None = None,
    label_separator: str = "",
) -> entries.Written:
    """Reads what a file says of pictures.

    Its ending and its content tell the form: a table with or without heading
    row (.csv, .tsv, .txt), Flickr's `name.jpg#0<TAB>caption` (.token, .txt),
    JSON Lines (.jsonl), and JSON of COCO, of Karpathy or of plain records.

    Args:
        path: The file.
        kind: What the texts are, `caption` or `label`.
        encoding: See `decoding.read`.
        chosen: Columns that the user names.
        label_separator: See `labelling.split`.

    Raises:
        ValueError: A line is of another form, or there is no text.
        OSError: The file cannot be opened.
    """
    ending = pathlib.Path(path).suffix.lower()
    if ending not in _ENDINGS:
        raise ValueError(
            f"{path} must end in {', '.join(_ENDINGS)} to tell its form."
        )
    text, told = decoding.read(path, encoding)
    chosen = chosen or headings.Chosen()
    try:
        if ending == ".json":
            form, found = _json(text, kind, chosen)
        elif ending == ".jsonl":
            form, found = records.read_lines(text, kind, chosen)
        elif flickr.matches(text):
            form, found = flickr.read(text, kind)
        else:
            form, found = tables.read(
                text, kind, ending, chosen, label_separator
            )
    except ValueError as error:
        # Names out of a damaged file may hold line breaks.
        sentence = " ".join(str(error).split())
        raise ValueError(f"{path}, {sentence}") from error
    except RecursionError as error:
        raise ValueError(
            f"{path} holds brackets within brackets beyond what can be read."
        ) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} has not all that its form needs: {error!r}."
        ) from error
    full = tuple(entry for entry in found if entry.texts)
    if not full:
        raise ValueError(f"{path} holds no {kind}.")
    empty = tuple(entry for entry in found if not entry.texts)
    return entries.Written(f"{form}{f', {told}' if told else ''}", full, empty)


def _json(text, kind, chosen):
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}.") from error
    if kind == "caption" and karpathy.matches(content):
        return karpathy.read(content)
    if coco.matches(content):
        return coco.read(content, kind)
    return records.read(content, kind, chosen)
