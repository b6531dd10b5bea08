"""Finds out which layout a file or a folder has, and reads it."""

import pathlib

from common.data.layouts import containers
from common.data.layouts import nus_wide
from common.data.layouts import parts
from common.data.layouts import pickled
from common.data.layouts import text_files
from common.data.layouts import whole_sets

_ARRAY_LAYOUTS = (parts, whole_sets)
_ACCEPTED = (whole_sets, parts, text_files, pickled, nus_wide)


def is_there(path: pathlib.Path) -> bool:
    """Whether a path names anything that might be a data set."""
    return path.exists() or nus_wide.holds(path) or bool(_files(path))


def read(path: pathlib.Path, trust_pickle: bool = False) -> dict:
    """Reads a data set of another project.

    Args:
        path: A file, a folder, or the common start of several files' names.
        trust_pickle: Whether UKD's pickled dictionaries may be read.

    Returns:
        Arguments of `CrossModalData`.

    Raises:
        ValueError: Nothing of the kind is there, or it is malformed.
    """
    if nus_wide.holds(path):
        return nus_wide.read(path)
    if pickled.holds(path):
        return pickled.read(path, trust_pickle)
    if text_files.holds(path):
        return text_files.read(path)
    variables = containers.variables(_files(path))
    for layout in _ARRAY_LAYOUTS:
        if layout.holds(variables):
            return layout.read(variables)
    raise ValueError(
        f"no data set is recognised; it holds {_inventory(path, variables)}. "
        f"Accepted are `image` and `text` in a .npz or as .npy files; "
        + "; ".join(layout.ACCEPTED for layout in _ACCEPTED)
    )


def _files(path: pathlib.Path) -> list[pathlib.Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        candidates = path.iterdir()
    elif path.parent.is_dir():
        candidates = path.parent.glob(f"{path.name}*")
    else:
        return []
    return sorted(file for file in candidates if containers.is_container(file))


def _inventory(path, variables) -> str:
    if variables:
        return ", ".join(
            f"{name} {variable.shape}" for name, variable in variables.items()
        )
    names = (
        sorted(file.name for file in path.iterdir()) if path.is_dir() else []
    )
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return shown or "nothing"
