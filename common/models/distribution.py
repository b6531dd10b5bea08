"""Several replicas that train one model on the same batches as one would.

A replica encodes its share of a batch's rows. What the networks make of them
is gathered, and every replica computes the losses of the whole batch, since
these compare its items with each other. A gradient is divided by the number of
replicas R: what a gathered tensor sends back is summed over the replicas, and
so are the weights' gradients, which leaves

    sum_r (1/R) dL/dw = dL/dw

for weights that every replica uses on all rows, and for encoders the sum of
their shares. Without a strategy nothing here does anything.
"""

import contextlib
import functools
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from common.models import cluster

_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    # A closed connection, where the other worker's machine is this one.
    tf.errors.InternalError,
)


@functools.cache
def create(name: str) -> tf.distribute.Strategy:
    """The strategy of this process, made once; before any other operation.

    Args:
        name: `mirrored` takes all GPUs of this machine, or its logical
            CPUs; `multi_worker` those of all workers of TF_CONFIG, and waits
            for these.

    Raises:
        ValueError: There is no such strategy.
    """
    if name == "multi_worker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU")
        devices = devices or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([one.name for one in devices])
    raise ValueError(
        f"--strategy is one of {', '.join(cluster.STRATEGIES)}; received "
        f"{name!r}."
    )


def scope(name: str) -> contextlib.AbstractContextManager:
    """Where a model of that strategy is built and trained."""
    if name == "none":
        return contextlib.nullcontext()
    return create(name).scope()


def replicas() -> int:
    """How many replicas share a batch."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def meet() -> None:
    """Waits until all workers have come here, who would miss one that ended.

    Raises:
        cluster.WorkerLostError: Another worker is gone.
    """
    strategy = tf.distribute.get_strategy()

    @tf.function
    def together():
        return strategy.run(
            lambda: tf.distribute.get_replica_context().all_reduce("SUM", 1.0)
        )

    if strategy.num_replicas_in_sync > 1:
        with workers_are_there():
            together()


@contextlib.contextmanager
def workers_are_there() -> Iterator[None]:
    """Turns what a step ends with when another worker is gone into one error.

    Raises:
        cluster.WorkerLostError: Another worker is gone.
    """
    try:
        yield
    except _LOST as error:
        reason = str(error.message).partition("\n")[0]
        raise cluster.WorkerLostError(
            "Another worker ended before the training did; start all workers "
            f"again with --resume. TensorFlow says: {reason}"
        ) from error


def share_size(rows: int, count: int | None = None) -> int:
    """Rows that each replica encodes of a number of them; the last repeats.

    Args:
        rows: How many there are.
        count: Number of replicas; those of the strategy by default.
    """
    return -(-rows // (count or replicas()))


def share(rows: np.ndarray, replica: int, count: int) -> np.ndarray:
    """The rows of one of `count` replicas, as many as each other one has."""
    size = share_size(len(rows), count)
    own = np.arange(replica * size, (replica + 1) * size)
    return rows[np.minimum(own, len(rows) - 1)]


def gathered(values: tf.Tensor, rows: int) -> tf.Tensor:
    """What all replicas made of a batch's rows.

    Args:
        values: Of this replica's share, [share_size(rows), ...].
        rows: Rows of the whole batch.

    Returns:
        [rows, ...], in the batch's order.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    whole = context.all_gather(values, axis=0)[:rows]
    return tf.ensure_shape(whole, [rows, *values.shape[1:]])


def gradient(
    tape: tf.GradientTape,
    loss: tf.Tensor,
    variables: list[keras.Variable],
    scale: tf.Tensor | None = None,
) -> list:
    """This replica's part of a gradient; optimizers sum the parts.

    Args:
        tape: What recorded the loss, a scalar of the whole batch.
        loss: The loss.
        variables: Weights, or lists of them.
        scale: What gradients are multiplied by, where optimizers divide.
    """
    count = replicas()
    part = None if count == 1 else tf.constant(1 / count)
    if scale is not None:
        part = scale if part is None else scale * part
    return tape.gradient(loss, variables, output_gradients=part)
