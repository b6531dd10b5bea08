"""Files that one process holds at a time, until it lets go or ends.

The system gives up a lock whose process is gone, so none is ever stale.
"""

import contextlib
import errno
import logging
import os
import pathlib
from collections.abc import Callable
from collections.abc import Iterator


class HeldError(ValueError):
    """Another process holds the file; the message says which."""


@contextlib.contextmanager
def held(path: str | os.PathLike) -> Iterator[None]:
    """Holds a file, which exists meanwhile and tells this process's number.

    Where the file system knows no locks, a warning says so.

    Args:
        path: The file, in a folder that is there.

    Raises:
        HeldError: Another process holds it, or this one already does.
        OSError: It cannot be written.
    """
    path = pathlib.Path(path)
    try:
        descriptor = _locked(lambda: (_opened(path), path), wait=False)
    except BlockingIOError as error:
        raise HeldError(f"{path} is held by process {_holder(path)}") from error
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        yield
    finally:
        # Whoever opened it meanwhile sees that it is gone, and makes another.
        # In a folder that cannot be written it stays, and is held by nobody.
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)


def making(
    make: Callable[[], tuple[int, str | os.PathLike]],
) -> tuple[int, pathlib.Path]:
    """Makes a temporary file or folder that `is_abandoned` leaves alone.

    Args:
        make: Makes one, and returns an open descriptor and its path.

    Returns:
        The same of the one that is locked until the descriptor is closed.
    """
    made = []

    def again():
        made[:] = make()
        return made

    descriptor = _locked(again, wait=True)
    return descriptor, pathlib.Path(made[1])


@contextlib.contextmanager
def is_abandoned(path: str | os.PathLike) -> Iterator[bool]:
    """Whether no process is making a file or folder; it stays so inside.

    False where that cannot be told.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        try:
            _flock(descriptor, wait=False)
            abandoned = True
        except OSError:
            abandoned = False
        yield abandoned
    finally:
        os.close(descriptor)


def _opened(path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)


def _locked(make, wait: bool) -> int:
    """Descriptor of a locked file that still has its name."""
    while True:
        descriptor, path = make()
        try:
            _lock(descriptor, wait)
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            # Taken away between its making and its locking.
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _flock(descriptor, wait: bool) -> None:
    try:
        import fcntl
    except ImportError as error:
        raise OSError(errno.ENOSYS, "this system has none") from error
    fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def _lock(descriptor, wait) -> None:
    try:
        _flock(descriptor, wait)
    except BlockingIOError:
        raise
    except OSError as error:
        if not wait:
            logging.warning(
                "This file system knows no locks (%s); see that no other "
                "process writes to the same folder.",
                error.strerror,
            )


def _holder(path) -> str:
    try:
        return path.read_text("ascii").strip() or "unknown"
    except (OSError, ValueError):
        return "unknown"
