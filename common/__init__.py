"""Mechanisms shared by the methods; knows no method."""

from common.system.code import VERSION as __version__

__all__ = ("__version__",)
