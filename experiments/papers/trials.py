"""A table's trainings for TensorBoard's HParams page."""

import os
import pathlib

import tensorflow as tf

from common.reports import summaries
from experiments.papers import cells


def write(
    directory: str | os.PathLike, outcomes: list[tuple[cells.Cell, dict]]
) -> None:
    """Writes settings and MAP of each training that has one.

    Args:
        directory: Folder of the events, one folder below it per training.
        outcomes: Cells and what `cells.train_all` gave for them.
    """
    for cell, outcome in outcomes:
        if "failure" in outcome:
            continue
        folder = pathlib.Path(directory) / cell.folder
        writer = tf.summary.create_file_writer(str(folder))
        with writer.as_default():
            summaries.write_trial(
                {
                    "method": cell.row.method,
                    "bits": cell.bits,
                    "seed": cell.seed,
                    **dict(cell.row.changes),
                },
                cell.folder,
                outcome,
            )
        writer.close()
