"""Tries damaged inputs in child processes, and counts what becomes of them."""

import collections
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

from experiments.benchmarks.faults import targets

_ROOT = pathlib.Path(__file__).parents[3]
_MODULE = "experiments.benchmarks.faults.trying"
# An input that takes longer is counted as a crash.
_SECONDS = 60
_AT_ONCE = {False: 250, True: 25}
_SHOWN = 5


class Count:
    """What became of one reader's inputs."""

    def __init__(self):
        self.kinds = collections.Counter()
        self.peak_memory = 0
        self.faults = []

    def add(self, number: int, kind: str, said: str = "") -> None:
        """Counts an input; keeps the first faults as they were told."""
        self.kinds[kind] += 1
        faulty = kind not in ("load", "sentence")
        if faulty and len(self.faults) < _SHOWN:
            self.faults.append({"number": number, "kind": kind, "said": said})

    def report(self) -> dict:
        """Numbers of each outcome, and the largest memory in bytes."""
        kinds = ("load", "sentence", "traceback", "crash", "wrong")
        return {
            **{kind: self.kinds[kind] for kind in kinds},
            "peak_memory_bytes": self.peak_memory,
            "faults": self.faults,
        }


def run(minutes: float, seed: int, names: list[str]) -> dict[str, dict]:
    """Tries the readers in turns for some time.

    Args:
        minutes: How long; every reader has at least one turn.
        seed: Decides the damage.
        names: The readers.

    Returns:
        `Count.report` of each reader, by its name.
    """
    counts = {name: Count() for name in names}
    first = dict.fromkeys(names, 0)
    end = time.monotonic() + 60 * minutes
    while True:
        for name in names:
            last = first[name] + _AT_ONCE[targets.named()[name].tensorflow]
            try_numbers(name, seed, first[name], last, counts[name])
            first[name] = last
            if time.monotonic() > end and all(first.values()):
                return {name: counts[name].report() for name in names}


def try_numbers(
    name: str, seed: int, first: int, last: int, count: Count
) -> None:
    """Tries the inputs `first` to `last - 1` of a reader.

    A child that dies or hangs has crashed at the input it had begun; another
    goes on after it.
    """
    while first < last:
        first = _in_a_child(name, seed, first, last, count)


def _in_a_child(name, seed, first, last, count) -> int:
    """The number to go on with."""
    command = [sys.executable, "-P", "-m", _MODULE]
    typed = map(str, (name, seed, first, last))
    path = os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [*command, *typed],
        env=os.environ | {"PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    lines = queue.Queue()
    threading.Thread(target=_forward, args=(process, lines)).start()
    begun = None
    try:
        while True:
            line = lines.get(timeout=_SECONDS)
            if not line:
                break
            if line.startswith("begun"):
                begun = int(line.split()[1])
                continue
            found = json.loads(line)
            memory = found.pop("memory")
            count.peak_memory = max(count.peak_memory, memory)
            count.add(**found)
    except queue.Empty:
        process.kill()
        return _crashed(name, begun, "it hangs", count)
    if process.wait():
        return _crashed(name, begun, f"status {process.returncode}", count)
    return last


def _forward(process, lines) -> None:
    with process.stdout:
        for line in process.stdout:
            lines.put(line)
    lines.put("")


def _crashed(name, begun, said, count) -> int:
    if begun is None:
        raise RuntimeError(f"The whole input of {name} cannot be read: {said}.")
    count.add(begun, "crash", said)
    return begun + 1
