"""MAP as the papers print it.

UGACH Tables 1-2, UCH Tables 1-3 and SSAH Tables 2-4, in `published.csv`. Their
features, splits and rankings are the papers' own: the numbers are context for a
table that is made here, and no target.
"""

import csv
import functools
import pathlib

_FILE = pathlib.Path(__file__).parent / "published.csv"
# Where a paper does not say how long its codes are.
_UNSAID = "unsaid"


@functools.cache
def _rows() -> tuple[dict[str, str], ...]:
    with open(_FILE, encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def data_sets(table: str) -> list[str]:
    """The data sets a table was published for; none for a figure.

    Args:
        table: Such as `ugach_1`.
    """
    found = (row["data set"] for row in _rows() if row["table"] == table)
    return list(dict.fromkeys(found))


def map_all(
    table: str, data_set: str, direction: str, method: str, bits: int
) -> float | None:
    """A published MAP over the whole ranking, or None if there is none.

    Args:
        table: Such as `ugach_1`.
        data_set: One of `data_sets(table)`.
        direction: `i2t` or `t2i`.
        method: Name of the table's row.
        bits: K.
    """
    wanted = table, data_set, direction, method
    for row in _rows():
        if tuple(list(row.values())[:4]) == wanted:
            printed = row.get(str(bits)) or row[_UNSAID]
            return float(printed) if printed else None
    return None
