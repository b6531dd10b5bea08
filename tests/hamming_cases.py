"""Random codes, and their neighbours by brute force."""

import numpy as np

from common.hamming import codes

LENGTHS = (1, 7, 8, 16, 63, 64, 65, 128, 200, 300)


def bits(n, length, seed=0):
    return np.random.default_rng((seed, length)).random((n, length)) < 0.5


def pack(array):
    return codes.PackedCodes.from_bits(np.asarray(array, dtype=bool))


def brute_distances(queries, database):
    return (queries[:, None, :] != database[None, :, :]).sum(axis=2)


def brute_ranking(distances, ids):
    """Every query's (distance, id) pairs, sorted as Python sorts tuples."""
    return [
        sorted(zip(row.tolist(), ids.tolist(), strict=True))
        for row in distances
    ]
