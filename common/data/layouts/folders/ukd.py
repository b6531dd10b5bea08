"""UKD's dictionaries of file name -> vector, pickled in `.npy` files.

Unpickling can run whatever the file asks for, so it must be allowed by name;
even then nothing but NumPy arrays and plain containers is made.
"""

import pathlib
import pickle

import numpy as np

from common.data.reading import joining

_KINDS = {"image": "imgs", "text": "tags", "labels": "labels"}
_PARTS = {"query": "test", "train": "train"}

ACCEPTED = "UKD's train_imgs_dict.npy, test_tags_dict.npy, ..."

# What an array, its type and its numbers are made by; NumPy 2 moved them.
_ALLOWED = {
    (f"numpy.{core}.multiarray", name)
    for core in ("core", "_core")
    for name in ("_reconstruct", "scalar")
} | {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy", "str_"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
    ("collections", "OrderedDict"),
}


class _ArrayUnpickler(pickle.Unpickler):
    """Makes arrays and refuses everything else."""

    def find_class(self, module: str, name: str):
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}, which is no array"
            )
        return super().find_class(module, name)


def holds(folder: pathlib.Path) -> bool:
    """Whether a folder has that layout."""
    return (folder / "train_imgs_dict.npy").is_file()


def read(folder: pathlib.Path, trust_pickle: bool) -> dict:
    """Reads the six dictionaries; the training part is the database.

    Raises:
        ValueError: Unpickling is not allowed, or the files do not fit.
    """
    if not trust_pickle:
        raise ValueError(
            "its arrays are pickled, and unpickling a file can run what it "
            "asks for; pass --trust_pickle if you trust where it comes from"
        )
    parts = {}
    for part, prefix in _PARTS.items():
        vectors = {
            kind: _dictionary(folder / f"{prefix}_{name}_dict.npy")
            for kind, name in _KINDS.items()
        }
        ids = _order(folder / f"{prefix}_img_path_list.npy", vectors["image"])
        for kind, of_name in vectors.items():
            missing = [name for name in ids if name not in of_name]
            if missing:
                raise ValueError(
                    f"{prefix}_{_KINDS[kind]}_dict.npy has no {missing[0]!r}"
                )
        parts[part] = {
            kind: np.stack([np.ravel(of_name[name]) for name in ids])
            for kind, of_name in vectors.items()
        } | {"ids": np.array(ids)}
    return joining.join(parts)


def _order(path, images) -> list[str]:
    if not path.is_file():
        return list(images)
    return [str(name) for name in np.load(path, allow_pickle=False)]


def _dictionary(path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise ValueError(f"there is no {path.name}")
    try:
        with open(path, "rb") as file:
            version = np.lib.format.read_magic(file)
            read_header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            read_header(file)
            value = _ArrayUnpickler(file).load()
    except Exception as error:
        raise ValueError(f"cannot read {path.name} ({error})") from error
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value[()]
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} holds no dictionary")
    return {str(name): np.asarray(vector) for name, vector in value.items()}
