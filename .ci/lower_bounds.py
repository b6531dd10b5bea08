"""Prints the lowest versions that setup.py allows, as pip's constraints.

python .ci/lower_bounds.py [EXTRA ...]
"""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]


def bounds(extras: list[str]) -> dict[str, str]:
    """Lower bounds by package: of the core, and of some extras."""
    found, wanted = {}, True
    for line in _requirements().splitlines():
        if line.startswith("["):
            wanted = line[1:].partition("]")[0].partition(":")[0] in extras
        elif wanted and (match := re.match(r"([\w-]+)\S*?>=([\w.]+)", line)):
            found[match[1]] = match[2]
    return found


def _requirements() -> str:
    """`requires.txt` as setuptools makes it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["setup.py", "--quiet", "egg_info", f"--egg-base={folder}"]
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)
        (path,) = pathlib.Path(folder).glob("*/requires.txt")
        return path.read_text("utf-8")


if __name__ == "__main__":
    for name, version in bounds(sys.argv[1:]).items():
        print(f"{name}=={version}")
