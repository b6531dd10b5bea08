"""Sparse codes and dictionaries with atoms of bounded length."""

import numpy as np


def lasso(
    features: np.ndarray,
    atoms: np.ndarray,
    relative_penalty: float,
    iterations: int,
) -> np.ndarray:
    """Sparse codes S of the rows of X, by FISTA.

    Minimises for each row 1/2 |x - s D|^2 + rho max|x D'| |s|_1: the penalty
    is relative to the one from which on all codes are zero.

    Args:
        features: X, [n, d].
        atoms: D, [m, d].
        relative_penalty: rho, in (0, 1).
        iterations: Steps from zero.

    Returns:
        S, [n, m] float32.
    """
    atoms = np.asarray(atoms, np.float32)
    # Blocks that stay in the cache are several times faster.
    blocks = [
        _lasso_block(
            np.asarray(features[start : start + 1024], np.float32),
            atoms,
            relative_penalty,
            iterations,
        )
        for start in range(0, len(features), 1024)
    ]
    return np.concatenate(blocks)


def _lasso_block(features, atoms, relative_penalty, iterations):
    step = np.float32(1 / max(np.linalg.norm(atoms, 2) ** 2, 1e-12))
    correlation = features @ atoms.T
    largest = np.abs(correlation).max(axis=1, keepdims=True)
    shrink = step * np.float32(relative_penalty) * largest
    codes = np.zeros_like(correlation)
    ahead, weight = codes, 1.0
    for _ in range(iterations):
        moved = ahead - step * ((ahead @ atoms) @ atoms.T - correlation)
        # Soft thresholding, with two passes in place of four.
        following = moved - np.clip(moved, -shrink, shrink)
        next_weight = 0.5 * (1 + np.sqrt(1 + 4 * weight * weight))
        pull = np.float32((weight - 1) / next_weight)
        ahead = following + pull * (following - codes)
        codes, weight = following, next_weight
    return codes


def dictionary(
    features: np.ndarray, codes: np.ndarray, atoms: np.ndarray
) -> np.ndarray:
    """One round over all atoms of the best dictionary for given codes.

    Each atom in turn minimises |X - S D|^2 with length at most 1, so that
    the error never grows.

    Args:
        features: X, [n, d].
        codes: S, [n, m].
        atoms: D to start from, [m, d].

    Returns:
        D, [m, d].
    """
    products = np.asarray(codes.T @ codes, np.float64)
    targets = np.asarray(codes.T @ features, np.float64)
    atoms = np.array(atoms, np.float64)
    for j in np.flatnonzero(np.diag(products) > 0):
        change = (targets[j] - products[j] @ atoms) / products[j, j]
        atom = atoms[j] + change
        atoms[j] = atom / max(np.linalg.norm(atom), 1)
    return atoms
