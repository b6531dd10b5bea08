"""HDF5 files that would read other files, or hold what is no array."""

import h5py
import numpy as np
import pytest

from common.data.containers import hdf5
from common.data.containers import hdf5_heap
from common.data.containers import limits
from common.data.containers import opening


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_bytes(b"root:x:0:0" * 10)
    return path


def one(path, write):
    with h5py.File(path, "w") as file:
        write(file)
    return hdf5.of(path)


def refused(path, write, name="x"):
    with pytest.raises(ValueError, match="cannot read") as error:
        one(path, write)[name].load()
    return str(error.value)


def test_external_storage_is_never_read(tmp_path, secret):
    def write(file):
        external = [(str(secret), 0, 100)]
        file.create_dataset("x", (10, 10), "u1", external=external)

    assert "stored in another file" in refused(tmp_path / "d.h5", write)


def test_links_are_not_followed(tmp_path, secret):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["y"] = np.ones((3, 3))

    def external(file):
        file["x"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "y")

    def soft(file):
        file["y"] = np.ones(3)
        file["x"] = h5py.SoftLink("/y")

    def within(file):
        file["g/x"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "y")
        file["g/z"] = np.ones((3, 3))

    for write in (external, within):
        assert "a link to another file" in refused(tmp_path / "d.h5", write)
    assert "a link, which is not" in refused(tmp_path / "d.h5", soft)


def test_virtual_data_sets_are_not_read(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["y"] = np.ones(3)

    def write(file):
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "y", (3,))
        file.create_virtual_dataset("x", layout)

    assert "a virtual data set" in refused(tmp_path / "d.h5", write)


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda f: f.create_dataset("x", data=h5py.Empty("f4")), "a shape"),
        (lambda f: f.create_dataset("x", (2,), "f4,i4"), "of records"),
        (
            lambda f: f.create_dataset("x", (2,), h5py.vlen_dtype("i4")),
            "lists of varying length",
        ),
        (lambda f: f.create_group("g/x/y"), "a group within a group"),
        (
            lambda f: f.create_dataset("x", (2,), h5py.ref_dtype),
            "a cell holds no array",
        ),
    ],
)
def test_what_is_no_array_has_a_sentence(tmp_path, write, why):
    assert why in refused(
        tmp_path / "d.h5", write, "g" if "group" in why else "x"
    )


def test_a_chunked_array_cannot_declare_what_it_does_not_store(tmp_path):
    def write(file):
        file.create_dataset(
            "x", (1 << 20, 1 << 12), "f8", chunks=(64, 64), compression="gzip"
        )

    assert "declares 34359738368 bytes and stores 0" in refused(
        tmp_path / "d.h5", write
    )


def test_what_does_not_fit_into_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "available", lambda: 100)

    def write(file):
        file["x"] = np.ones((10, 10))

    assert "of memory are free" in refused(tmp_path / "d.h5", write)


@pytest.mark.parametrize("rows", [[0, 9], [0, 1 << 40]])
def test_sparse_indices_of_matlab_73_are_checked(tmp_path, rows):
    def write(file):
        file["x/ir"] = np.array(rows, np.uint64)
        file["x/jc"] = np.array([0, 1, 2], np.uint64)
        file["x/data"] = np.ones(2)
        file["x"].attrs["MATLAB_sparse"] = np.uint64(3)

    assert "its shape is (3, 2)" in refused(tmp_path / "d.h5", write)


def test_empty_and_numeric_cells_of_matlab_73_are_lists(tmp_path):
    def write(file):
        refs = []
        for number, value in enumerate(([3.0], [1.0, 2.0], [0, 0])):
            cell = file.create_dataset(f"#refs#/{number}", data=value)
            cell.attrs["MATLAB_class"] = np.bytes_("double")
            refs.append(cell.ref)
        file["#refs#/2"].attrs["MATLAB_empty"] = 1
        file.create_dataset("x", data=np.array([refs], h5py.ref_dtype))

    found = one(tmp_path / "d.mat", write)["x"].load()

    assert found.tolist() == [[3.0], [1.0, 2.0], []]


def test_a_damaged_heap_cannot_hold_the_program_up(tmp_path, monkeypatch):
    # The HDF5 library goes over the rest of the heap for ever.
    monkeypatch.setattr(hdf5_heap, "_SECONDS", 1)
    path = tmp_path / "d.h5"
    one(path, lambda file: file.create_dataset("x", data=[b"one", b"two"]))
    size = b"\3" + bytes(7)
    whole = path.read_bytes()
    assert whole.count(size + b"one") == 1
    path.write_bytes(whole.replace(size + b"one", b"\x13" + size[1:] + b"one"))

    with pytest.raises(ValueError, match="it takes too long to read"):
        hdf5.of(path)["x"].load()


def test_strings_are_read(tmp_path):
    def write(file):
        file["x"] = [b"one", "für".encode()]
        file.create_dataset("y", data=np.array([b"ab", b"c"]))

    found = one(tmp_path / "d.h5", write)

    assert found["x"].load().tolist() == ["one", "für"]
    assert found["y"].load().tolist() == ["ab", "c"]


def test_strings_are_read_beside_files_with_our_names(tmp_path, monkeypatch):
    (tmp_path / "common.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)

    found = one(tmp_path / "d.h5", lambda file: file.update({"x": ["a", "b"]}))

    np.testing.assert_array_equal(found["x"].load(), ["a", "b"])


def test_changed_bytes_end_in_an_array_or_a_sentence(tmp_path):
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as file:
        file["g/x"] = np.arange(30.0).reshape(5, 6)
        file.create_dataset("z", data=np.ones((50, 9)), compression="gzip")
        file["s"] = np.array([b"one", b"two"])
    whole = path.read_bytes()
    rng = np.random.default_rng(0)

    for _ in range(150):
        changed = bytearray(whole)
        for place in rng.integers(8, len(whole), 3):
            changed[place] ^= 1 << rng.integers(8)
        path.write_bytes(changed)
        try:
            for variable in opening.variables([path]).values():
                variable.load()
        except ValueError as error:
            assert "d.h5" in str(error)
