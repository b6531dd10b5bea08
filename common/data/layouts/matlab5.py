"""MATLAB files up to version 7, read by SciPy."""

import pathlib

import numpy as np


def shapes(path: pathlib.Path) -> dict[str, tuple[int, ...]]:
    """Shape of each variable; of a struct, that of its largest field."""
    import scipy.io

    found = {}
    for name, shape, kind in scipy.io.whosmat(path):
        found[name] = load(path, name).shape if kind == "struct" else shape
    return found


def load(path: pathlib.Path, name: str) -> np.ndarray:
    """Reads a variable.

    Cells of strings become [n] strings, sparse matrices full ones, and a
    struct, as `save` makes of a variable that is the result of `load`, its
    largest field.
    """
    import scipy.io
    import scipy.sparse

    value = scipy.io.loadmat(path, variable_names=[name])[name]
    if scipy.sparse.issparse(value):
        return value.toarray()
    if value.dtype.names:
        fields = [value[field].flat[0] for field in value.dtype.names]
        value = max(map(np.asarray, fields), key=np.size)
    if value.dtype == object:
        return np.array([_string(cell) for cell in value.flat])
    if value.dtype.kind == "U":
        return np.char.rstrip(value)
    return value


def _string(cell) -> str:
    """The text of a cell, however deep it is nested."""
    while isinstance(cell, np.ndarray):
        if cell.size == 0:
            return ""
        if cell.size > 1:
            raise ValueError(
                f"a cell holds an array of shape {cell.shape}, not a string"
            )
        cell = cell.flat[0]
    return str(cell)
