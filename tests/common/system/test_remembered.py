import hashlib
import os
import time

import pytest

from common.system import remembered


@pytest.fixture
def path(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    return tmp_path / "file"


@pytest.fixture
def settled(monkeypatch):
    """As if every file had been written long ago."""
    monkeypatch.setattr(remembered, "_SETTLED_NS", -(10**12))


def _checks(path, times=1, check=lambda: None):
    """How often a file that is looked at so many times is checked."""
    made = []

    def counted():
        made.append(path)
        check()

    for _ in range(times):
        with open(path, "rb") as file:
            remembered.check_once(file, counted)
    return len(made)


def test_a_file_that_stays_is_checked_once(path, settled):
    assert _checks(path, times=3) == 1


def test_a_file_that_was_just_written_is_checked_every_time(path):
    assert _checks(path, times=3) == 3


def _written_in_place(path):
    path.write_bytes(b"CONTENT")


def _written_with_its_old_time(path):
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(b"CONTENT")
    os.utime(path, ns=times)


def _replaced(path):
    path.with_name("other").write_bytes(b"CONTENT")
    os.replace(path.with_name("other"), path)


def _longer(path):
    path.write_bytes(b"contents")


@pytest.mark.parametrize(
    "change",
    (_written_in_place, _written_with_its_old_time, _replaced, _longer),
)
def test_a_file_that_changed_is_checked_again(path, settled, change):
    assert _checks(path) == 1
    # The clock of a file system has steps of some milliseconds.
    time.sleep(0.02)

    change(path)

    assert _checks(path) == 1


def test_what_failed_is_not_remembered(path, settled):
    def fail():
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        _checks(path, check=fail)

    assert _checks(path) == 1


def test_a_file_that_changed_during_its_check_is_checked_again(path, settled):
    assert _checks(path, check=lambda: path.write_bytes(b"longer than it")) == 1
    assert _checks(path) == 1


def _digests(path, folder, times=1):
    """What is said of a file so many times, and how often it was read."""
    read = []

    def digest():
        read.append(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    said = {
        remembered.digest_once(folder, [path], "whole", digest)
        for _ in range(times)
    }
    return said, len(read)


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_digest_is_taken_once(path, settled, tmp_path):
    assert _digests(path, tmp_path / "kept", 3) == ({_digest(path)}, 1)
    # As another process would see it.
    assert _digests(path, tmp_path / "kept") == ({_digest(path)}, 0)


def test_a_digest_of_a_file_just_written_is_not_kept(path, tmp_path):
    assert _digests(path, tmp_path / "kept", 3) == ({_digest(path)}, 3)


@pytest.mark.parametrize(
    "change", (_written_in_place, _written_with_its_old_time, _replaced)
)
def test_a_file_that_changed_is_read_again(path, settled, tmp_path, change):
    before, _ = _digests(path, tmp_path / "kept")
    change(path)

    after, read = _digests(path, tmp_path / "kept")

    assert read == 1
    assert after == {_digest(path)} != before


@pytest.mark.parametrize("content", ("", "[]", '{"sha256": "short"}'))
def test_a_damaged_record_is_not_believed(path, settled, tmp_path, content):
    _digests(path, tmp_path / "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_text(content)

    assert _digests(path, tmp_path / "kept") == ({_digest(path)}, 1)


def test_without_a_place_a_digest_is_taken_every_time(path, settled):
    assert _digests(path, path / "no folder", 2) == ({_digest(path)}, 2)


def test_digests_of_two_kinds_do_not_meet(path, settled, tmp_path):
    def said(kind):
        return remembered.digest_once(tmp_path, [path], kind, lambda: kind * 64)

    assert said("a") == "a" * 64
    assert said("b") == "b" * 64
