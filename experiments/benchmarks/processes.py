"""Measures in processes of their own, whose memory and threads are theirs."""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

_ROOT = pathlib.Path(__file__).parents[2]


def measured(module: str, *arguments: str, **environment: str) -> Any:
    """Runs a module whose last line says in JSON what it measured.

    Args:
        module: Its dotted name.
        *arguments: Its command line.
        **environment: Variables that differ from this process's.

    Returns:
        What the line holds.

    Raises:
        SystemExit: The module failed, and has said why.
    """
    # Ours, whatever the working directory holds under the same names.
    places = [os.fspath(_ROOT), os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(filter(None, places))
    process = subprocess.run(
        [sys.executable, "-P", "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": path, **environment},
        stdout=subprocess.PIPE,
        check=False,
    )
    if process.returncode:
        sys.exit(process.returncode)
    return json.loads(process.stdout.splitlines()[-1])
