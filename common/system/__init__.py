"""What every other room stands on: files, disk, extras, time and memory.

Files are written whole or not at all, and read without trusting them.
"""

from common.system.extras import NotInstalledError
from common.system.files import atomic_write
from common.system.files import read_json
from common.system.files import read_npz
from common.system.files import write_json
from common.system.files import write_npz
from common.system.stopwatch import Stopwatch
from common.system.stopwatch import peak_memory

__all__ = (
    "NotInstalledError",
    "Stopwatch",
    "atomic_write",
    "peak_memory",
    "read_json",
    "read_npz",
    "write_json",
    "write_npz",
)
