"""A table's trainings for TensorBoard's HParams page."""

import os
import pathlib

import tensorflow as tf
from tensorboard.plugins.hparams import api

from experiments import spreads
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
            api.hparams(
                {
                    "method": cell.row.method,
                    "bits": cell.bits,
                    "seed": cell.seed,
                    **dict(cell.row.changes),
                },
                trial_id=cell.folder,
            )
            for direction in spreads.DIRECTIONS:
                tf.summary.scalar(
                    f"map_all_{direction}",
                    outcome[direction]["map_all"],
                    step=0,
                )
        writer.close()
