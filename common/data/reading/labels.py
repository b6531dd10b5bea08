"""Labels in whatever form they come, as 0 and 1 for each item and label.

Where two readings fit there is no guess: the error names the flag that decides.
"""

import dataclasses
import json

import numpy as np

from common.data.containers import limits
from common.system import disk

# How labels may be told to be read; `auto` asks the data.
FORMS = ("auto", "multi_hot", "classes", "lists")
_BLOCK = 4096
_MOST_CLASSES = 1 << 16
_SEPARATORS = (";", "|", ",")


@dataclasses.dataclass(frozen=True)
class Understood:
    """What labels say.

    Attributes:
        labels: [n, c] of 0 and 1.
        names: [c] strings; None where the columns have no name.
        sentence: How they were read; "" where they came as 0 and 1.
    """

    labels: np.ndarray
    names: np.ndarray | None = None
    sentence: str = ""


def understand(raw: np.ndarray, form: str = "auto") -> Understood:
    """Reads labels.

    Args:
        raw: [n, c] numbers: 0 and 1, -1 and +1, truth values; [n] or [n, 1]
            class numbers or names; or [n] lists of numbers or names.
        form: `multi_hot`: a column a label, present where positive.
            `classes`: one class an item. `lists`: several in each row,
            numbers or names, what is negative (or else 0) fills up. `auto`:
            what the values leave no doubt about.

    Raises:
        ValueError: They are in no such form, or in two at once.
    """
    if raw.dtype == object:
        return _lists(list(raw.ravel()))
    if raw.dtype.kind in "US":
        return _names(raw, form)
    if raw.dtype.kind not in "fuib" or raw.ndim > 2 or not raw.size:
        raise ValueError(
            "`labels` must be a multi-hot matrix [items, labels] of 0 and 1, "
            "class numbers, names, or a list for each item; received shape "
            f"{raw.shape}, dtype {raw.dtype}"
        )
    if form == "multi_hot":
        return _multi_hot(raw.reshape(len(raw), -1), forced=True)
    if raw.ndim == 2 and raw.shape[1] > 1:
        if form == "lists":
            return _rows(raw)
        if form == "classes":
            raise ValueError(
                f"`labels` have {raw.shape[1]} columns, and --labels=classes "
                "takes one"
            )
        return _multi_hot(raw, forced=False)
    return _classes(np.ravel(raw), form)


def _multi_hot(raw, forced: bool) -> Understood:
    low, high, whole, zeros = _range(raw)
    if forced and (low, high) != (0, 1):
        return Understood(
            _positive(raw), None, f"{raw.shape[1]} labels, where positive"
        )
    if whole and low >= 0 and high <= 1:
        return Understood(raw)
    if whole and (low, high) == (-1, 1) and not zeros:
        return Understood(
            _positive(raw), None, f"{raw.shape[1]} labels, stored as -1 and +1"
        )
    if not whole:
        raise ValueError(
            f"`labels` must be multi-hot, only 0 and 1; row "
            f"{_first_fraction(raw)} holds a fraction; --labels=multi_hot "
            "takes what is positive"
        )
    raise ValueError(
        f"`labels` {raw.shape} hold whole numbers from {low:g} to {high:g}, "
        "not only 0 and 1; --labels=multi_hot reads a column as a label, "
        "present where positive, --labels=lists the numbers as classes, "
        "several in a row"
    )


def _positive(raw) -> np.ndarray:
    blocks = [
        (block > 0).astype(np.uint8) for block in disk.blocks(raw, _BLOCK)
    ]
    return np.concatenate(blocks)


def _range(raw) -> tuple[float, float, bool, bool]:
    """Smallest and largest value, whether all are whole, whether some are 0.

    Raises:
        ValueError: There is NaN.
    """
    low, high, whole, zeros = np.inf, -np.inf, True, False
    for number, block in enumerate(disk.blocks(raw, _BLOCK)):
        if block.dtype.kind == "f" and not np.isfinite(block).all():
            row = np.flatnonzero(~np.isfinite(block).all(axis=1))[0]
            raise ValueError(
                "`labels` hold NaN or infinite values, the first in row "
                f"{number * _BLOCK + row}; remove or mend them"
            )
        low = min(low, float(block.min()))
        high = max(high, float(block.max()))
        zeros = zeros or bool((block == 0).any())
        whole = whole and (
            block.dtype.kind != "f" or bool((block == np.rint(block)).all())
        )
    return low, high, whole, zeros


def _first_fraction(raw) -> int:
    for number, block in enumerate(disk.blocks(raw, _BLOCK)):
        odd = np.flatnonzero((block != np.rint(block)).any(axis=1))
        if len(odd):
            return number * _BLOCK + int(odd[0])
    raise ValueError("there is no fraction")


