"""SHA-256 of arrays, and the list of them that an archive keeps of itself."""

import hashlib
import logging
import os
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np

from common.system import disk

# Member of a `.npz` that lists the others with their digests.
MEMBER = "content_sha256"
# Comment of an archive with such a member, which damage may hide.
MARK = MEMBER.encode()
# Two bytes at the end of an archive without a comment.
_NO_COMMENT = bytes(2)


def mark(file: BinaryIO) -> None:
    """Says in an archive that was just written that it has such a member."""
    file.seek(-len(_NO_COMMENT), os.SEEK_END)
    file.write(len(MARK).to_bytes(2, "little") + MARK)


def array_digest(*arrays: np.ndarray) -> str:
    """SHA-256 over dtypes, shapes and contents, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        for block in disk.blocks(np.atleast_1d(array), 4096):
            digest.update(np.ascontiguousarray(block))
    return digest.hexdigest()


def listed(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """A line `digest name` for each array, by name."""
    return np.array(
        [
            f"{array_digest(np.asarray(arrays[name]))} {name}"
            for name in sorted(arrays)
        ],
        dtype=str,
    )


def check(
    path: str | os.PathLike,
    arrays: Mapping[str, np.ndarray],
    members: set[str],
    lines: np.ndarray | None,
    expected: bool,
    comment: bytes = b"",
) -> None:
    """Checks what was read of an archive.

    Args:
        path: The archive, for messages.
        arrays: What was read of it.
        members: Names of all that it holds.
        lines: What `listed` made when it was written; None if it has none.
        expected: Whether to say so where there are none, as in archives of
            earlier releases.
        comment: That of the archive.

    Raises:
        ValueError: An array, or the names, do not fit the list, or it is gone.
    """
    wrong = ValueError(
        f"{path} does not fit its own SHA-256; it was edited or damaged. "
        "Make it again."
    )
    if lines is None and comment == MARK:
        raise wrong
    if lines is None:
        if expected:
            logging.warning(
                "%s is of an earlier release and holds no SHA-256 of its "
                "content; it is read unchecked.",
                path,
            )
        return
    found = {str(line) for line in np.ravel(lines)}
    names = {line.partition(" ")[2] for line in found}
    if names != members or not found.issuperset(listed(arrays).tolist()):
        raise wrong
