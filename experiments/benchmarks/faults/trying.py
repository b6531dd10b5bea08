"""What becomes of damaged inputs, one after the other in this process.

    python -m experiments.benchmarks.faults.trying READER SEED FIRST LAST

Prints `begun N`, then a line of JSON with the outcome, for each.
"""

import contextlib
import json
import os
import pathlib
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator

import numpy as np

from common.system import stopwatch
from experiments.benchmarks.faults import damage
from experiments.benchmarks.faults import targets

# How an input ends: read, refused in one sentence that names the file, with
# another exception, or read with other content than was written.
LOAD, SENTENCE, TRACEBACK, WRONG = "load", "sentence", "traceback", "wrong"
MEMORY = 2 << 30


class Trials:
    """Damaged inputs of one reader.

    Args:
        name: The reader's.
        folder: An empty folder.
        seed: With it, an input's number decides its damage.
    """

    def __init__(self, name: str, folder: pathlib.Path, seed: int):
        self._target = targets.named()[name]
        self._key = [seed, *name.encode()]
        self._folder = folder
        (folder / "whole").mkdir()
        self._whole = self._target.make(folder / "whole")
        self._expected = targets.summary(self._target.read(self._whole))

    def outcome(self, number: int) -> tuple[str, str]:
        """How an input ends, and what was said."""
        copy = self._folder / "whole_damaged"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self._folder / "whole", copy)
        path = copy / self._whole.relative_to(self._folder / "whole")
        damaged = self._damage(copy, number)
        try:
            found = targets.summary(self._target.read(path))
        except (ValueError, OSError) as error:
            said = str(error)
            named = str(path) in said or damaged.name in said
            if named and "\n" not in said.strip():
                return SENTENCE, said
            return TRACEBACK, f"{type(error).__name__}, unnamed: {said}"
        except Exception as error:
            return TRACEBACK, f"{type(error).__name__}: {error}"
        if self._target.checked and found != self._expected:
            return WRONG, damaged.name
        return LOAD, ""

    def _damage(self, folder, number) -> pathlib.Path:
        rng = np.random.default_rng([*self._key, number])
        paths = [p for p in sorted(folder.rglob("*")) if p.is_file()]
        paths = [p for p in paths if p.stat().st_size]
        path = paths[rng.integers(len(paths))]
        content = path.read_bytes()
        path.write_bytes(damage.damaged(content, path.name, rng))
        return path


@contextlib.contextmanager
def trials(name: str, seed: int) -> Iterator[Trials]:
    """Trials in a folder that goes."""
    with tempfile.TemporaryDirectory() as folder:
        yield Trials(name, pathlib.Path(folder), seed)


def _main(name: str, seed: str, first: str, last: str) -> None:
    if not targets.named()[name].tensorflow:
        # TensorFlow alone reserves more addresses.
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    # What readers print is no outcome.
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with trials(name, int(seed)) as trying:
        for number in range(int(first), int(last)):
            print("begun", number, file=output, flush=True)
            kind, said = trying.outcome(number)
            found = {
                "number": number,
                "kind": kind,
                "said": said[:400],
                "memory": stopwatch.peak_memory(),
            }
            print(json.dumps(found), file=output, flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
