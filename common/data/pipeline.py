"""tf.data pipelines from arrays on disk or in memory to float batches."""

import weakref
from collections.abc import Callable
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import tensorflow as tf

from common.data import arrays
from common.models import distribution
from common.system import disk

# Rows encoded at once. The first layers of an image network hold some
# hundred times what a picture does.
_FEATURE_BLOCK = 1024
_PICTURE_BLOCK = 64


class Draws(Protocol):
    """What a pipeline needs to know of `common.data.draws`."""

    gathered: tuple[str, ...]
    batch_size: int
    steps_per_epoch: int

    def __call__(self, step: int) -> dict[str, np.ndarray]:
        """Draws the row numbers of a batch."""


def batches(
    data: arrays.CrossModalData,
    rows: np.ndarray,
    draws: Draws,
    first_step: int,
    last_step: int,
    with_labels: bool = False,
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
    """Batches number `first_step` to `last_step - 1` of a training run.

    Rows are gathered in their stored type (integer bags of words, quantised
    images and pixels stay small) and become float32 inside the pipeline. A
    replica of a strategy in scope reads images and texts of its own share of
    the rows, see `common.models.distribution`, and all the rest.

    Args:
        data: The data set; its arrays may be memory-mapped.
        rows: Training rows of `data`, [n] int64; draws number them 0..n-1.
        draws: Which training rows form a batch.
        first_step: Number of the first batch; not 0 when a run resumes.
        last_step: Number of the batch after the last.
        with_labels: Whether batches also hold `labels`; an unsupervised
            method never sees them.

    Returns:
        Dictionaries of everything drawn, and of `image` [r, d_image] or
        [r, height, width, 3], `text` [r, d_text] and where asked for
        `labels` [r, c], all float32, with the rows of the draws named in
        `draws.gathered`, one after the other.

    Raises:
        ValueError: Labels are asked for and the data set has none.
    """
    if with_labels and data.labels is None:
        raise ValueError(
            "A supervised method needs `labels` [n, c] of 0 and 1; the data "
            "set has none."
        )
    read = ("image", "text", "labels") if with_labels else ("image", "text")
    count = distribution.replicas()
    steps = first_step, last_step
    if count == 1:
        return _shares(data, rows, draws, steps, read, range(1), 1)

    def of_worker(context):
        own = count // context.num_input_pipelines
        first = context.input_pipeline_id * own
        replicas = range(first, first + own)
        return _shares(data, rows, draws, steps, read, replicas, count)

    strategy = tf.distribute.get_strategy()
    distributed = strategy.distribute_datasets_from_function(of_worker)
    distributed.data = data
    return distributed


def _shares(data, rows, draws, steps, read, replicas, count) -> tf.data.Dataset:
    """Batch after batch, the share of each of a worker's replicas in turn."""
    own = len(replicas)
    first_step, last_step = steps
    example = _gather(data, rows, draws, first_step, read, (0, count))
    signature = {
        name: tf.TensorSpec(value.shape, value.dtype)
        for name, value in example.items()
    }

    image_scale = data.image_scale
    # TensorFlow never forgets a Python function, which must not keep the data.
    held = weakref.ref(data)

    def gather(number):
        step, place = divmod(int(number), own)
        share = replicas[place], count
        return list(_gather(held(), rows, draws, step, read, share).values())

    def load(number):
        values = tf.numpy_function(
            gather,
            [number],
            [spec.dtype for spec in signature.values()],
        )
        batch = dict(zip(signature, values, strict=True))
        for name, spec in signature.items():
            batch[name].set_shape(spec.shape)
        return _decode(batch, image_scale, read) | _numbers(batch, count)

    numbers = tf.data.Dataset.range(own * first_step, own * last_step)
    # In order, whichever is read first.
    loaded = numbers.map(load, num_parallel_calls=2, deterministic=True)
    batches_ahead = loaded.prefetch(2)
    batches_ahead.data = data
    return batches_ahead


def encode(
    encoder: Callable[[tf.Tensor], tf.Tensor],
    features: Callable[[slice], np.ndarray],
    count: int,
    batch_size: int | None = None,
) -> np.ndarray:
    """Applies an encoder to features block by block, in order.

    Args:
        encoder: Maps [b, ...] float32 to a tensor with b rows.
        features: Returns the float32 features or pixels of a slice of
            0..count-1.
        count: Number of rows.
        batch_size: Rows in a block; 1024 of features, 64 of pixels without.

    Returns:
        The encoder's outputs, [count, ...].
    """
    if batch_size is None:
        is_matrix = features(slice(0, 1)).ndim == 2
        batch_size = _FEATURE_BLOCK if is_matrix else _PICTURE_BLOCK
    blocks = [
        np.asarray(encoder(tf.constant(features(block))))
        for block in _slices(count, batch_size)
    ]
    return np.concatenate(blocks)


def _slices(count: int, size: int) -> Iterator[slice]:
    return (slice(s, min(s + size, count)) for s in range(0, count, size))


def _gather(data, rows, draws, step, read, share) -> dict[str, np.ndarray]:
    drawn = draws(step)
    parts = [drawn[name] for name in draws.gathered]
    own = [distribution.share(part, *share) for part in parts]
    # A row's labels are read by all, who compare it with their own rows.
    chosen = {name: own for name in read} | {"labels": parts}
    return drawn | {
        name: disk.take(getattr(data, name), rows[np.concatenate(chosen[name])])
        for name in read
    }


def _decode(batch, image_scale, read) -> dict[str, tf.Tensor]:
    decoded = {name: tf.cast(batch[name], tf.float32) for name in read}
    if image_scale is not None:
        decoded["image"] *= tf.constant(image_scale, tf.float32)
    return batch | decoded


def _numbers(batch, replicas) -> dict[str, tf.Tensor]:
    """Truth values as numbers, where Keras averages replicas' batches.

    It does so before `fit`, to learn their shapes.
    """
    return {
        name: tf.cast(value, tf.uint8)
        for name, value in batch.items()
        if replicas > 1 and value.dtype == tf.bool
    }
