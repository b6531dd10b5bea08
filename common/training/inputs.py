"""What `fit`, `evaluate` and `predict` take, as rows of a data set."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from common.data import arrays
from common.data import subset

_BLOCK = 1024


def rows_of(x: Any) -> subset.Subset:
    """Items that are given in one of these ways.

    Args:
        x: A `CrossModalData`, rows of one, such as `data[split.train]`, or a
            dictionary of `image` [n, d_image] or [n, H, W, 3], `text`
            [n, d_text] and perhaps `labels` [n, c]. Or a finite
            `tf.data.Dataset` of such dictionaries, an item or a batch each;
            it is read into memory once, since the methods compare an item
            with all others.

    Raises:
        TypeError: It is something else.
        ValueError: The arrays do not fit together, or the data set is
            infinite or has other elements.
    """
    if isinstance(x, subset.Subset):
        return x
    if isinstance(x, tf.data.Dataset):
        x = read(x)
    if isinstance(x, Mapping):
        missing = {"image", "text"} - set(x)
        if missing:
            raise ValueError(
                "Items have `image` and `text`, and perhaps `labels`; "
                f"received {', '.join(x)}."
            )
        labels = x.get("labels")
        x = arrays.CrossModalData(
            np.asarray(x["image"]),
            np.asarray(x["text"]),
            None if labels is None else np.asarray(labels),
        )
    if not isinstance(x, arrays.CrossModalData):
        raise TypeError(
            "Items are a CrossModalData, rows of one such as "
            "data[split.train], a dictionary of arrays or a tf.data.Dataset; "
            f"received {type(x).__name__}."
        )
    return x[:]


def read(dataset: tf.data.Dataset) -> dict[str, np.ndarray]:
    """All elements of a finite data set of dictionaries, one below the other.

    Raises:
        ValueError: It is infinite, or its elements are no such dictionaries.
    """
    spec = dataset.element_spec
    if not isinstance(spec, Mapping) or not {"image", "text"} & set(spec):
        raise ValueError(
            "Elements are dictionaries of `image`, `text` and perhaps "
            f"`labels`; received {spec}."
        )
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "The data set is infinite, and has to be read once; leave "
            "`repeat()` out and pass `epochs` to `fit`."
        )
    some = next(name for name in ("text", "image") if name in spec)
    single = {"text": 1}.get(some, 1 if spec[some].shape.rank == 1 else 3)
    if spec[some].shape.rank == single:
        dataset = dataset.batch(_BLOCK)
    blocks = list(dataset.as_numpy_iterator())
    if not blocks:
        raise ValueError("The data set is empty.")
    return {
        name: np.concatenate([block[name] for block in blocks])
        for name in ("image", "text", "labels")
        if name in spec
    }
