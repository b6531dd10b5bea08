import numpy as np
import pytest
import tensorflow as tf

from common.models import cluster
from common.models import distribution


def test_shares_are_of_one_size_and_the_last_row_fills_them():
    rows = np.array([5, 6, 7, 8, 9])

    shares = [distribution.share(rows, replica, 2) for replica in range(2)]

    # Five rows are three and two; the last stands twice.
    assert [share.tolist() for share in shares] == [[5, 6, 7], [8, 9, 9]]


def test_more_replicas_than_rows_repeat_the_last():
    shares = [
        distribution.share(np.array([3, 4]), replica, 3) for replica in range(3)
    ]

    assert [share.tolist() for share in shares] == [[3], [4], [4]]


def test_alone_nothing_is_shared_gathered_or_divided():
    weight = tf.Variable([[2.0]])
    inputs = tf.constant([[1.0], [3.0]])
    with tf.GradientTape() as tape:
        values = distribution.gathered(inputs @ weight, 2)
        loss = tf.reduce_sum(values**2)

    slope = distribution.gradient(tape, loss, [weight])

    # (2 w)^2 + ... = w^2 (1 + 9), of which the slope is 20 w.
    assert slope[0].numpy().tolist() == [[40.0]]
    assert distribution.share_size(7) == 7


def test_an_error_of_a_missing_worker_says_what_to_do():
    with pytest.raises(cluster.WorkerLostError) as caught:
        with distribution.workers_are_there():
            raise tf.errors.UnavailableError(None, None, "gone\nat line 3")

    assert str(caught.value).endswith("--resume. TensorFlow says: gone")


def test_an_unknown_strategy_is_refused():
    with pytest.raises(ValueError, match="mirrored, multi_worker; received"):
        distribution.create("central")
