"""Similarities and losses of CIRH.

Zhu, Wu, Li, Zhang, Guan, Shen: "Work Together: Correlation-Identity
Reconstruction Hashing for Unsupervised Cross-modal Retrieval", TKDE 35(9),
2023, in the form that the authors' program gives them.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from experiments.baselines.shallow import algebra
from experiments.baselines.towers import networks

# Of an item itself, its second and its third neighbour in the batch.
_OWN, _SECOND, _THIRD = 0.7, 0.2, 0.1
_BLOCK = 1024


def fused(image: tf.Tensor, text: tf.Tensor, image_share: float) -> tf.Tensor:
    """CIRH, fused similarity: a cos(x_i, x_j) + (1 - a) cos(y_i, y_j), [B, B].

    Args:
        image: x, [B, p].
        text: y, [B, q].
        image_share: a.
    """
    return image_share * networks.cosines(image, image) + (
        1 - image_share
    ) * networks.cosines(text, text)


def correlation(
    similar: tf.Tensor, floors: tf.Tensor, plain_share: float
) -> tf.Tensor:
    """CIRH, correlation matrix S of a batch, from fused similarities.

        S = b S' + (1 - b) (T + T') / 2,    T = 2 / (1 + e^-S') - 1 + I

    where S' is 0 for items that are far from another.

    Args:
        similar: Fused similarities, [B, B].
        floors: Of each item, below which another one is far, [B].
        plain_share: b.
    """
    kept = tf.where(similar < floors[:, None], 0.0, similar)
    scaled = tf.tanh(0.5 * kept) + tf.eye(tf.shape(kept)[0])
    scaled = 0.5 * (scaled + tf.transpose(scaled))
    return plain_share * kept + (1 - plain_share) * scaled


def far_floors(
    image: Callable[[slice], np.ndarray],
    text: Callable[[slice], np.ndarray],
    count: int,
    image_share: float,
    far_share: float,
) -> np.ndarray:
    """Similarity below which the others are far from each item, [n] float32.

    Args:
        image: Reads rows of image features.
        text: Reads rows of bags of words.
        count: n.
        image_share: Share of the images' cosine.
        far_share: Share of the items that are far.
    """
    whole = slice(0, count)
    parts = [
        (share, algebra.unit_rows(read(whole)).astype(np.float32))
        for share, read in ((image_share, image), (1 - image_share, text))
    ]
    far = min(int(far_share * count), count - 1)
    floors = np.empty(count, np.float32)
    for start in range(0, count, _BLOCK):
        rows = slice(start, start + _BLOCK)
        similar = sum(share * (unit[rows] @ unit.T) for share, unit in parts)
        floors[rows] = np.partition(similar, far, axis=1)[:, far]
    return floors


def smoothed(values: tf.Tensor, similar: tf.Tensor) -> tf.Tensor:
    """CIRH, features mixed with those of neighbours, [B, d].

    Of an item's neighbours in the batch the second and the third, as in the
    authors' program; in a smaller batch the last there is.

    Args:
        values: Features, [B, d].
        similar: S, [B, B].
    """
    count = tf.shape(similar)[0]
    # The first is the item itself.
    order = tf.math.top_k(similar, tf.minimum(4, count)).indices
    second, third = (
        tf.gather(values, order[:, tf.minimum(place, count - 1)])
        for place in (2, 3)
    )
    return _OWN * values + _SECOND * second + _THIRD * third


def correlation_loss(similar: tf.Tensor, *pairs: tuple) -> tf.Tensor:
    """CIRH, correlation reconstruction: sum over pairs of mean (S - cos)^2.

    Args:
        similar: S, [B, B].
        *pairs: Two matrices [B, K] each, whose cosines should be S.
    """
    return sum(
        tf.reduce_mean(tf.square(similar - networks.cosines(left, right)))
        for left, right in pairs
    )


def identity_loss(*pairs: tuple) -> tf.Tensor:
    """CIRH, identity reconstruction: sum over pairs of mean (x - x')^2.

    Args:
        *pairs: Features and what they were rebuilt as, [B, d] each.
    """
    return sum(
        tf.reduce_mean(tf.square(found - wanted)) for wanted, found in pairs
    )
