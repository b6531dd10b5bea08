"""What a training takes."""

import time

from common import peak_memory


class Stopwatch:
    """Counts from when it is made."""

    def __init__(self):
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
            "peak_memory_bytes": peak_memory.so_far(),
        }
