"""Checkpoints at the end of every epoch, from which a run continues exactly.

On disk, in the checkpoint folder: `checkpoint` (which one is the newest),
`epoch-N.index` and `epoch-N.data-*`, N counting finished epochs. The two
newest are kept, so that a kill while one is written leaves the other. A run
that is timed leaves `seconds.json`, what it took up to the newest, and once it
has ended what it took in all.
"""

import os
import pathlib

import keras
import tensorflow as tf

from common.system import stopwatch


class Checkpoints:
    """Saves and restores a compiled model with its optimizers.

    Args:
        model: A compiled model whose optimizers are built.
        directory: Folder of the checkpoints.
        watch: What the run takes; goes on with the seconds of the sessions
            before.
    """

    def __init__(
        self,
        model: keras.Model,
        directory: str | os.PathLike,
        watch: stopwatch.Stopwatch | None = None,
    ):
        self._watch = watch
        self._epochs = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._checkpoint = tf.train.Checkpoint(model=model, epochs=self._epochs)
        self._manager = tf.train.CheckpointManager(
            self._checkpoint,
            os.fspath(directory),
            max_to_keep=2,
            checkpoint_name="epoch",
        )

    def save(self, epochs: int) -> None:
        """Saves the state after `epochs` finished epochs."""
        self._epochs.assign(epochs)
        self._manager.save(checkpoint_number=epochs)
        if self._watch:
            self._watch.save(seconds_path(self._manager.directory))

    def restore(self, directory: str | os.PathLike | None = None) -> int:
        """Restores the newest checkpoint; returns its finished epochs.

        Returns 0 and changes nothing where there is none.

        Args:
            directory: Folder of other checkpoints, to begin with theirs.

        Raises:
            ValueError: The checkpoint does not fit the model or is damaged.
        """
        directory = os.fspath(directory or self._manager.directory)
        newest = tf.train.latest_checkpoint(directory)
        if newest is None:
            return 0
        try:
            status = self._checkpoint.restore(newest)
            # Without it TensorFlow logs at exit what is asserted here.
            status.expect_partial()
            status.assert_existing_objects_matched()
            status.assert_consumed()
        # TensorFlow reports another shape as a ValueError.
        except (AssertionError, ValueError) as error:
            raise ValueError(
                f"The checkpoint {newest} does not fit this model; it was made "
                "with other settings."
            ) from error
        # Which of the two depends on the file that is damaged.
        except (tf.errors.OpError, IndexError) as error:
            raise ValueError(
                f"The checkpoint {newest} cannot be read, it is damaged; train "
                "again with another --output_dir."
            ) from error
        # Runs of earlier versions have none.
        if self._watch and seconds_path(directory).exists():
            self._watch.add(seconds_path(directory))
        return int(self._epochs.numpy())


def seconds_path(directory: str | os.PathLike) -> pathlib.Path:
    """File of what a run took, in its folder of checkpoints."""
    return pathlib.Path(directory) / "seconds.json"


class SaveEpochs(keras.callbacks.Callback):
    """Saves a checkpoint at the end of every epoch."""

    def __init__(self, checkpoints: Checkpoints):
        super().__init__()
        self._checkpoints = checkpoints

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Saves after the epoch, counted from 0."""
        self._checkpoints.save(epoch + 1)
