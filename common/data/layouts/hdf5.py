"""HDF5 files, those of MATLAB v7.3 among them, read by h5py.

A data set that MATLAB wrote carries the attribute `MATLAB_class`, and h5py
shows its axes in reverse.
"""

import pathlib

import numpy as np


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


def shapes(path: pathlib.Path) -> dict[str, tuple[tuple[int, ...], bool]]:
    """Shape of each data set, and whether its axes are MATLAB's reversed.

    A group in place of a data set stands for the largest data set in it, as
    MATLAB writes the struct that `load` returns.
    """
    import h5py

    found = {}
    with h5py.File(path, "r") as file:
        for name in file:
            if name.startswith("#"):
                continue
            item = file[name]
            if _is_sparse(item):
                found[name] = (_sparse_shape(item), False)
                continue
            dataset = _dataset(item)
            if dataset is not None:
                is_matlab = "MATLAB_class" in dataset.attrs
                found[name] = (dataset.shape, is_matlab)
    return found


def load(path: pathlib.Path, name: str) -> np.ndarray | StackedArray:
    """Reads a data set; see `shapes` for groups.

    Strings and MATLAB's cells of strings become [n] strings.
    """
    import h5py

    with h5py.File(path, "r") as file:
        if _is_sparse(file[name]):
            return _sparse(file[name])
        dataset = _dataset(file[name])
        if dataset.ndim > 2:
            return StackedArray(path, dataset.name)
        if h5py.check_ref_dtype(dataset.dtype):
            cells = [file[ref][()] for ref in dataset[()].flat]
            return np.array([_characters(cell) for cell in cells])
        if dataset.dtype.kind in "OS":
            return np.asarray(dataset.asstr()[()], str).reshape(-1)
        if dataset.attrs.get("MATLAB_class") == b"char":
            lines = dataset[()].T
            return np.array([_characters(line).rstrip() for line in lines])
        return dataset[()]


def _dataset(item):
    import h5py

    if isinstance(item, h5py.Dataset):
        return item
    inner = [
        value for value in item.values() if isinstance(value, h5py.Dataset)
    ]
    return max(inner, key=lambda dataset: dataset.size, default=None)


def _characters(codes: np.ndarray) -> str:
    # An empty string is stored as its size, two zeros.
    return "".join(map(chr, np.ravel(codes))).strip("\0")


def _is_sparse(item) -> bool:
    return "MATLAB_sparse" in item.attrs


def _sparse_shape(group) -> tuple[int, int]:
    return int(group.attrs["MATLAB_sparse"]), len(group["jc"]) - 1


def _sparse(group) -> np.ndarray:
    import scipy.sparse

    shape = _sparse_shape(group)
    if "data" not in group:
        return np.zeros(shape)
    parts = (group["data"][()], group["ir"][()], group["jc"][()])
    return scipy.sparse.csc_matrix(parts, shape=shape).toarray()
