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
