"""The objectives of SSAH as functions of features, codes and labels.

Equation numbers are those of Li, Deng, Li, Liu, Gao, Tao: "Self-Supervised
Adversarial Hashing Networks for Cross-Modal Retrieval", CVPR 2018. Axes: B
items of a batch, n items of a bank, s semantic features, K bits, c labels.
Sums over bank, bits and labels are the paper's; the batch is not reduced.
"""

import tensorflow as tf


def similarity(
    labels: tf.Tensor, bank_labels: tf.Tensor, smoothing: float = 1.0
) -> tf.Tensor:
    """S of Section 3.1: whether two items share a label.

    Deviation: S = 1 becomes `smoothing`, as in the release. Below 1 it gives
    similar pairs a finite optimum of theta, ln(S / (1 - S)).

    Args:
        labels: Multi-hot, [B, c].
        bank_labels: Multi-hot, [n, c].
        smoothing: Target of similar pairs, in (0, 1].

    Returns:
        [B, n], 0 or `smoothing`.
    """
    shared = tf.matmul(labels, bank_labels, transpose_b=True)
    return tf.where(shared > 0.5, smoothing, 0.0)


def half_inner_products(
    first: tf.Tensor,
    second: tf.Tensor,
    offset: float = 0.0,
    scale: float = 1.0,
) -> tf.Tensor:
    """Psi of codes, Delta of features: [B, d] and [n, d] to [B, n].

    Deviation: `offset` is taken off. Without one an unlikely pair needs a
    negative inner product, and of m vectors pairwise products of one length
    cannot all be below -1 / (m - 1) of it: with many classes dissimilar items
    stay close to undecided. Features, at least 0, cannot go below 0 at all.

    Deviation: `scale` multiplies. Inner products of codes grow with their
    length until the sigmoid of every decided pair is 0 or 1 and its gradient
    is gone; a scale of c / K keeps them within c / 2 at every length.
    """
    return 0.5 * scale * tf.matmul(first, second, transpose_b=True) - offset


def negative_log_likelihood(theta: tf.Tensor, similar: tf.Tensor) -> tf.Tensor:
    """How unlikely the similarities are under these inner products.

    SSAH Eq. (1):

        p(S | B) = delta(theta) where S = 1, 1 - delta(theta) where S = 0,
        -log p(S | B) = log(1 + exp(theta)) - S theta

    with delta the sigmoid. Written with softplus, which cannot overflow.

    Args:
        theta: Half inner products, of any shape.
        similar: S, of the same shape, in [0, 1].

    Returns:
        The same shape, at least 0.
    """
    return tf.nn.softplus(theta) - similar * theta


def pair_loss(
    theta: tf.Tensor, similar: tf.Tensor, form: str = "nll"
) -> tf.Tensor:
    """Sum over the bank of what each pair costs.

    Args:
        theta: Half inner products, [B, n].
        similar: S, [B, n].
        form: `nll` is the paper's; `squared` is the release's half square of
            the same quantity, which weights wrong pairs more.

    Returns:
        [B], at least 0.
    """
    cost = negative_log_likelihood(theta, similar)
    if form == "squared":
        cost = 0.5 * tf.square(cost)
    return tf.reduce_sum(cost, axis=1)


def feature_pair_loss(
    features: tf.Tensor,
    bank_features: tf.Tensor,
    similar: tf.Tensor,
    offset: float = 0.0,
    form: str = "nll",
) -> tf.Tensor:
    """J1: semantic features of similar items point the same way.

    SSAH Eqs. (3)-(4), first term:

        J1 = -sum_i (S_ij Delta_ij - log(1 + exp(Delta_ij))),
        Delta_ij = 1/2 F_i^T F_j

    Args:
        features: F of the network that learns, [B, s].
        bank_features: F^l of LabNet, [n, s].
        similar: S, [B, n].
        offset: See `half_inner_products`.
        form: See `pair_loss`.

    Returns:
        [B], at least 0.
    """
    theta = half_inner_products(features, bank_features, offset)
    return pair_loss(theta, similar, form)


def hash_pair_loss(
    codes: tf.Tensor,
    bank_codes: tf.Tensor,
    similar: tf.Tensor,
    offset: float = 0.0,
    form: str = "nll",
    scale: float = 1.0,
) -> tf.Tensor:
    """J2: codes of similar items agree.

    SSAH Eqs. (3)-(4), second term:

        J2 = -sum_i (S_ij Gamma_ij - log(1 + exp(Gamma_ij))),
        Gamma_ij = 1/2 H_i^T H_j

    Args:
        codes: H of the network that learns, [B, K].
        bank_codes: H^l of LabNet, [n, K].
        similar: S, [B, n].
        offset: See `half_inner_products`.
        form: See `pair_loss`.
        scale: See `half_inner_products`.

    Returns:
        [B], at least 0.
    """
    theta = half_inner_products(codes, bank_codes, offset, scale)
    return pair_loss(theta, similar, form)


def quantization_loss(codes: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """J3: what thresholding takes away.

    SSAH Eqs. (3)-(4), third term:

        J3 = ||H - B||^2

    Args:
        codes: H, [B, K] in (-1, 1).
        targets: B, [B, K] of -1 and +1, held fixed.

    Returns:
        [B], at least 0.
    """
    return tf.reduce_sum(tf.square(codes - tf.stop_gradient(targets)), axis=1)


def classification_loss(predicted: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """J4: how far the predicted labels are from the true ones.

    SSAH Eqs. (3)-(4), fourth term:

        J4 = ||L^ - L||^2

    Args:
        predicted: L^, [B, c] in (0, 1).
        labels: L, multi-hot [B, c].

    Returns:
        [B], at least 0.
    """
    return tf.reduce_sum(tf.square(predicted - labels), axis=1)


def discriminator_loss(
    semantic: tf.Tensor, modality: tf.Tensor, form: str = "cross_entropy"
) -> tf.Tensor:
    """How badly a discriminator tells LabNet's features from a modality's.

    SSAH Eq. (5):

        L_adv = ||D(F^l) - 1||^2 + ||D(F^v) - 0||^2

    Args:
        semantic: D(F^l), logits of LabNet's features, [B, 1].
        modality: D(F^v) or D(F^t), [B, 1].
        form: `squares` is the paper's, on the logits; `cross_entropy` the
            release's.

    Returns:
        [B, 1], at least 0.
    """
    if form == "squares":
        return tf.square(semantic - 1.0) + tf.square(modality)
    return tf.nn.softplus(-semantic) + tf.nn.softplus(modality)


def adversarial_loss(
    logits: tf.Tensor, form: str = "cross_entropy", wanted: int = 1
) -> tf.Tensor:
    """How clearly a discriminator recognises a network's features.

    SSAH Eq. (7), the networks' side of:

        min over networks, max over discriminators of L_gen - L_adv

    Deviation: -L_adv has no lower bound and its gradient vanishes where the
    discriminator is sure, as the paper notes; a network minimises its
    distance from what it is taken for where it succeeds, which has the same
    fixed point: ImgNet and TxtNet from LabNet's "1", LabNet from their "0".

    Args:
        logits: D(F^v), D(F^t) or D(F^l), [B, 1].
        form: That of `discriminator_loss`.
        wanted: What the features shall be taken for: 1 of ImgNet and TxtNet,
            0 of LabNet.

    Returns:
        [B, 1], at least 0; its gradient is meant for that network alone.
    """
    if form == "squares":
        return tf.square(logits - float(wanted))
    return tf.nn.softplus(-logits if wanted else logits)
