"""MATLAB v5 files that SciPy wrote, whole and damaged."""

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from common.data.containers import limits
from common.data.containers import matlab5
from common.data.containers import opening

RNG = np.random.default_rng(0)
SPARSE = scipy.sparse.random(30, 9, 0.2, "csc", random_state=0)
VALUES = {
    "double": RNG.normal(size=(7, 5)),
    "single": RNG.normal(size=(3, 4)).astype(np.float32),
    "bytes": RNG.integers(0, 255, (2, 3, 4, 5), np.uint8),
    "shorts": np.array([[-5, 300]], np.int16),
    "longs": np.array([[1 << 60, -3]], np.int64),
    "truth": np.array([[True], [False]]),
    "empty": np.zeros((0, 3)),
}


def read(path, **arrays):
    compressed = arrays.pop("compressed", True)
    scipy.io.savemat(path, arrays, do_compression=compressed)
    return matlab5.of(path)


@pytest.mark.parametrize("compressed", [True, False])
def test_numbers_are_read_as_scipy_reads_them(tmp_path, compressed):
    path = tmp_path / "x.mat"
    found = read(path, compressed=compressed, **VALUES)

    assert set(found) == set(VALUES)
    known = scipy.io.loadmat(path)
    for name, variable in found.items():
        assert variable.shape == VALUES[name].shape
        np.testing.assert_array_equal(variable.load(), VALUES[name])
        assert variable.load().dtype == known[name].dtype


@pytest.mark.parametrize("compressed", [True, False])
def test_sparse_matrices_become_full(tmp_path, compressed):
    found = read(
        tmp_path / "x.mat",
        a=SPARSE,
        b=SPARSE > 0,
        none=scipy.sparse.csc_matrix((4, 3)),
        compressed=compressed,
    )

    np.testing.assert_array_equal(found["a"].load(), SPARSE.toarray())
    np.testing.assert_array_equal(found["b"].load(), SPARSE.toarray() > 0)
    np.testing.assert_array_equal(found["none"].load(), np.zeros((4, 3)))


def test_strings_and_cells_are_read(tmp_path):
    cells = np.empty((3, 1), object)
    cells[:, 0] = ["red sea", "", "Kräuter"]
    numbers = np.empty((1, 3), object)
    numbers[0] = [np.array([[3]]), np.array([[1, 2]]), np.zeros((1, 0))]
    nested = np.empty((2, 1), object)
    nested[:, 0] = [
        np.array(["a", "bc"], object),
        np.array([["d"]], object),
    ]
    found = read(
        tmp_path / "x.mat",
        words=np.array(["one", "three"]),
        cells=cells,
        numbers=numbers,
        nested=nested,
    )

    assert found["words"].load().tolist() == ["one", "three"]
    assert found["cells"].load().tolist() == ["red sea", "", "Kräuter"]
    assert found["numbers"].load().tolist() == [[3], [1, 2], []]
    assert found["nested"].load().tolist() == [["a", "bc"], ["d"]]


def test_every_field_of_a_struct_is_seen(tmp_path):
    found = read(
        tmp_path / "x.mat",
        dataset={"XAll": np.ones((9, 4)), "YAll": np.ones((9, 2)), "n": 9},
        images={"value": np.ones((5, 5))},
    )

    assert {name: v.inside for name, v in found.items()} == {
        "XAll": "dataset",
        "YAll": "dataset",
        "n": "dataset",
        "images": "",
    }
    assert found["images"].load().shape == (5, 5)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.array([[1j, 2]]), "complex numbers"),
        (np.array([({},)] * 2, [("a", object)]), "an array of 2 structs"),
        ({"a": {"b": np.ones((3, 3))}, "c": 1}, "a struct within another"),
    ],
)
def test_what_is_no_array_has_a_sentence(tmp_path, value, why):
    [variable, *_] = read(tmp_path / "x.mat", x=value).values()

    with pytest.raises(ValueError, match=why):
        variable.load()


def test_shapes_are_told_without_reading_the_arrays(tmp_path, monkeypatch):
    found = read(tmp_path / "x.mat", a=np.ones((1000, 100)), s=SPARSE)
    monkeypatch.setattr(limits, "available", lambda: 5000)

    assert found["a"].shape == (1000, 100)
    with pytest.raises(ValueError, match="GB of memory are free"):
        found["a"].load()


@pytest.mark.parametrize(
    ("rows", "starts", "message"),
    [
        ([0, 5], [0, 1, 2], "rows from 0 to 5, and its shape is"),
        ([0, -1], [0, 1, 2], "rows from -1 to 0"),
        ([0, 1], [0, 2, 1], "one after the other"),
        ([0, 1], [1, 1, 2], "one after the other"),
        ([0, 1], [0, 2], "one after the other"),
        ([0, 1], [0, 1, 9], "declares 9 values and holds 2"),
    ],
)
def test_sparse_indices_are_checked_before_use(rows, starts, message):
    with pytest.raises(ValueError, match=message):
        matlab5.dense(np.array(rows), np.array(starts), np.ones(2), (3, 2))


@pytest.mark.parametrize("compressed", [True, False])
def test_changed_bytes_end_in_an_array_or_a_sentence(tmp_path, compressed):
    path = tmp_path / "x.mat"
    cells = np.array(["one", "two"], object)
    arrays = VALUES | {"s": SPARSE, "cells": cells, "t": {"a": SPARSE, "b": 1}}
    scipy.io.savemat(path, arrays, do_compression=compressed)
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    refused = 0

    for _ in range(300):
        changed = bytearray(whole)
        for place in rng.integers(128, len(whole), rng.integers(1, 4)):
            changed[place] ^= 1 << rng.integers(8)
        path.write_bytes(changed)
        try:
            for variable in opening.variables([path]).values():
                variable.load()
        except ValueError as error:
            assert "x.mat" in str(error)
            refused += 1

    assert refused > 50


def test_compressed_bytes_that_declare_less_or_more_are_refused(tmp_path):
    path = tmp_path / "x.mat"
    scipy.io.savemat(path, {"a": np.zeros((500, 500))}, do_compression=True)

    found = matlab5.of(path)["a"].load()

    assert not found.any()
    raw = bytearray(path.read_bytes())
    raw[-6:] = bytes(6)
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="cannot read `a` of x.mat"):
        matlab5.of(path)["a"].load()
