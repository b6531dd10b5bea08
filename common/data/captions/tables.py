"""Tables of captions: CSV, tab-separated or with `;` or `|` between cells.

With a heading row the columns are known by name. Without one there are two,
`filename,caption`. Quoted cells may hold line breaks.
"""

import csv
import io
from collections.abc import Iterator

from common.data.captions import entries
from common.data.captions import headings
from common.data.captions import labelling

_NAMES = {
    ",": "CSV",
    "\t": "tab-separated",
    ";": "CSV with ;",
    "|": "CSV with |",
}


def read(
    text: str,
    kind: str,
    ending: str,
    chosen: headings.Chosen,
    label_separator: str = "",
) -> tuple[str, list[entries.Entry]]:
    """Reads a table.

    Args:
        text: The file's text.
        kind: What the texts are, `caption` or `label`.
        ending: Ending of the file's name.
        chosen: Columns that the user names.
        label_separator: What stands between the labels of a cell; empty looks
            for it.

    Returns:
        What the table is, and its records.

    Raises:
        ValueError: A line is of another form; tells which.
    """
    delimiter = _delimiter(text, kind, ending, chosen)
    if delimiter != "\t":
        rows = list(_rows(text, delimiter, True))
    else:
        rows = _tab_rows(text)
    if not rows:
        return _NAMES[delimiter], []
    line, first = rows[0]
    try:
        columns = headings.find(first, kind, chosen)
    except ValueError as error:
        raise ValueError(f"line {line}: {error}") from error
    if columns is None:
        columns = headings.Columns(("filename", kind), 0, 1, None, None)
        form = f"{_NAMES[delimiter]} without a heading row"
    else:
        rows = rows[1:]
        form = f"{_NAMES[delimiter]} with a heading row: {columns.told(kind)}"
    sign = "<TAB>" if delimiter == "\t" else delimiter
    expected = sign.join(columns.names)
    cells = [
        (line, _fitted(line, row, columns, expected)) for line, row in rows
    ]
    return form, _entries(cells, columns, kind, label_separator)


def _entries(rows, columns, kind, separator) -> list[entries.Entry]:
    place = columns.text if kind == "label" else columns.labels
    labels = [()] * len(rows)
    if place is not None:
        labels = labelling.split(
            [(f"line {line}", row[place]) for line, row in rows], separator
        )
    found = []
    for (line, row), names in zip(rows, labels, strict=True):
        if not row[columns.image]:
            raise ValueError(f"line {line}: it names no picture.")
        texts = (
            names
            if kind == "label"
            else tuple(filter(None, [row[columns.text]]))
        )
        found.append(
            entries.Entry(
                row[columns.image],
                texts,
                () if kind == "label" else names,
                "" if columns.split is None else row[columns.split],
                {name: row[at] for at, name in columns.others.items()},
                f"line {line}",
            )
        )
    return found


def _fitted(line, row, columns, expected) -> list[str]:
    """A row with as many cells as there are columns."""
    width = len(columns.names)
    # Spreadsheets end lines with empty cells.
    if len(row) < width or any(row[width:]):
        hint = (
            " (quote a text that holds the separator)"
            if len(row) > width
            else ""
        )
        raise ValueError(
            f"line {line}: expected {expected}; received {str(row)[:80]!r}"
            f"{hint}."
        )
    return row[:width]


def _delimiter(text, kind, ending, chosen) -> str:
    """What stands between cells, told by the first line that has some."""
    if ending == ".tsv":
        return "\t"
    usual = "," if ending == ".csv" else "\t"
    line = next((one for one in io.StringIO(text) if one.strip()), "")
    for delimiter in (usual, *(sign for sign in _NAMES if sign != usual)):
        cells = line.split(delimiter)
        if len(cells) < 2:
            continue
        if headings.names_a_picture(cells[0].strip('"')):
            return delimiter
        try:
            if headings.find([c.strip('" ') for c in cells], kind, chosen):
                return delimiter
        except ValueError:
            continue
    return usual


def _tab_rows(text) -> list[tuple[int, list[str]]]:
    """Rows of a tab-separated file, whose quotes mostly mean nothing."""
    rows = list(_rows(text, "\t", False))
    widths = {len(row) for _, row in rows}
    if len(widths) > 1 and '"' in text:
        try:
            quoted = list(_rows(text, "\t", True))
        except ValueError:
            return rows
        if len({len(row) for _, row in quoted}) == 1:
            return quoted
    return rows


def _rows(text, delimiter, quoted) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row that is not empty."""
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        strict=quoted,
    )
    lines = list(io.StringIO(text, newline="")) if quoted else []
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(_broken(line, reader.line_num, error)) from error
        inside = lines[line : reader.line_num]
        if any(_begins_a_row(one, delimiter) for one in inside):
            raise ValueError(_broken(line, reader.line_num, "it holds rows"))
        if any(cells):
            yield line, cells


def _begins_a_row(line: str, delimiter: str) -> bool:
    first, separator, _ = line.partition(delimiter)
    return bool(separator) and headings.names_a_picture(first.strip('"'))


def _broken(first, last, error) -> str:
    if "field limit" in str(error) and first == last:
        return f"line {first}: {error}."
    if first == last:
        return f"line {first}: a quote is not closed as it should ({error})."
    return (
        f"line {first}: a quote that opens here closes wrongly or never, and "
        f"would swallow lines up to {last} ({error}); close or double it."
    )
