"""HDF5 files, those of MATLAB v7.3 among them, read by h5py.

A data set that MATLAB wrote carries the attribute `MATLAB_class`, and h5py
shows its axes in reverse. Links to other places, external storage and virtual
data sets are refused: they read whatever file of this machine they name.
"""

import pathlib

import numpy as np

from common.data.containers import fields
from common.data.containers import hdf5_heap
from common.data.containers import limits
from common.data.containers import matlab5
from common.data.containers.variable import LISTS
from common.data.containers.variable import NUMBERS
from common.data.containers.variable import STRINGS
from common.data.containers.variable import UNREADABLE
from common.data.containers.variable import Variable

_CELL_CHARACTERS = 1 << 20
_CLASS = "MATLAB_class"


class StackedArray:
    """An array with more than two axes that stays in its file.

    Indexing with rows, in any order and with repetitions, reads just these.

    Args:
        path: The file.
        name: The data set's path within it.
    """

    def __init__(self, path: pathlib.Path, name: str):
        import h5py

        self._dataset = h5py.File(path, "r")[name]
        self.shape = self._dataset.shape
        self.dtype = self._dataset.dtype
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows) -> np.ndarray:
        if isinstance(rows, slice | int | np.integer):
            return self._dataset[rows]
        # h5py wants row numbers that increase.
        wanted, place = np.unique(np.asarray(rows), return_inverse=True)
        return self._dataset[wanted][place]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self._dataset[()].astype(dtype or self.dtype, copy=False)


def of(path: pathlib.Path) -> dict[str, Variable]:
    """The arrays of a file; those of a group, a struct, by their own names."""
    import h5py

    found = {}
    with h5py.File(path, "r") as file:
        for name in file:
            if name.startswith("#"):
                continue
            why = _not_here(file, name)
            if why:
                found[name] = _unreadable(path, name, why)
                continue
            item = file[name]
            if isinstance(item, h5py.Group) and not _is_sparse(item):
                found |= fields.flattened(name, _group(path, item))
            else:
                found[name] = _variable(path, name, item)
    return found


def _group(path, group) -> dict[str, Variable]:
    import h5py

    found = {}
    for name in group:
        why = _not_here(group, name)
        if not why:
            item = group[name]
            if not isinstance(item, h5py.Group) or _is_sparse(item):
                found[name] = _variable(path, name, item)
                continue
            why = "a group within a group"
        found[name] = _unreadable(path, name, why)
    return found


def _not_here(group, name: str) -> str:
    """What a link is that leads elsewhere; "" of an array in its place."""
    import h5py

    link = group.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        return "a link to another file, which is not followed"
    if isinstance(link, h5py.SoftLink):
        return "a link, which is not followed"
    return ""


def _variable(path, name: str, item) -> Variable:
    import h5py

    place = item.name
    if _is_sparse(item):
        return Variable(
            path,
            name,
            _sparse_shape(item),
            NUMBERS,
            _reader(path, place, _sparse),
        )
    why = _refused(item)
    if why:
        return _unreadable(path, name, why)
    declared = _class(path, item)
    kind, read = NUMBERS, _numbers
    if h5py.check_ref_dtype(item.dtype):
        kind, read = LISTS, _cells
    elif item.dtype.kind in "OS":
        kind, read = STRINGS, _strings
    elif declared == b"char":
        kind, read = STRINGS, _characters
    return Variable(
        path,
        name,
        item.shape,
        kind,
        _reader(path, place, read),
        reversed_axes=declared is not None,
    )


def _class(path, item) -> bytes | None:
    """What a data set was in MATLAB; None where another program wrote it."""
    if _CLASS not in item.attrs:
        return None
    if item.attrs.get_id(_CLASS).dtype.kind == "S":
        return bytes(item.attrs[_CLASS])
    # MATLAB itself keeps it out of the heap.
    (found,) = hdf5_heap.read(path, item.name, _CLASS)
    return str(found).encode()


def _refused(item) -> str:
    """Why a data set is not read; "" where it is."""
    import h5py

    if not isinstance(item, h5py.Dataset):
        return "a type, no data set"
    if item.is_virtual:
        return "a virtual data set, which reads other files"
    if item.external:
        return "stored in another file"
    if item.shape is None:
        return "an array without a shape"
    if h5py.check_ref_dtype(item.dtype) is h5py.RegionReference:
        return "an array of references to regions"
    if item.dtype.kind == "O" and not (
        h5py.check_string_dtype(item.dtype) or h5py.check_ref_dtype(item.dtype)
    ):
        return "an array of lists of varying length"
    if item.dtype.fields is not None or item.dtype.subdtype is not None:
        return "an array of records"
    return ""


