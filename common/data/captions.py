"""Reads what people wrote about pictures: captions or labels, file by file.

One line a text: `filename<TAB>text` (.tsv, .txt), `filename,text` (.csv), or
`{"filename": ..., "caption": ...}` (.jsonl; a string or a list of them).
Several lines may speak of one picture.
"""

import csv
import json
import os
import pathlib
from collections.abc import Iterator

import numpy as np


def read(path: str | os.PathLike, kind: str) -> dict[str, list[str]]:
    """Reads texts by file name, in the order of the file.

    Args:
        path: The file; its ending tells the format.
        kind: What the texts are, `caption` or `label`; the key of a `.jsonl`,
            and what a first line may be headed by.

    Raises:
        ValueError: A line is of another form, or there is none.
        OSError: The file cannot be opened.
    """
    form = _FORMATS.get(pathlib.Path(path).suffix.lower())
    if form is None:
        raise ValueError(
            f"{path} must end in {', '.join(_FORMATS)} to tell its format."
        )
    found: dict[str, list[str]] = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            for name, text in form(file, path, kind):
                found.setdefault(name, []).append(text)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text: {error}.") from error
    if not found:
        raise ValueError(f"{path} holds no {kind}.")
    return found


def multi_hot(
    names: list[str], labels: dict[str, list[str]]
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of pictures as a matrix.

    Args:
        names: n file names.
        labels: Labels by file name.

    Returns:
        [n, c] uint8 of 0 and 1, and the c labels in alphabetical order.
    """
    # Slow to import, and the command's `--help` needs none of it.
    from sklearn import preprocessing

    binarizer = preprocessing.MultiLabelBinarizer()
    matrix = binarizer.fit_transform([labels.get(name, []) for name in names])
    return matrix.astype(np.uint8), np.array(binarizer.classes_, str)


def _separated(delimiter: str):
    def lines(file, path, kind) -> Iterator[tuple[str, str]]:
        # A tab-separated line has no quotes to heed.
        quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
        reader = csv.reader(file, delimiter=delimiter, quoting=quoting)
        sign = "<TAB>" if delimiter == "\t" else delimiter
        expected = f"filename{sign}{kind}"
        try:
            for cells in reader:
                cells = [cell.strip() for cell in cells]
                first = [cell.lower() for cell in cells]
                if not any(cells) or (
                    reader.line_num == 1 and first == ["filename", kind]
                ):
                    continue
                if len(cells) != 2 or not all(cells):
                    _refuse(path, reader.line_num, expected, cells)
                yield cells[0], cells[1]
        except csv.Error as error:
            raise ValueError(
                f"{path}, line {reader.line_num}: {error}."
            ) from error

    return lines


def _json_lines(file, path, kind) -> Iterator[tuple[str, str]]:
    expected = json.dumps({"filename": "...", kind: "..."})
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
            name, texts = content["filename"], content[kind]
        except (ValueError, KeyError, TypeError):
            _refuse(path, number, expected, line.strip())
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not all(
            isinstance(text, str) and text.strip() for text in (name, *texts)
        ):
            _refuse(path, number, expected, line.strip())
        yield from ((name, text.strip()) for text in texts)


def _refuse(path, number, expected, received):
    raise ValueError(
        f"{path}, line {number}: expected {expected}; received "
        f"{str(received)[:80]!r}."
    )


_FORMATS = {
    ".tsv": _separated("\t"),
    ".txt": _separated("\t"),
    ".csv": _separated(","),
    ".jsonl": _json_lines,
}
