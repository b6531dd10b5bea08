"""Mechanisms shared by the methods; knows no method."""

from importlib import metadata


def _version() -> str:
    try:
        return metadata.version("cross-modal-hashing")
    except metadata.PackageNotFoundError:
        # A clone that is on the path without being installed.
        return "0+unknown"


__all__ = ("__version__",)
__version__ = _version()