def _reader(path, place: str, read):
    """Opens the file again when the array is asked for."""
    import h5py

    def opened():
        with h5py.File(path, "r") as file:
            return read(path, file[place])

    return opened


def _unreadable(path, name, why) -> Variable:
    return Variable(path, name, (), UNREADABLE, why=why)


def _numbers(path, dataset) -> np.ndarray | StackedArray:
    if dataset.ndim > 2:
        return StackedArray(path, dataset.name)
    return _whole(dataset)


def _whole(dataset) -> np.ndarray:
    limits.check(
        limits.size(dataset.shape, dataset.dtype.itemsize),
        dataset.id.get_storage_size(),
    )
    return dataset[()]


def _strings(path, dataset) -> np.ndarray:
    limits.check(
        limits.size(dataset.shape, dataset.dtype.itemsize),
        dataset.id.get_storage_size(),
    )
    if dataset.dtype.kind == "O":
        return hdf5_heap.read(path, dataset.name)
    return np.asarray(dataset.asstr("utf-8", "replace")[()], str).reshape(-1)


def _characters(path, dataset) -> np.ndarray:
    lines = _whole(dataset).T
    return np.array([_joined(line).rstrip() for line in lines])


def _cells(path, dataset) -> np.ndarray:
    _whole(dataset)
    return hdf5_heap.read(path, dataset.name)


def heap_values(file, place: str, attribute: str = "") -> list:
    """Strings of a data set, or what each of its cells holds.

    Args:
        file: The open file.
        place: Path of the data set within it.
        attribute: Name of an attribute of it that is read instead.
    """
    import h5py

    dataset = file[place]
    if attribute:
        found = dataset.attrs[attribute]
        return [found.decode() if isinstance(found, bytes) else str(found)]
    if not h5py.check_ref_dtype(dataset.dtype):
        return (
            np.asarray(dataset.asstr("utf-8", "replace")[()], str)
            .ravel()
            .tolist()
        )
    values = []
    for reference in _whole(dataset).flat:
        cell = file[reference] if reference else None
        if not isinstance(cell, h5py.Dataset) or _refused(cell):
            raise ValueError("a cell holds no array")
        values.append(_cell(cell))
    return matlab5.unpacked(values).tolist()


def _cell(cell) -> np.ndarray:
    import h5py

    if h5py.check_ref_dtype(cell.dtype):
        raise ValueError("cells lie within cells")
    if cell.size > _CELL_CHARACTERS:
        raise ValueError(f"a cell holds {cell.size} numbers or characters")
    if "MATLAB_empty" in cell.attrs:
        # An empty cell is stored as its size.
        return np.zeros(0)
    content = np.ravel(cell[()])
    declared = cell.attrs.get(_CLASS)
    is_text = declared == b"char" or declared is None and content.dtype == "u2"
    return np.array([_joined(content)]) if is_text else content


def _joined(codes: np.ndarray) -> str:
    # Writers other than MATLAB store an empty string as its size, two zeros.
    return "".join(map(chr, np.ravel(codes).tolist())).strip("\0")


def _is_sparse(item) -> bool:
    return "MATLAB_sparse" in item.attrs


def _sparse_shape(group) -> tuple[int, int]:
    if group.attrs.get_id("MATLAB_sparse").dtype.kind not in "iu":
        raise ValueError("a sparse matrix declares no number of rows")
    return int(group.attrs["MATLAB_sparse"]), len(group["jc"]) - 1


def _sparse(path, group) -> np.ndarray:
    shape = _sparse_shape(group)
    parts = []
    for name in ("ir", "jc", "data"):
        if name not in group:
            limits.check(limits.size(shape, 8))
            return np.zeros(shape)
        if _not_here(group, name) or _refused(group[name]):
            raise ValueError(f"`{name}` of a sparse matrix lies elsewhere")
        parts.append(_whole(group[name]))
    rows, starts, values = parts
    return matlab5.dense(rows, starts, values, shape)
