import fcntl
import os
import pathlib
import signal
import subprocess
import sys
import threading

import pytest

from common.system import locks

HOLDER = """
import sys, time
from common.system import locks
with locks.held(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


def _start(path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    return process


def test_one_process_holds_a_file_at_a_time(tmp_path):
    path = tmp_path / "run.lock"
    process = _start(path)
    try:
        with pytest.raises(locks.HeldError) as error, locks.held(path):
            pass
    finally:
        process.kill()
        process.communicate()

    assert str(error.value) == f"{path} is held by process {process.pid}"


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path):
    path = tmp_path / "run.lock"
    process = _start(path)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    # The file is still there, with the number of a process that is not.
    assert path.read_text() == f"{process.pid}\n"
    with locks.held(path):
        assert path.read_text() == f"{os.getpid()}\n"
    assert os.listdir(tmp_path) == []


def test_a_process_does_not_hold_a_file_twice(tmp_path):
    with locks.held(tmp_path / "lock"):
        with pytest.raises(locks.HeldError, match=f"process {os.getpid()}$"):
            with locks.held(tmp_path / "lock"):
                pass
        assert (tmp_path / "lock").exists()


def test_many_threads_are_let_in_one_by_one(tmp_path):
    path, inside, most, refused = tmp_path / "lock", [], [], []

    def work():
        for _ in range(200):
            try:
                with locks.held(path):
                    inside.append(1)
                    most.append(len(inside))
                    inside.pop()
            except locks.HeldError:
                refused.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert max(most) == 1
    assert len(most) + len(refused) == 800
    assert not path.exists()


def test_an_error_inside_lets_go(tmp_path):
    with pytest.raises(ZeroDivisionError), locks.held(tmp_path / "lock"):
        raise ZeroDivisionError

    assert os.listdir(tmp_path) == []


def test_a_file_that_cannot_be_removed_is_let_go_all_the_same(
    tmp_path, monkeypatch
):
    def read_only(path):
        raise PermissionError(13, "Permission denied", path)

    with pytest.raises(ZeroDivisionError), monkeypatch.context() as patch:
        with locks.held(tmp_path / "lock"):
            patch.setattr(pathlib.Path, "unlink", read_only)
            raise ZeroDivisionError

    assert (tmp_path / "lock").exists()
    with locks.held(tmp_path / "lock"):
        pass


def test_where_there_are_no_locks_a_warning_says_so(
    tmp_path, monkeypatch, caplog
):
    def unsupported(descriptor, how):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    (tmp_path / "file").touch()

    with locks.held(tmp_path / "lock"):
        pass
    with locks.is_abandoned(tmp_path / "file") as abandoned:
        assert not abandoned

    assert "knows no locks (No locks available)" in caplog.text


def test_what_is_made_is_not_abandoned_until_it_is_closed(tmp_path):
    descriptor, path = locks.making(
        lambda: (
            os.open(tmp_path / "made", os.O_CREAT | os.O_RDWR),
            tmp_path / "made",
        )
    )
    with locks.is_abandoned(path) as abandoned:
        assert not abandoned
    os.close(descriptor)

    with locks.is_abandoned(path) as abandoned:
        assert abandoned


def test_what_was_taken_away_while_it_was_made_is_made_again(tmp_path):
    made = []

    def make():
        path = tmp_path / str(len(made))
        made.append(path)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR)
        if len(made) < 3:
            path.unlink()
        return descriptor, path

    descriptor, path = locks.making(make)
    os.close(descriptor)

    assert (path, path.exists()) == (tmp_path / "2", True)


def test_links_are_never_abandoned(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")

    with locks.is_abandoned(tmp_path / "link") as abandoned:
        assert not abandoned
