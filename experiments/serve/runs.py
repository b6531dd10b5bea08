"""Which run is served, and what tells it from others."""

import hashlib
import pathlib
import subprocess
import sys

from common.runs import finished as finished_runs
from common.runs import records


def newest_of_drawings(root: pathlib.Path) -> pathlib.Path | None:
    """The newest finished run on the embedded drawings, or None.

    Args:
        root: Folder to look in, and below.
    """
    from common.data import readers

    found = sorted(
        root.glob("**/metrics.json"), key=lambda file: file.stat().st_mtime
    )
    for metrics in reversed(found):
        try:
            record = records.load(metrics.parent)
        except ValueError:
            # Another version's.
            continue
        if record["run"]["dataset"] == readers.OPENCLIPART:
            return metrics.parent
    return None


def train_on_drawings(directory: pathlib.Path) -> None:
    """Trains UGACH on the embedded drawings, in a process of its own.

    Args:
        directory: Folder of the run.

    Raises:
        ValueError: The training failed.
    """
    command = [
        sys.executable,
        "-m",
        "experiments.train_ugach",
        f"--output_dir={directory}",
    ]
    if subprocess.run(command, check=False).returncode:
        raise ValueError(
            "The training failed; see above, or name a finished run with --run."
        )


def owner(finished: finished_runs.FinishedRun) -> str:
    """What tells a run's store from those of others: its codes' SHA-256."""
    with open(finished.directory / "codes.npz", "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
