"""What a training takes: seconds and memory."""

import os
import re
import sys
import time

from common.system import files


class Stopwatch:
    """Counts from when it is made."""

    def __init__(self):
        self.start()

    def start(self) -> None:
        """Counts anew, from now."""
        self._wall = time.monotonic()
        self._processor = time.process_time()

    def costs(self) -> dict[str, float]:
        """What it took so far.

        Returns:
            `train_seconds` of wall time, `cpu_seconds` of all this process's
            threads, and `peak_memory_bytes`, the largest resident size of this
            process since it began.
        """
        return {
            "train_seconds": time.monotonic() - self._wall,
            "cpu_seconds": time.process_time() - self._processor,
            "peak_memory_bytes": peak_memory(),
        }

    def save(self, path: str | os.PathLike) -> None:
        """Writes the seconds so far as JSON, for a run that goes on later."""
        seconds = self.costs()
        # Another process has a memory of its own.
        del seconds["peak_memory_bytes"]
        files.write_json(path, seconds)

    def add(self, path: str | os.PathLike) -> None:
        """Counts the seconds that `save` wrote in, too.

        Raises:
            ValueError: The file holds no such seconds.
            OSError: The file cannot be opened.
        """
        seconds = files.read_json(path)
        try:
            self._wall -= seconds["train_seconds"]
            self._processor -= seconds["cpu_seconds"]
        except (TypeError, KeyError) as error:
            raise ValueError(
                f"{path} holds no `train_seconds` and `cpu_seconds`; remove it "
                "to count from now on."
            ) from error


def peak_memory() -> int:
    """Largest resident size of this process so far, in bytes.

    0 on Windows, where the standard library does not tell.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
        return int(found[1]) * 1024
    except (OSError, TypeError):
        # Where there is no /proc. On Linux this would count the parent's size
        # too, which a child has for a moment when it starts.
        try:
            import resource
        except ImportError:
            return 0
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return size if sys.platform == "darwin" else size * 1024
