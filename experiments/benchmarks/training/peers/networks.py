"""PyTorch's copies of Keras networks, weight by weight."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from experiments.benchmarks.training.peers import layers

_ACTIVATIONS = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}


class Copies:
    """Copies of networks, and which of their tensors is which variable."""

    def __init__(self):
        self._tensors = {}

    def sequence(self, network: Any) -> nn.Sequential:
        """A `keras.Sequential` in PyTorch, with copies of its weights.

        Raises:
            ValueError: It has a layer that is not known here.
        """
        return nn.Sequential(
            *[own for layer in network.layers for own in self._layer(layer)]
        )

    def tensors(self, variables: Sequence[Any]) -> list[nn.Parameter]:
        """The copies of Keras variables; kernels lie transposed in them."""
        return [self._tensors[id(variable)] for variable in variables]

    def values(self, variables: Sequence[Any]) -> list[np.ndarray]:
        """What the copies of Keras variables hold, as Keras has it."""
        return [tensor.detach().numpy().T for tensor in self.tensors(variables)]

    def _layer(self, layer) -> list[nn.Module]:
        match type(layer).__name__:
            case "Dense":
                return [self._dense(layer), *_activation(layer)]
            case "Activation":
                return _activation(layer) or [nn.Identity()]
            case "Identity":
                return []
            case "UnitNormalization":
                return [layers.UnitLength()]
            case "Rescaling":
                return [layers.Times(layer.scale)]
            case "LeakyReLU":
                return [nn.LeakyReLU(layer.negative_slope)]
            case "BatchNormalization":
                return [layers.Standardization(layer)]
            case "MultiScale":
                copy = layers.Windows(layer)
                self._tensors[id(layer.scales)] = copy.scales
                return [copy]
            case name:
                raise ValueError(f"PyTorch has no copy of a layer {name}.")

    def _dense(self, layer) -> nn.Linear:
        kernel, bias = (variable.numpy() for variable in layer.weights)
        copy = nn.Linear(*kernel.shape)
        copy.weight = nn.Parameter(torch.tensor(kernel.T.copy()))
        copy.bias = nn.Parameter(torch.tensor(bias))
        for variable, tensor in zip(
            layer.weights, (copy.weight, copy.bias), strict=True
        ):
            self._tensors[id(variable)] = tensor
        return copy


def _activation(layer) -> list[nn.Module]:
    name = layer.activation.__name__
    return [] if name == "linear" else [_ACTIVATIONS[name]()]
