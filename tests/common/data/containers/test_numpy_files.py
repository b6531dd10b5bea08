"""`.npy` and `.npz` files whose headers lie."""

import struct
import zipfile

import numpy as np
import pytest

from common.data import readers
from common.data.containers import limits
from common.data.containers import numpy_files


def header(shape, dtype="<f4"):
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((10**12, 10**6), "of its bytes are missing"),
        ((5, 5), "96 of its bytes are missing"),
        ((-1, 4), "shape \\(-1, 4\\) is none"),
        ((1 << 62, 1 << 62), "of its bytes are missing"),
        ((True, 1), "not a readable array"),
    ],
)
def test_a_npy_cannot_declare_what_it_does_not_hold(tmp_path, shape, message):
    path = tmp_path / "x.npy"
    path.write_bytes(header(shape) + bytes(4 if shape == (5, 5) else 2))

    with pytest.raises(ValueError, match=f"x.npy: it is .*{message}"):
        numpy_files.load_npy(path)


@pytest.mark.parametrize("dtype", ["|O", "|V8"])
def test_objects_are_never_loaded(tmp_path, dtype):
    path = tmp_path / "x.npy"
    path.write_bytes(header((1,), dtype) + bytes(8))

    if dtype == "|O":
        with pytest.raises(ValueError, match="never loaded"):
            numpy_files.load_npy(path)
    else:
        assert numpy_files.load_npy(path).dtype.kind == "V"


def member(path, content, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("x.npy", content)
    return numpy_files.of_npz(path)["x"]


def test_a_member_must_hold_what_it_declares(tmp_path):
    found = member(tmp_path / "d.npz", header((1000, 1000)) + bytes(40))

    with pytest.raises(ValueError, match="declares 4000000 bytes and holds 40"):
        found.load()


def test_a_member_may_not_expand_without_end(tmp_path):
    whole = header((1 << 24,), "|u1") + bytes(1 << 24)
    found = member(tmp_path / "d.npz", whole, zipfile.ZIP_LZMA)

    with pytest.raises(ValueError, match="more than 1100 times as many"):
        found.load()


def test_a_member_must_fit_into_memory(tmp_path, monkeypatch):
    np.savez(tmp_path / "d.npz", x=np.ones(1000))
    monkeypatch.setattr(limits, "available", lambda: 7999)

    with pytest.raises(ValueError, match="of memory are free"):
        numpy_files.of_npz(tmp_path / "d.npz")["x"].load()


def test_flipped_bits_end_in_a_data_set_or_one_sentence(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "image.npy", rng.normal(size=(9, 5)))
    np.save(tmp_path / "text.npy", rng.integers(0, 2, (9, 7)))
    whole = (tmp_path / "image.npy").read_bytes()
    refused = 0

    for bit in range(0, 128 * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        (tmp_path / "image.npy").write_bytes(changed)
        try:
            readers.read(tmp_path)
        except readers.DataError as error:
            assert "image" in str(error)
            assert "\n" not in str(error)
            refused += 1

    assert refused > 300
