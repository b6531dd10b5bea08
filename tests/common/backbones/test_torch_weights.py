import os
import pickle

import numpy as np
import pytest

from common.backbones import torch_weights
from tests import made_up_weights

ARRAYS = {
    "a": np.arange(6, dtype="<f4").reshape(2, 3),
    "b": np.arange(4, dtype="<f4") + 10,
}


@pytest.fixture
def path(tmp_path):
    made_up_weights.write(tmp_path / "a.pth", ARRAYS)
    return tmp_path / "a.pth"


# `OrderedDict(w=tensor)` of a weight file, but a plain dict: storage "0" with
# six floats, offset 1, shape (2, 2), strides (1, 2).
TENSORS = (
    b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n"
    b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06NtQ"
    b"K\x01K\x02K\x02\x86K\x01K\x02\x86\x89NtRs."
)


def _with_tensors(path, tensors):
    parts = [pickle.dumps(x, 2) for x in (0x1950A86A20F9469CFC6C, 1001, {})]
    parts += [tensors, pickle.dumps(["0"], 2)]
    parts += [(6).to_bytes(8, "little"), np.arange(6, dtype="<f4").tobytes()]
    path.write_bytes(b"".join(parts))


def test_weights_are_read_with_offset_and_strides(path):
    _with_tensors(path, TENSORS)

    found = torch_weights.read_weights(path)

    # Storage 0..5, entry (i, j) at 1 + i + 2 j.
    assert list(found) == ["w"]
    np.testing.assert_array_equal(found["w"], [[1.0, 3.0], [2.0, 4.0]])


def test_tensors_of_one_storage_are_told_apart(path):
    found = torch_weights.read_weights(path)

    assert list(found) == ["a", "b"]
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_tensor_beyond_its_storage_is_refused(path):
    # Offset 2 in place of 1: the last entry is at 2 + 1 + 2, the sixth; at
    # offset 3 there is none.
    for offset, fits in ((b"K\x02", True), (b"K\x03", False)):
        _with_tensors(path, TENSORS.replace(b"tQK\x01", b"tQ" + offset))
        if fits:
            assert torch_weights.read_weights(path)["w"][1, 1] == 5
        else:
            with pytest.raises(ValueError, match="leaves its storage"):
                torch_weights.read_weights(path)


def test_a_file_that_asks_for_a_function_is_refused(path):
    _with_tensors(path, pickle.dumps(os.getcwd, 2))

    with pytest.raises(ValueError, match="getcwd, but only tensors are read"):
        torch_weights.read_weights(path)


@pytest.mark.parametrize("kept", [0, 5, 40, 150, -8])
def test_a_file_that_is_cut_off_is_refused(path, kept):
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(ValueError, match="a.pth is no weight file") as refused:
        torch_weights.read_weights(path)

    assert "\n" not in str(refused.value)


def test_a_file_without_the_magic_number_is_refused(path):
    path.write_bytes(b"".join(pickle.dumps(x, 2) for x in (1, 2, 3)))

    with pytest.raises(ValueError, match="its first number is another"):
        torch_weights.read_weights(path)
