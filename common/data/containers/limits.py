"""How large a declared array may be, given its file and this machine."""

import math
import os
from collections.abc import Sequence

# No deflated byte stands for more than 1,032.
MOST_EXPANSION = 1100
# What a file may declare whatever it stores.
_ALWAYS = 1 << 20
_CONTROL_GROUP = "/sys/fs/cgroup/memory"


def size(shape: Sequence[int], itemsize: int) -> int:
    """Bytes of an array.

    Raises:
        ValueError: A length is negative or no whole number.
    """
    if not all(isinstance(length, int) and length >= 0 for length in shape):
        raise ValueError(f"its shape {tuple(shape)} is none")
    return math.prod(shape) * itemsize


def check(declared: int, stored: int | None = None) -> None:
    """Refuses what cannot be, before memory is taken for it.

    Args:
        declared: Bytes that a file says an array has.
        stored: Bytes that the file holds of it, perhaps compressed; None where
            it is not known.

    Raises:
        ValueError: The file holds far too little for it, or it does not fit
            into the memory that is free.
    """
    if stored is not None and declared > _ALWAYS + MOST_EXPANSION * stored:
        raise ValueError(
            f"it declares {declared} bytes and stores {stored}, more than "
            f"{MOST_EXPANSION} times as many"
        )
    free = available()
    if declared > free:
        raise ValueError(
            f"it declares {declared / 1e9:.1f} GB and {free / 1e9:.1f} GB of "
            "memory are free; store it as a folder of .npy files, which are "
            "read row by row"
        )


def available() -> int:
    """Bytes of memory that may still be taken."""
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    free = int(line.split()[1]) * 1024
    except OSError:
        pass
    return min(free, _of_control_group(free))


def _of_control_group(free: int) -> int:
    try:
        with open(f"{_CONTROL_GROUP}.max", encoding="ascii") as file:
            most = int(file.read())
        with open(f"{_CONTROL_GROUP}.current", encoding="ascii") as file:
            return most - int(file.read())
    # There is none, or it has no limit ("max").
    except (OSError, ValueError):
        return free
