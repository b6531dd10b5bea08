"""Labels in cells of a table, and as a matrix."""

from collections.abc import Sequence

import numpy as np

_SEPARATORS = ("|", ";")


def split(
    cells: Sequence[tuple[str, str]], separator: str = ""
) -> list[tuple[str, ...]]:
    """Takes the labels of cells apart.

    Args:
        cells: Where each stands, and what it holds.
        separator: What stands between labels; empty takes `|` or `;`, and
            refuses commas, which may as well be part of a label.

    Returns:
        The labels of each cell.

    Raises:
        ValueError: It is not sure what separates labels.
    """
    if not separator:
        used = [s for s in _SEPARATORS if any(s in cell for _, cell in cells)]
        if len(used) > 1:
            raise ValueError(
                f"labels are separated by both {' and '.join(used)}; name "
                "one as --label_separator."
            )
        doubtful = next((one for one in cells if "," in one[1]), None)
        if doubtful and not used:
            raise ValueError(
                f"{doubtful[0]}: the label {doubtful[1]!r} holds a comma; pass "
                "--label_separator=, if it separates labels, or "
                "--label_separator=none if it does not."
            )
        separator = used[0] if used else ""
    if separator in ("", "none"):
        return [tuple(filter(None, [cell.strip()])) for _, cell in cells]
    return [
        tuple(filter(None, (label.strip() for label in cell.split(separator))))
        for _, cell in cells
    ]


def multi_hot(
    labels: Sequence[Sequence[str]],
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of pictures as a matrix.

    Args:
        labels: Labels of n pictures.

    Returns:
        [n, c] uint8 of 0 and 1, and the c labels in alphabetical order.
    """
    # Slow to import, and the command's `--help` needs none of it.
    from sklearn import preprocessing

    binarizer = preprocessing.MultiLabelBinarizer()
    matrix = binarizer.fit_transform(labels)
    return matrix.astype(np.uint8), np.array(binarizer.classes_, str)
