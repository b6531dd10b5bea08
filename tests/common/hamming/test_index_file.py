import hashlib
import json
import struct

import numpy as np
import pytest

from common.hamming import index_file
from common.system import remembered

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
    zeros = 16 + header_bytes + 32
    payload = -(-zeros // 64) * 64

    assert magic == index_file.MAGIC
    assert version == 2
    start = hashlib.sha256(content[: zeros - 32]).digest()
    assert content[zeros - 32 : zeros] == start
    assert content[zeros:payload] == bytes(payload - zeros)
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
    rows, ids, bits = index_file.read(path, mmap=mmap)

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
    content[8:12] = struct.pack("<I", 3)
    path.write_bytes(content)

    with pytest.raises(
        ValueError, match="format 3, this release reads up to 2"
    ):
        index_file.read(path)


@pytest.mark.parametrize(
    "header",
    (
        b"not JSON",
        b"[1]",
        b'{"n":5,"bits":0,"sha256":""}',
        b'{"n":0,"bits":1000000000000000000,"sha256":""}',
        b'{"n":5.0,"bits":8,"sha256":""}',
        b"[" * 5000,
    ),
)
def test_an_unreadable_header_is_refused(path, header):
    start = struct.pack("<8sII", index_file.MAGIC, 1, len(header)) + header
    path.write_bytes(start + bytes(500))

    with pytest.raises(ValueError, match="header cannot be read"):
        index_file.read(path)


def _version_1(rows, ids, bits):
    """A file as the first releases wrote it."""
    payload = ids.astype("<i8").tobytes()
    payload += bytes(-len(payload) % 64) + rows.tobytes()
    digest = hashlib.sha256(payload).hexdigest()
    fields = {"n": len(ids), "bits": bits, "sha256": digest}
    header = json.dumps(fields).encode()
    start = struct.pack("<8sII", index_file.MAGIC, 1, len(header)) + header
    return start + bytes(-len(start) % 64) + payload


def test_a_file_of_version_1_is_read(path):
    path.write_bytes(_version_1(ROWS, IDS, 24))

    rows, ids, bits = index_file.read(path)

    np.testing.assert_array_equal(rows, ROWS)
    np.testing.assert_array_equal(ids, IDS)
    assert bits == 24


def test_every_flipped_bit_is_found(path):
    content = path.read_bytes()

    for place in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=str(path)):
            index_file.read(path)


def test_content_is_not_checked_where_that_is_not_wanted(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    rows, _, _ = index_file.read(path, check=False)

    assert rows[-1, -1] == ROWS[-1, -1] ^ 1


def test_content_is_checked_once(path, monkeypatch):
    monkeypatch.setattr(remembered, "_SETTLED_NS", -(10**12))
    taken = []

    def file_digest(handle, name):
        taken.append(name)
        return hashlib.sha256(handle.read())

    monkeypatch.setattr(index_file.hashlib, "file_digest", file_digest)

    for _ in range(3):
        index_file.read(path)
    index_file.write(path, ROWS, IDS, 24)
    index_file.read(path)

    assert taken == ["sha256", "sha256"]


def test_ids_out_of_order_are_found(path):
    index_file.write(path, ROWS, IDS[::-1], 24)

    with pytest.raises(ValueError, match="not ascending"):
        index_file.read(path)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        index_file.read(tmp_path / "absent")


def test_writing_replaces_the_old_file_and_leaves_no_other(path):
    index_file.write(path, ROWS[:2], IDS[:2], 24)

    _, ids, _ = index_file.read(path)
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

    rows, ids, _ = index_file.read(path, mmap=mmap)

    np.testing.assert_array_equal(rows, ROWS)
    np.testing.assert_array_equal(ids, IDS)
