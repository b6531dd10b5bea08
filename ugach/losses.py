"""The objectives of UGACH as functions of distances between relaxed codes.

Equation numbers are those of Zhang, Peng, Yuan: "Unsupervised Generative
Adversarial Cross-modal Hashing", AAAI 2018. Axes: B queries, P candidates
of one pool shared by the batch, K bits. Nothing here is averaged over the
batch; the model does that, visibly.
"""

import tensorflow as tf

# Large enough to leave a candidate no probability, small enough that adding
# it to a log-probability stays finite.
_EXCLUDED = -1e9


def normalized_codes(codes: tf.Tensor) -> tf.Tensor:
    """Relaxed codes about their threshold, at the length of binary ones.

        s(x) = sqrt(K) / 2 * (2 h(x) - 1) / ||2 h(x) - 1||

    Deviation: the paper measures h(x) itself. Of these vectors the squared
    distance is K / 2 * (1 - cos), for binary codes their Hamming distance, so
    that no code gains by moving towards the centre or into saturation.

    Args:
        codes: h(x), [n, K] in (0, 1).

    Returns:
        [n, K], rows of length sqrt(K) / 2.
    """
    bits = codes.shape[-1]
    return tf.math.l2_normalize(2.0 * codes - 1.0, axis=1) * bits**0.5 / 2.0


