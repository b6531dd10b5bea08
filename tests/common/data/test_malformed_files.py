"""Made-up damage to data sets: nothing but a data set or one sentence."""

import h5py
import numpy as np
import pytest
import scipy.io

from common.data import arrays
from common.data import readers

ROUNDS = 40


def _fields():
    """Arrays of 9 items, by the names of our own files."""
    rng = np.random.default_rng(0)
    return {
        "image": rng.random((9, 5)).astype(np.float32),
        "text": rng.integers(0, 2, (9, 7)).astype(np.uint8),
        "labels": rng.integers(0, 2, (9, 3)).astype(np.uint8),
    }


def _npz(path, fields):
    np.savez(path, **fields)


def _npy(path, fields):
    path.mkdir()
    for name, array in fields.items():
        np.save(path / f"{name}.npy", array)


def _mat5(path, fields):
    names = {"image": "XAll", "text": "YAll", "labels": "LAll"}
    named = {names.get(name, name): value for name, value in fields.items()}
    scipy.io.savemat(path, named)


def _mat73(path, fields):
    names = {"image": "XAll", "text": "YAll", "labels": "LAll"}
    with h5py.File(path, "w") as file:
        for name, array in fields.items():
            if array.dtype.kind == "U":
                array = array.astype("S")
            file[names.get(name, name)] = array


FORMS = {".npz": _npz, ".folder": _npy, ".mat": _mat5, ".h5": _mat73}


def _nan(array):
    changed = array.astype(np.float64)
    changed[2, 1] = np.nan
    return changed


# What is done to one array; None takes it away.
CHANGES = {
    "wrong key": None,
    "transposed": lambda array: array.T,
    "fewer items": lambda array: array[:-1],
    "nan": _nan,
    "negative": lambda array: -1.0 - array,
    "words": lambda array: np.full(array.shape, "cat"),
    "one axis": lambda array: array[:, 0],
    "empty": lambda array: array[:0],
    "complex": lambda array: array * 1j,
}


def _read(path):
    """Reads a data set; None where it is refused in one sentence."""
    try:
        found = readers.read(path)
    except readers.DataError as error:
        sentence = str(error)
        assert str(path) in sentence
        assert "\n" not in sentence
        return None
    assert isinstance(found, arrays.CrossModalData)
    return found


@pytest.mark.parametrize("name", ["image", "text", "labels"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("form", FORMS)
def test_wrong_arrays_end_in_one_sentence(tmp_path, form, change, name):
    fields = _fields()
    if CHANGES[change] is None:
        fields["nonsense"] = fields.pop(name)
    else:
        fields[name] = CHANGES[change](fields[name])
    path = tmp_path / f"d{form}"
    FORMS[form](path, fields)

    found = _read(path)

    if found is not None:
        # A reader may turn arrays, and do without labels; values are right.
        np.testing.assert_allclose(found.image, _expected(fields, "image"))
        np.testing.assert_allclose(found.text, _expected(fields, "text"))


def _expected(fields, name):
    array = fields[name]
    array = array if len(array) == 9 else array.T
    # MATLAB has no arrays of one axis.
    return array.reshape(9, -1)


@pytest.mark.parametrize("form", [".npz", ".mat", ".h5"])
def test_damaged_files_end_in_one_sentence(tmp_path, form):
    path = tmp_path / f"d{form}"
    FORMS[form](path, _fields())
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0

    for _ in range(ROUNDS):
        content = bytearray(whole)
        if rng.random() < 0.5:
            del content[rng.integers(len(content)) :]
        else:
            for place in rng.integers(len(content), size=20):
                content[place] = rng.integers(256)
        path.write_bytes(content)
        refused += _read(path) is None

    assert refused > ROUNDS / 2
