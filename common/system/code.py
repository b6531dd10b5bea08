"""Which code is running: version, commit, and whether files differ from it.

A clone asks git. A wheel or sdist carries `commit.json`, which `setup.py`
writes while it builds one. The module stands alone, so that `setup.py` can run
it before anything is installed.
"""

import functools
import json
import os
import pathlib
import subprocess
from typing import Any

VERSION = "0.1.0"
COMMIT_FILE = "commit.json"

_ROOT = pathlib.Path(__file__).parents[2]
_HERE = os.path.join("common", "system", "code.py")
# Results and pages are made by the code; they are not the code.
_CODE = (
    *("common", "ugach", "uch", "ssah", "experiments", "setup.py"),
    *(":(exclude)experiments/results", ":(exclude)*.md"),
)
_SECONDS = 20


@functools.cache
def current() -> dict[str, Any]:
    """The code of this process, as it was when this was first asked.

    Returns:
        `version`; `commit`, 40 hexadecimal digits, None where nothing tells;
        and `dirty`, whether files of the code differ from that commit, None
        without one.
    """
    found = from_git(_ROOT) or _built_from(_ROOT) or {}
    return {
        "version": VERSION,
        "commit": found.get("commit"),
        "dirty": found.get("dirty"),
    }


def from_git(root: pathlib.Path) -> dict[str, Any] | None:
    """Commit and state of a clone; None where a folder is not one of ours.

    Args:
        root: The folder that holds `common`.
    """
    # An installed package may lie inside a clone of something else.
    if _git(root, "ls-files", "--error-unmatch", _HERE) is None:
        return None
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    changed = _git(
        root, "status", "--porcelain", "--untracked-files=all", "--", *_CODE
    )
    return {
        "commit": commit.strip(),
        "dirty": None if changed is None else bool(changed.strip()),
    }


def _built_from(root: pathlib.Path) -> dict[str, Any] | None:
    """What `setup.py` found when it built this package, if it found it."""
    path = root / "common" / "system" / COMMIT_FILE
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _git(root: pathlib.Path, *arguments: str) -> str | None:
    """What git answers; None where it is missing or refuses.

    Variables such as GIT_DIR, which hooks set, would name another clone.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false"]
    return answer([*command, "-C", os.fspath(root), *arguments], kept)


def answer(
    command: list[str], environment: dict[str, str] | None = None
) -> str | None:
    """What a command prints; None where it is missing or fails.

    Args:
        command: Its words.
        environment: Its variables; None leaves it ours.
    """
    try:
        finished = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return finished.stdout