def squared_distance(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Row-wise squared Euclidean distance of codes [B, K], [B]."""
    return tf.reduce_sum(tf.square(first - second), axis=1)


def pairwise_squared_distance(
    queries: tf.Tensor, candidates: tf.Tensor
) -> tf.Tensor:
    """Squared distances of [B, K] to [P, K] by one matrix product, [B, P]."""
    products = tf.matmul(queries, candidates, transpose_b=True)
    return (
        tf.reduce_sum(tf.square(queries), axis=1)[:, None]
        + tf.reduce_sum(tf.square(candidates), axis=1)[None, :]
        - 2.0 * products
    )


def generative_log_probability(
    distances: tf.Tensor,
    temperature: float = 1.0,
    excluded: tf.Tensor | None = None,
) -> tf.Tensor:
    """Log-probability that the generator selects each candidate.

    UGACH Eq. (4):

        p(x | q) = exp(-||h(q) - h(x)||^2) / sum_x' exp(-||h(q) - h(x')||^2)

    Args:
        distances: ||h(q) - h(x)||^2 in the generator's codes, [B, P].
        temperature: Divides the distances; 1 is the paper's.
        excluded: Candidates that must not be selected, [B, P] bool.

    Returns:
        [B, P], at most 0; about -1e9 where excluded.
    """
    logits = -distances / temperature
    if excluded is not None:
        logits = tf.where(excluded, _EXCLUDED, logits)
    return tf.nn.log_softmax(logits, axis=1)


def relevance_score(
    positive_distance: tf.Tensor, distances: tf.Tensor, margin: float
) -> tf.Tensor:
    """Margin by which each candidate challenges the manifold pair.

    UGACH Eq. (6):

        f(x, q) = max(0, m + ||h(q) - h(x_M)||^2 - ||h(q) - h(x)||^2)

    Args:
        positive_distance: ||h(q) - h(x_M)||^2, to a neighbour of the query in
            the correlation graph, [B].
        distances: ||h(q) - h(x)||^2, to the candidates, [B, P].
        margin: m, in units of squared distance.

    Returns:
        [B, P], at least 0; large where a candidate is nearer than x_M.
    """
    return tf.nn.relu(margin + positive_distance[:, None] - distances)


def discriminative_probability(score: tf.Tensor) -> tf.Tensor:
    """Probability that the discriminator gives to a relevance score.

    UGACH Eq. (7):

        D(x | q) = sigmoid(f(x, q))

    Args:
        score: f(x, q) of any shape.

    Returns:
        The same shape, in [0.5, 1) for scores of Eq. (6).
    """
    return tf.sigmoid(score)


def adversarial_value(
    positive_score: tf.Tensor, scores: tf.Tensor, probability: tf.Tensor
) -> tf.Tensor:
    """What the discriminator maximises and the generator minimises.

    UGACH Eqs. (8)-(9):

        V = E_{x_M}[log D(x_M | q)] + E_{x ~ p(x | q)}[log(1 - D(x | q))]

    The expectation over p is a sum over the pool. Written with softplus,
    log(1 - sigmoid(f)) = -log(1 + exp(f)), which cannot overflow.

    Args:
        positive_score: f(x_M, q), [B]; by Eq. (6) it equals the margin, a
            constant, so that the first term carries no gradient.
        scores: f(x, q) of the candidates, [B, P].
        probability: p(x | q), or the share of draws that selected x, [B, P].

    Returns:
        V of each query, [B], at most 0.
    """
    generated = tf.reduce_sum(probability * tf.nn.softplus(scores), axis=1)
    return -tf.nn.softplus(-positive_score) - generated


def ranking_loss(scores: tf.Tensor, probability: tf.Tensor) -> tf.Tensor:
    """Expected relevance score of what the generator selects.

    The release trains the discriminator on f itself; it falls with
    -V of Eq. (8) and its slope is bounded (`discriminator_loss="hinge"`).

    Args:
        scores: f(x, q), [B, P].
        probability: p(x | q), or the share of draws that selected x, [B, P].

    Returns:
        [B], at least 0.
    """
    return tf.reduce_sum(probability * scores, axis=1)


def reward(scores: tf.Tensor) -> tf.Tensor:
    """The discriminator's reward for selecting a candidate.

    UGACH Eq. (10):

        r(x) = log(1 + exp(f(x, q)))

    Args:
        scores: f(x, q), [B, P], from the discriminator, held fixed.

    Returns:
        [B, P], without gradient.
    """
    return tf.stop_gradient(tf.nn.softplus(scores))


def policy_gradient_loss(
    log_probability: tf.Tensor, rewards: tf.Tensor, entropy_weight: float = 0.0
) -> tf.Tensor:
    """Loss whose gradient is the policy gradient, exact over the pool.

    UGACH Eq. (10):

        grad E_p[r(x)] = sum_k grad p(x_k | q) r(x_k)

    is the paper's second line; this is its negative, to be minimised. The
    mean reward of the pool is taken off as a baseline, which leaves the
    gradient as it is, because sum_k grad p(x_k | q) = 0.

    Deviation: with an entropy weight t the generator maximises
    E_p[r(x)] + t H(p), whose optimum is p ~ exp(r / t), instead of putting
    everything on the hardest candidate, which often is relevant to the query.

    Args:
        log_probability: log p(x | q), [B, P], from the generator.
        rewards: r(x), [B, P].
        entropy_weight: t, in units of the reward; 0 is the paper's.

    Returns:
        [B]; its value is minus the expected advantage.
    """
    advantage = rewards - tf.reduce_mean(rewards, axis=1, keepdims=True)
    if entropy_weight:
        advantage -= entropy_weight * log_probability
    return -tf.reduce_sum(
        tf.exp(log_probability) * tf.stop_gradient(advantage), axis=1
    )


def sampled_policy_gradient_loss(
    log_probability: tf.Tensor, rewards: tf.Tensor
) -> tf.Tensor:
    """Loss whose gradient is the policy gradient's sampled estimate.

    UGACH Eq. (10), last line:

        grad E_p[r(x)] ~ 1/m sum_k grad log p(x_k | q) r(x_k)

    Args:
        log_probability: log p(x_k | q) of the selected candidates, [B, m].
        rewards: r(x_k) of the same, [B, m].

    Returns:
        [B]; only its gradient means something.
    """
    return -tf.reduce_mean(log_probability * tf.stop_gradient(rewards), axis=1)


def select(
    log_probability: tf.Tensor, num_samples: int, seed: tf.Tensor
) -> tf.Tensor:
    """Draws candidates from p, with replacement, by the Gumbel-max trick.

    Args:
        log_probability: log p(x | q), [B, P].
        num_samples: m, draws per query.
        seed: Two int32 that alone decide the draw.

    Returns:
        [B, m] int32 positions in the pool.
    """
    shape = [*log_probability.shape, num_samples]
    uniform = tf.random.stateless_uniform(shape, seed, minval=1e-20)
    gumbel = -tf.math.log(-tf.math.log(uniform))
    scores = log_probability[:, :, None] + gumbel
    return tf.argmax(scores, axis=1, output_type=tf.int32)
