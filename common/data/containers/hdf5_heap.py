"""Strings and cells of HDF5, which lie in heaps, read by a child process.

The HDF5 library follows a damaged heap for ever. A child with bounded time and
memory reads what lies there, and only that.

    python -m common.data.containers.hdf5_heap FILE PLACE ATTRIBUTE SECONDS
"""

import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np

from common.data.containers.variable import as_lists

_SECONDS = 20
_BYTES = 4 << 30
_TOO_LONG = "it takes too long to read"


def read(path: pathlib.Path, place: str, attribute: str = "") -> np.ndarray:
    """Strings or lists of a data set, [n] strings or objects.

    Args:
        path: The file.
        place: Path of the data set within it.
        attribute: Name of an attribute of it that is read instead.

    Raises:
        ValueError: They are damaged, or take too long.
    """
    # Not from the working directory, where another `common` may lie.
    command = [sys.executable, "-P", "-m", __name__]
    command += [str(path), place, attribute, str(_SECONDS)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        finished = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            timeout=2 * _SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(_TOO_LONG) from error
    if finished.returncode == -signal.SIGXCPU:
        raise ValueError(_TOO_LONG)
    if finished.returncode < 0:
        # What it said before is of no use.
        raise ValueError("its strings are damaged")
    if finished.returncode:
        said = finished.stderr.decode(errors="replace").strip().splitlines()
        raise ValueError(said[-1] if said else "its strings are damaged")
    values = json.loads(finished.stdout)
    if all(isinstance(value, str) for value in values):
        return np.array(values, str)
    return as_lists(values)


def _main(path: str, place: str, attribute: str, seconds: str) -> None:
    import resource

    import h5py

    from common.data.containers import hdf5

    # At the softer limit SIGXCPU ends it, which tells why.
    limits = int(seconds), int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, limits)
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    try:
        with h5py.File(path, "r") as file:
            found = json.dumps(hdf5.heap_values(file, place, attribute))
    # h5py reports damage in many ways.
    except Exception as error:
        sys.exit(" ".join(str(error).split()))
    print(found)


if __name__ == "__main__":
    _main(*sys.argv[1:])
