"""Reads the files of a Debian package without unpacking it to disk."""

import io
import os
import posixpath
import tarfile

_AR_MAGIC = b"!<arch>\n"
_AR_HEADER_BYTES = 60


def read_package(path: str, root: str, suffix: str) -> dict[str, bytes]:
    """Reads the files below one folder of a `.deb`, links followed.

    Args:
        path: The package file.
        root: Folder inside the package, without leading or trailing slash.
        suffix: Only names that end like this are read, e.g. ".svg".

    Returns:
        Path below `root` -> contents. Links that lead to no file of that kind
        are left out.

    Raises:
        OSError: The file is no Debian package, or holds nothing below `root`.
    """
    files: dict[str, bytes] = {}
    links: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(_data_member(path))) as tar:
        for member in tar:
            name = posixpath.normpath(member.name)
            if not name.startswith(root + "/") or not name.endswith(suffix):
                continue
            if member.isfile():
                files[name] = tar.extractfile(member).read()
            elif member.issym():
                folder = posixpath.dirname(name)
                target = posixpath.join(folder, member.linkname)
                links[name] = posixpath.normpath(target)
            elif member.islnk():
                links[name] = posixpath.normpath(member.linkname)
    _follow(links, files)
    if not files:
        raise OSError(
            f"{path} holds no {suffix} file in {root}: pass the Debian package"
            " named in the README."
        )
    return {name[len(root) + 1 :]: data for name, data in files.items()}


def _follow(links: dict[str, str], files: dict[str, bytes]) -> None:
    """Adds to `files` every link that ends at one of them."""
    for name, target in links.items():
        for _ in range(len(links)):
            if target not in links:
                break
            target = links[target]
        if target in files:
            files[name] = files[target]


def _data_member(path: str) -> bytes:
    """Returns the tar file with the package's files; a `.deb` is an `ar`."""
    with open(path, "rb") as package:
        if package.read(len(_AR_MAGIC)) != _AR_MAGIC:
            raise OSError(f"{path} is no Debian package: it is no ar archive.")
        while header := package.read(_AR_HEADER_BYTES):
            name = header[:16].decode("ascii", "replace").strip(" /")
            size = int(header[48:58])
            if name.startswith("data.tar"):
                return package.read(size)
            # Members start at even offsets.
            package.seek(size + size % 2, os.SEEK_CUR)
    raise OSError(f"{path} is no Debian package: it has no data.tar member.")
