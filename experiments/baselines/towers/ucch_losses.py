"""The equations of UCCH.

Hu, Zhu, Lin, Peng, Zhao, Peng: "Unsupervised Contrastive Cross-modal Hashing",
TPAMI 45(3), 2023. h are outputs of length 1, k are codes of length 1.
"""

import tensorflow as tf

from experiments.baselines.towers import networks


def keys(values: tf.Tensor) -> tf.Tensor:
    """UCCH Eq. (1): k = sgn(v), 1 for 0, of length 1.

    Args:
        values: v, [n, K].
    """
    return networks.unit_rows(tf.where(values >= 0, 1.0, -1.0))


def contrast(
    outputs: tf.Tensor,
    own: tf.Tensor,
    others: tf.Tensor,
    known: tf.Tensor,
    temperature: float,
) -> tf.Tensor:
    """UCCH Eqs. (3)-(4): how badly outputs find their own key.

        -log( e_ii / (e_ii + sum_j e_ij) ),    e_ij = exp(h_i k_j / tau)

    Deviation: the mean over a batch in place of the sum.

    Args:
        outputs: h, [B, K].
        own: Keys of the same items, [B, K].
        others: Keys of other items, [N, K].
        known: Whether a key is an item's own, which then is no stranger,
            [B, N] bool.
        temperature: tau.
    """
    found = tf.reduce_sum(outputs * own, axis=1, keepdims=True) / temperature
    strangers = outputs @ tf.transpose(others) / temperature
    strangers = tf.where(known, strangers.dtype.min, strangers)
    logits = tf.concat([found, strangers], axis=1)
    return tf.reduce_mean(tf.reduce_logsumexp(logits, axis=1) - found[:, 0])


def updated(
    values: tf.Tensor, image: tf.Tensor, text: tf.Tensor, momentum: float
) -> tf.Tensor:
    """UCCH Eq. (5): v = delta v + (1 - delta) (h_x + h_y) / 2.

    As in the authors' program the mean of both outputs and the sum have
    length 1.

    Args:
        values: v, the bank's rows of these items, [B, K].
        image: h_x, [B, K].
        text: h_y, [B, K].
        momentum: delta.
    """
    both = networks.unit_rows(image + text)
    return networks.unit_rows(momentum * values + (1 - momentum) * both)


def shifted(products: tf.Tensor, margin: float, shift: float) -> tf.Tensor:
    """UCCH Eq. (8): S, products M of which easy ones are lower by zeta.

        S_ij = M_ij where M_ii - M_ij <= m, else M_ij - zeta

    Args:
        products: M of each query with each item, [B, B]; its own on the
            diagonal.
        margin: m.
        shift: zeta.
    """
    own = tf.linalg.diag_part(products)[:, None]
    return tf.where(own - products <= margin, products, products - shift)


def ranking(
    image: tf.Tensor, text: tf.Tensor, margin: float, shift: float
) -> tf.Tensor:
    """UCCH Eq. (14): how far pairs are from the top, both ways; kappa is 1.

        mean_i( m + log sum_j e^S_ij - S_ii )

    Args:
        image: h_x, [B, K].
        text: h_y, [B, K].
        margin: m.
        shift: zeta.
    """
    products = image @ tf.transpose(text)
    total = 0.0
    for one in (products, tf.transpose(products)):
        scores = shifted(one, margin, shift)
        total += tf.reduce_mean(
            margin
            + tf.reduce_logsumexp(scores, axis=1)
            - tf.linalg.diag_part(scores)
        )
    return total
