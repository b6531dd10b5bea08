"""Captions as JSON records: a line each, a list, or texts by file name."""

import functools
import json
from collections.abc import Mapping
from typing import Any

from common.data.captions import entries
from common.data.captions import headings


def read_lines(
    text: str, kind: str, chosen: headings.Chosen
) -> tuple[str, list[entries.Entry]]:
    """Reads JSON Lines, see `tables.read`."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        found.append(_entry(record, kind, chosen, place, line.strip()))
    return "JSON Lines", found


def read(
    content: Any, kind: str, chosen: headings.Chosen
) -> tuple[str, list[entries.Entry]]:
    """Reads a list of records, or an object with a text, or a list, a name."""
    if isinstance(content, Mapping):
        records = [
            {"filename": name, kind: texts} for name, texts in content.items()
        ]
        form = f"JSON, {kind}s by file name"
    else:
        records, form = content, "JSON, a list of records"
    found = [
        _entry(record, kind, chosen, f"record {number}", json.dumps(record))
        for number, record in enumerate(records, start=1)
    ]
    return form, found


def scalars(record: Mapping, used: set[str]) -> dict[str, str]:
    """What a record holds besides, as far as it is text or a number."""
    return {
        name: str(value)
        for name, value in record.items()
        if name not in used and isinstance(value, str | int | float)
    }


def _entry(record, kind, chosen, place, shown) -> entries.Entry:
    refused = ValueError(
        f"{place}: expected {json.dumps({'filename': '...', kind: '...'})}; "
        f"received {shown[:80]!r}."
    )
    if not isinstance(record, Mapping):
        raise refused
    keys = list(record)
    try:
        columns = _columns(tuple(keys), kind, chosen)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    if columns is None:
        raise refused
    name, texts = (record[keys[at]] for at in (columns.image, columns.text))
    texts = [texts] if isinstance(texts, str) else texts
    if (
        not isinstance(name, str)
        or not isinstance(texts, list)
        or not all(isinstance(one, str) for one in texts)
    ):
        raise refused
    labels = [] if columns.labels is None else record[keys[columns.labels]]
    labels = [labels] if isinstance(labels, str | int) else labels or []
    split = "" if columns.split is None else record[keys[columns.split]]
    used = {keys[at] for at in range(len(keys)) if at not in columns.others}
    return entries.Entry(
        name.strip(),
        tuple(filter(None, (one.strip() for one in texts))),
        tuple(map(str, labels)),
        str(split or ""),
        scalars(record, used),
        place,
    )


# Most records of a file have the same keys.
_columns = functools.lru_cache(headings.find)
