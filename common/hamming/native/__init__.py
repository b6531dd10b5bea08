"""The compiled scans: their C, how they are found, and what they may be given.

`common.hamming.kernel` calls them. One of several code paths runs, the fastest
that the processor has; the environment variable `CMH_SCAN_PATH` forces another.
"""

from common.hamming.native.library import Library
from common.hamming.native.library import find
from common.hamming.native.signatures import checked

__all__ = ("Library", "checked", "find")
