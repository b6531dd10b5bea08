"""What the steps of all methods have in common in PyTorch."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from common.data import arrays
from experiments.benchmarks.training.peers import networks


class Peer:
    """A method's model in PyTorch, with copies of a Keras model's weights.

    Each update lets autograd find the gradients of just its own players and
    makes one fused step of AdamW, which without weight decay is Adam. Its
    epsilon is Keras' at the first step, where Keras adds it before it corrects
    the second moment and PyTorch after that; later steps differ by that only.

    Args:
        model: A built Keras model of the method, with its optimizers.
        data: What it trains on.
        compiled: Whether `torch.compile` makes the losses.
    """

    def __init__(
        self, model: Any, data: arrays.CrossModalData, compiled: bool = False
    ):
        self._model = model
        self._compiled = compiled
        self._image = torch.from_numpy(data.image)
        self._text = torch.from_numpy(data.text)
        self._copies = networks.Copies()
        self._optimizers = {}

    def step(
        self, kind: str, drawn: Mapping[str, np.ndarray]
    ) -> dict[str, torch.Tensor]:
        """One step on the rows that were drawn.

        Args:
            kind: The phase, as the Keras model names it.
            drawn: What `common.data.draws` drew for the step.

        Returns:
            The losses, under the Keras model's names.
        """
        raise NotImplementedError

    def weights(self, player: str) -> list[np.ndarray]:
        """Weights of a player, in Keras' order and shapes."""
        return self._copies.values(self._model.players[player])

    def gradients(self, player: str) -> list[np.ndarray]:
        """Gradients of a player's last step, in Keras' order and shapes."""
        tensors = self._copies.tensors(self._model.players[player])
        return [tensor.grad.numpy().T for tensor in tensors]

    def _inputs(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Images and texts of some rows, float32."""
        return self._image[rows], self._text[rows].float()

    def _function(self, function: Callable) -> Callable:
        """A loss as it is, or compiled."""
        if not self._compiled:
            return function
        return torch.compile(function, dynamic=False)

    @contextmanager
    def _learning(self, *players: str) -> Iterator[None]:
        """Lets all players but some stand still, whatever they hand on."""
        others = [
            tensor
            for name, variables in self._model.players.items()
            if name not in players
            for tensor in self._copies.tensors(variables)
        ]
        for tensor in others:
            tensor.requires_grad_(False)
        try:
            yield
        finally:
            for tensor in others:
                tensor.requires_grad_(True)

    def _descend(self, loss: torch.Tensor, *players: str) -> None:
        if players not in self._optimizers:
            self._optimizers[players] = self._adam(players)
        optimizer = self._optimizers[players]
        parameters = [
            one for group in optimizer.param_groups for one in group["params"]
        ]
        gradients = torch.autograd.grad(loss, parameters)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()

    def _adam(self, players: Sequence[str]) -> torch.optim.Optimizer:
        groups = []
        for player in players:
            variables = self._model.players[player]
            optimizer = self._model.optimizer_of(player)
            if type(optimizer).__name__ != "Adam":
                raise ValueError(
                    "The peers in PyTorch have Adam only; received "
                    f"{type(optimizer).__name__} of the {player}."
                )
            for is_bias in (False, True):
                own = [v for v in variables if (v.name == "bias") == is_bias]
                groups.append(
                    _group(self._copies.tensors(own), optimizer, is_bias)
                )
        return torch.optim.AdamW(groups, fused=True)


def _group(tensors: list[nn.Parameter], optimizer, spared: bool) -> dict:
    decay = 0.0 if spared else optimizer.weight_decay or 0.0
    betas = optimizer.beta_1, optimizer.beta_2
    return {
        "params": tensors,
        "lr": float(optimizer.learning_rate),
        "betas": betas,
        "eps": optimizer.epsilon / (1.0 - betas[1]) ** 0.5,
        "weight_decay": decay,
    }


def indices(drawn: np.ndarray) -> torch.Tensor:
    """Drawn rows as PyTorch takes them to index with, [n] int64."""
    return torch.from_numpy(drawn.astype(np.int64))


def require(settings: Any, **wanted: Any) -> None:
    """Refuses settings that a peer does not have.

    Args:
        settings: A dataclass of settings.
        **wanted: What each of some fields must be.

    Raises:
        ValueError: A field is something else.
    """
    for name, value in wanted.items():
        if getattr(settings, name) != value:
            raise ValueError(
                f"The peer in PyTorch has {name} {value!r} only; received "
                f"{getattr(settings, name)!r}."
            )