def _classes(raw: np.ndarray, form: str) -> Understood:
    low, high, whole, _ = _range(raw.reshape(-1, 1))
    if not whole:
        raise ValueError(
            "`labels` are one column of fractions, neither class numbers nor "
            "0 and 1"
        )
    if form == "auto" and low == high == 1:
        # One class or one label: everything is relevant either way.
        return Understood(raw.reshape(-1, 1))
    if form == "auto" and set(np.unique(raw).tolist()) <= {-1, 0, 1}:
        raise ValueError(
            "`labels` are one column of "
            f"{' and '.join(f'{value:g}' for value in np.unique(raw))}, which "
            "may be two classes or one label that an item has or not; say "
            "--labels=classes or --labels=multi_hot"
        )
    if form == "auto" and low < 0:
        raise ValueError(
            f"`labels` are class numbers from {low:g} to {high:g}, and a "
            "negative one may mean that there is none; --labels=lists reads "
            "it so, --labels=classes as a class"
        )
    if form == "lists":
        return _rows(raw.reshape(-1, 1))
    numbers, place = np.unique(raw.astype(np.int64), return_inverse=True)
    return Understood(
        _one_hot(place.ravel(), len(numbers)),
        numbers.astype(str),
        _numbered(numbers, "one an item"),
    )


def _numbered(numbers: np.ndarray, how: str) -> str:
    gaps = numbers[-1] - numbers[0] + 1 - len(numbers)
    missing = f", of which {gaps} are on no item" if gaps else ""
    return (
        f"{len(numbers)} classes, numbered {numbers[0]} to {numbers[-1]}"
        f"{missing}, {how}"
    )


def _names(raw: np.ndarray, form: str) -> Understood:
    if raw.ndim == 2 and 1 not in raw.shape:
        return _lists(
            [[name for name in row if name] for row in raw.astype(str)]
        )
    names = np.char.strip(np.ravel(raw).astype(str))
    if all(name.startswith("[") for name in names):
        return _lists([_parsed(name) for name in names])
    separator = _separator(names, form == "lists")
    if separator and form == "auto":
        raise ValueError(
            f"`labels` are strings such as {str(names[0])!r}, which may be one "
            f"class or several with {separator!r} between them; say "
            "--labels=classes or --labels=lists"
        )
    if form == "lists" and separator:
        return _lists(
            [
                [part.strip() for part in name.split(separator) if part.strip()]
                for name in names.tolist()
            ]
        )
    known, place = np.unique(names, return_inverse=True)
    hot = _one_hot(place.ravel(), len(known))
    if known[0] == "":
        known, hot = known[1:], hot[:, 1:]
    if not len(known):
        raise ValueError("`labels` are empty strings")
    return Understood(
        hot, known, f"{len(known)} classes by name ({_some(known)})"
    )


def _parsed(text: str) -> list:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"`labels` hold {text[:40]!r}, which is no JSON list"
        ) from error
    if not isinstance(found, list):
        raise ValueError(f"`labels` hold {text[:40]!r}, which is no JSON list")
    return found


def _separator(names: np.ndarray, certain: bool) -> str:
    """What stands between several names in one string; "" where nothing.

    Unless it is certain that there is one, parts must recur.
    """
    for mark in _SEPARATORS:
        parts = [part.strip() for name in names for part in name.split(mark)]
        recur = certain or len(set(parts)) < len(set(names))
        if len(parts) > len(names) and recur:
            return mark
    return ""


def _rows(raw: np.ndarray) -> Understood:
    """Class numbers, several in a row; negative ones, or else 0, fill up."""
    low, _, whole, _ = _range(raw)
    if not whole:
        raise ValueError("`labels` hold fractions, no class numbers")
    least = 0 if low < 0 else 1
    rows = np.asarray(raw, np.int64)
    return _lists([row[row >= least].tolist() for row in rows])


def _lists(lists: list) -> Understood:
    values = sorted(
        {_value(value) for row in lists for value in row}, key=_order
    )
    if not values:
        raise ValueError("`labels` are lists, and all of them are empty")
    _check_size(len(lists), len(values))
    column = {value: place for place, value in enumerate(values)}
    hot = np.zeros((len(lists), len(values)), np.uint8)
    for number, row in enumerate(lists):
        hot[number, [column[_value(value)] for value in row]] = 1
    names = np.array([str(value) for value in values])
    if all(isinstance(value, int) for value in values):
        said = _numbered(np.array(values), "a list for each item")
    else:
        said = (
            f"{len(values)} labels by name ({_some(names)}), a list for each "
            "item"
        )
    return Understood(hot, names, said)


def _value(value):
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float) and value == int(value):
        return int(value)
    raise ValueError(
        f"a list of `labels` must hold class numbers or names; one holds "
        f"{str(value)[:40]}"
    )


def _order(value) -> tuple:
    return (isinstance(value, str), value)


def _one_hot(place: np.ndarray, count: int) -> np.ndarray:
    _check_size(len(place), count)
    hot = np.zeros((len(place), count), np.uint8)
    hot[np.arange(len(place)), place] = 1
    return hot


def _check_size(items: int, classes: int) -> None:
    if classes > _MOST_CLASSES:
        raise ValueError(
            f"`labels` would be {classes} classes; at most {_MOST_CLASSES} "
            "are read"
        )
    limits.check(items * classes)


def _some(names: np.ndarray) -> str:
    shown = ", ".join(map(str, names[:4]))
    return f"{shown}, ..." if len(names) > 4 else shown
