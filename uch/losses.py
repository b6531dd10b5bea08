"""The objectives of UCH as functions of features, codes and logits.

Equation numbers are those of Li, Deng, Wang, Xie, Liu: "Coupled CycleGAN:
Unsupervised Hashing Network for Cross-Modal Retrieval", AAAI 2019. Outer and
inner cycle have the same losses, of F and Z or of Z and H. Axes: B pairs of a
batch, d units of F or Z, m units of Z or H, o outputs of a discriminator.
Sums over units are the paper's; the batch is not reduced, but where said.
"""

import tensorflow as tf

# Keeps the correlations of a constant unit finite.
_EPSILON = 1e-6


def discriminator_loss(
    real: tf.Tensor, fake: tf.Tensor, form: str = "cross_entropy"
) -> tf.Tensor:
    """How badly a discriminator tells real from generated.

    UCH Eqs. (3)-(5), (10)-(11), the discriminators' side, times -1:

        L_adv = E[log D(X_real)] + E[log(1 - D(X_fake))]

    of one modality, for X = F and X = Z; `Objective.discriminators` adds up
    both. The o outputs judge the same item and are averaged; the paper does not
    say what they are for. Written with softplus, which cannot overflow.

    Args:
        real: Logits of real items, [B, o].
        fake: Logits of generated ones, [B, o].
        form: `squares` wants 1 and 0 of the logits themselves; `minimax` is
            the same as `cross_entropy` here.

    Returns:
        [B], at least 0.
    """
    if form == "squares":
        cost = tf.square(real - 1.0) + tf.square(fake)
    else:
        cost = tf.nn.softplus(-real) + tf.nn.softplus(fake)
    return tf.reduce_mean(cost, axis=1)


def adversarial_loss(fake: tf.Tensor, form: str = "cross_entropy") -> tf.Tensor:
    """How clearly a discriminator recognises what was generated.

    UCH Eqs. (4)-(5), (10)-(11), the generators' side:

        min E[log(1 - D(X_fake))]

    That is `minimax`, whose gradient vanishes where the discriminator is sure,
    as the paper notes.

    Deviation: `cross_entropy` is -log D(X_fake), which has the same fixed
    point.

    Args:
        fake: Logits of generated items, [B, o].
        form: That of `discriminator_loss`.

    Returns:
        [B]; at least 0 but for `minimax`, where it is at most 0.
    """
    if form == "squares":
        cost = tf.square(fake - 1.0)
    elif form == "minimax":
        cost = -tf.nn.softplus(fake)
    else:
        cost = tf.nn.softplus(-fake)
    return tf.reduce_mean(cost, axis=1)


def reconstruction_loss(
    real: tf.Tensor, cycled: tf.Tensor, fixed_target: bool = True
) -> tf.Tensor:
    """What the way to the other modality and back loses, for one modality.

    UCH Eqs. (6), (12), of each modality's sum:

        ||X_real^I - G^{T->I}(X_fake^T)||^2

    Deviation: a fixed target passes no gradient. Otherwise encoders please
    this loss by shrinking what is to be reconstructed.

    Args:
        real: F or Z, [B, d].
        cycled: What both generators make of it, [B, d].
        fixed_target: Whether `real` counts as a constant.

    Returns:
        [B], at least 0.
    """
    target = tf.stop_gradient(real) if fixed_target else real
    return tf.reduce_sum(tf.square(target - cycled), axis=1)


def similarity_loss(image: tf.Tensor, text: tf.Tensor) -> tf.Tensor:
    """How far a pair's image and text are apart in the common space.

    UCH Eqs. (7), (13):

        L_sim-f = ||Z_real^I - Z_real^T||^2,
        L_sim-z = ||H^I - H^T||^2

    Args:
        image: Z^I or H^I, [B, m].
        text: Z^T or H^T, [B, m].

    Returns:
        [B], at least 0.
    """
    return tf.reduce_sum(tf.square(image - text), axis=1)


def translation_loss(
    real: tf.Tensor, fake: tf.Tensor, fixed_target: bool = True
) -> tf.Tensor:
    """How far what was generated is from the pair's own, for one modality.

    Not in the paper, whose generators have to please a discriminator only:

        ||X_real^T - X_fake^T||^2

    It keeps in the middle of a generator what the two modalities share.

    Args:
        real: F or Z, [B, d].
        fake: Generated from the pair's other modality, [B, d].
        fixed_target: Whether `real` counts as a constant.

    Returns:
        [B], at least 0.
    """
    return reconstruction_loss(real, fake, fixed_target)


def decorrelation_loss(values: tf.Tensor) -> tf.Tensor:
    """How much units of Z or H repeat each other over a batch.

    Not in the paper, where nothing keeps two bits from being copies:

        mean over j != k of C_jk^2

    with C the correlations of the units over the batch.

    Args:
        values: Z or H, [B, m].

    Returns:
        A scalar in [0, 1]: 0 for uncorrelated units, 1 for copies. It is 0
        for a single unit.
    """
    count, units = values.shape
    if units == 1:
        return tf.zeros([])
    centred = values - tf.reduce_mean(values, axis=0)
    variance = tf.reduce_mean(tf.square(centred), axis=0)
    scaled = centred * tf.math.rsqrt(variance + _EPSILON)
    correlation = tf.matmul(scaled, scaled, transpose_a=True) / count
    squares = tf.square(correlation)
    off_diagonal = tf.reduce_sum(squares) - tf.linalg.trace(squares)
    return off_diagonal / (units * (units - 1))


def quantization_loss(codes: tf.Tensor) -> tf.Tensor:
    """What thresholding takes away.

    Not in the paper, which thresholds H as it is:

        || |H| - 1 ||^2

    Args:
        codes: H, [B, K] in (-1, 1).

    Returns:
        [B], at least 0.
    """
    return tf.reduce_sum(tf.square(tf.abs(codes) - 1.0), axis=1)
