"""Networks as plain arrays, once they are trained."""

import dataclasses
import itertools

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class TwoLayers:
    """Signs of a network's outputs, act(s (x - mean) V + b) W + c >= 0.

    Attributes:
        mean: Mean of the training features, [d].
        scale: s, what centred features are multiplied by.
        hidden: V, [d, h].
        hidden_bias: b, [h].
        weights: W, [h, K].
        bias: c, [K].
        bounded: Whether both layers end in tanh; else the first in ReLU.
    """

    mean: np.ndarray
    scale: np.ndarray
    hidden: np.ndarray
    hidden_bias: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    bounded: np.ndarray

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self.weights.shape[1]

    def outputs(self, features: np.ndarray) -> np.ndarray:
        """Real-valued outputs, [n, K]."""
        scaled = (features - self.mean) * self.scale
        inner = scaled @ self.hidden + self.hidden_bias
        if self.bounded:
            return np.tanh(np.tanh(inner) @ self.weights + self.bias)
        return np.maximum(inner, 0) @ self.weights + self.bias

    def encode(self, features: np.ndarray) -> np.ndarray:
        """Hashes features [n, d] to booleans [n, K]."""
        return self.outputs(features) >= 0


def scaling(features: np.ndarray) -> tuple[np.ndarray, float]:
    """Mean [d] and a scale that brings the mean variance to 1."""
    mean = features.mean(axis=0, dtype=np.float64)
    variance = features.var(axis=0, dtype=np.float64).mean()
    return mean, float(1 / np.sqrt(variance)) if variance > 0 else 1.0


@dataclasses.dataclass(frozen=True, eq=False)
class Tower:
    """Signs of a network of several layers, ReLU between them.

    Attributes:
        mean: Mean of the training features, [d].
        scale: What centred features are multiplied by.
        widths: Of the input, of each hidden layer and of the output, [l + 1].
        values: Kernel [in, out] and bias [out] of each layer, one after the
            other and flat.
    """

    mean: np.ndarray
    scale: np.ndarray
    widths: np.ndarray
    values: np.ndarray

    @property
    def bits(self) -> int:
        """K, the code length."""
        return int(self.widths[-1])

    def outputs(self, features: np.ndarray) -> np.ndarray:
        """Real-valued outputs before a last tanh, [n, K]."""
        found = (features - self.mean) * self.scale
        start = 0
        for rows, columns in itertools.pairwise(self.widths):
            if start:
                found = np.maximum(found, 0)
            end = start + rows * columns
            kernel = self.values[start:end].reshape(rows, columns)
            found = found @ kernel + self.values[end : end + columns]
            start = end + columns
        return found

    def encode(self, features: np.ndarray) -> np.ndarray:
        """Hashes features [n, d] to booleans [n, K]."""
        return self.outputs(features) >= 0
