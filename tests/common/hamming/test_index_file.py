import hashlib
import json
import struct

import numpy as np
import pytest

from common.hamming import index_file

ROWS = np.arange(15, dtype=np.uint8).reshape(5, 3)
IDS = np.array([2, 3, 5, 7, 11], np.int64)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "index"
    index_file.write(path, ROWS, IDS, 24)
    return path


def test_the_layout_is_the_documented_one(path):
    content = path.read_bytes()

    magic, version, header_bytes = struct.unpack("<8sII", content[:16])
    header = json.loads(content[16 : 16 + header_bytes])
    payload = -(-(16 + header_bytes) // 64) * 64

    assert magic == index_file.MAGIC
    assert version == 1
    assert header["n"] == 5
    assert header["bits"] == 24
    digest = hashlib.sha256(content[payload:]).hexdigest()
    assert header["sha256"] == digest
    # 5 ids of 8 bytes and 24 bytes of zeros are 64.
    assert content[payload : payload + 40] == IDS.astype("<i8").tobytes()
    assert content[payload + 40 : payload + 64] == bytes(24)
    assert content[payload + 64 :] == ROWS.tobytes()


@pytest.mark.parametrize("mmap", (True, False))
def test_what_was_written_is_read(path, mmap):
    rows, ids, bits = index_file.read(path, mmap=mmap, verify=True)

    np.testing.assert_array_equal(rows, ROWS)
    np.testing.assert_array_equal(ids, IDS)
    assert bits == 24
    assert ids.dtype == np.int64


def test_mapped_arrays_are_aligned_and_read_only(path):
    rows, ids, _ = index_file.read(path, mmap=True)

    assert ids.ctypes.data % 64 == 0
    assert rows.ctypes.data % 64 == 0
    assert not rows.flags.writeable
    assert not ids.flags.writeable


def test_every_truncation_is_refused(path):
    content = path.read_bytes()

    for length in range(len(content)):
        path.write_bytes(content[:length])
        message = "truncated" if length >= 8 else "not a Hamming index"
        with pytest.raises(ValueError, match=message):
            index_file.read(path)


def test_bytes_after_the_end_are_refused(path):
    path.write_bytes(path.read_bytes() + b"\0")

    with pytest.raises(ValueError, match="is damaged: it has"):
        index_file.read(path)


@pytest.mark.parametrize("content", (b"PK\x03\x04" + bytes(200), b"{}"))
def test_a_foreign_file_is_refused(path, content):
    path.write_bytes(content)

    with pytest.raises(ValueError, match="not a Hamming index file"):
        index_file.read(path)


def test_a_newer_format_is_refused(path):
    content = bytearray(path.read_bytes())
    content[8:12] = struct.pack("<I", 2)
    path.write_bytes(content)

    with pytest.raises(
        ValueError, match="format 2, this release reads up to 1"
    ):
        index_file.read(path)


@pytest.mark.parametrize("header", (b"not JSON", b"[1]", b'{"n":5,"bits":0}'))
def test_an_unreadable_header_is_refused(path, header):
    start = struct.pack("<8sII", index_file.MAGIC, 1, len(header)) + header
    path.write_bytes(start + bytes(500))

    with pytest.raises(ValueError, match="header cannot be read"):
        index_file.read(path)


def test_a_flipped_bit_is_found_on_request(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    rows, _, _ = index_file.read(path)

    assert rows[-1, -1] == ROWS[-1, -1] ^ 1
    with pytest.raises(ValueError, match="checksum"):
        index_file.read(path, verify=True)


def test_ids_out_of_order_are_found_on_request(path):
    index_file.write(path, ROWS, IDS[::-1], 24)

    with pytest.raises(ValueError, match="not ascending"):
        index_file.read(path, verify=True)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        index_file.read(tmp_path / "absent")


def test_writing_replaces_the_old_file_and_leaves_no_other(path):
    index_file.write(path, ROWS[:2], IDS[:2], 24)

    _, ids, _ = index_file.read(path, verify=True)
    assert ids.tolist() == [2, 3]
    assert [file.name for file in path.parent.iterdir()] == ["index"]


@pytest.mark.parametrize("mmap", (True, False))
def test_a_file_replaced_while_it_is_opened_is_not_mixed(
    path, monkeypatch, mmap
):
    read_layout = index_file._read_layout

    def then_replaced(*arguments):
        layout = read_layout(*arguments)
        index_file.write(path, ROWS + 100, IDS + 50, 24)
        return layout

    monkeypatch.setattr(index_file, "_read_layout", then_replaced)

    rows, ids, _ = index_file.read(path, mmap=mmap, verify=True)

    np.testing.assert_array_equal(rows, ROWS)
    np.testing.assert_array_equal(ids, IDS)
