"""Layers that PyTorch lacks, with the weights of Keras layers."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ssah import multiscale


class UnitLength(nn.Module):
    """Rows as unit vectors; a row of zeros stays one."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """[n, d] to [n, d]."""
        return functional.normalize(inputs, dim=1, eps=1e-12)


class Times(nn.Module):
    """Inputs times a constant."""

    def __init__(self, factor: float):
        super().__init__()
        self._factor = factor

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """[n, d] to [n, d]."""
        return self._factor * inputs


class Standardization(nn.Module):
    """Keras' batch normalisation without weights of its own.

    `nn.BatchNorm1d` keeps another variance: that of a sample.

    Args:
        layer: A `keras.layers.BatchNormalization`.
    """

    def __init__(self, layer: Any):
        super().__init__()
        self._momentum, self._epsilon = layer.momentum, layer.epsilon
        for name in ("mean", "variance"):
            value = getattr(layer, f"moving_{name}").numpy()
            self.register_buffer(name, torch.tensor(value))

    def forward(
        self, inputs: torch.Tensor, by_batch: bool = False
    ) -> torch.Tensor:
        """Centres and scales [n, d]; by the batch, or by running means."""
        mean, variance = self.mean, self.variance
        if by_batch:
            variance, mean = torch.var_mean(inputs, 0, correction=0)
            with torch.no_grad():
                share = 1.0 - self._momentum
                self.mean.lerp_(mean, share)
                self.variance.lerp_(variance, share)
        return (inputs - mean) * torch.rsqrt(variance + self._epsilon)


class Windows(nn.Module):
    """`ssah.multiscale.MultiScale`.

    Args:
        layer: The Keras layer.
    """

    def __init__(self, layer: multiscale.MultiScale):
        super().__init__()
        settings = layer.get_config()
        self._windows, self._resized = layer.windows, layer.resized
        self._has_words = layer.has_words
        self.scales = nn.Parameter(torch.tensor(layer.scales.numpy()))
        order = settings["order"]
        self._order = None if order is None else torch.tensor(order)
        self._neighbours = []
        if self._resized:
            words = settings["words"]
            for window in self._windows:
                found = multiscale.interpolation(words // window, words)
                self._neighbours.append([torch.tensor(one) for one in found])

    def forward(self, texts: torch.Tensor) -> torch.Tensor:
        """Bags of words [n, d] to words and levels side by side."""
        levels = [texts] if self._has_words else []
        if self._order is not None:
            texts = texts[:, self._order]
        scales = functional.softplus(self.scales)
        for number, window in enumerate(self._windows):
            count = texts.shape[1] // window
            whole = texts[:, : count * window].reshape(-1, count, window)
            level = whole.mean(2)
            if self._resized:
                left, right, share = self._neighbours[number]
                level = torch.lerp(level[:, left], level[:, right], share)
            levels.append(scales[number] * level)
        return torch.cat(levels, 1)
