"""How much memory a process has taken."""

import re
import resource
import sys


def so_far() -> int:
    """Largest resident size of this process so far, in bytes."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
        return int(found[1]) * 1024
    except (OSError, TypeError):
        # Where there is no /proc. On Linux this would count the parent's size
        # too, which a child has for a moment when it starts.
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return size if sys.platform == "darwin" else size * 1024
