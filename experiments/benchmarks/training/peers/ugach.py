"""UGACH's steps in PyTorch, exact for the default losses."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from common.data import arrays
from experiments.benchmarks.training.peers import peer
from ugach import model as ugach_model


class Codes(NamedTuple):
    """Codes of one modality as the losses measure them."""

    query: torch.Tensor  # [B, K]
    positive: torch.Tensor  # [B, K]
    pool: torch.Tensor  # [P, K]


class Compared(NamedTuple):
    """Distances of one modality's queries in the other's items."""

    positive: torch.Tensor  # [B]
    pool: torch.Tensor  # [B, P]


class UGACHPeer(peer.Peer):
    """Both players; see `peer.Peer` for the arguments.

    The table of the opponent's codes is that of the model, where it has one.

    Raises:
        ValueError: The settings are not those of the default losses.
    """

    def __init__(
        self,
        model: ugach_model.UGACH,
        data: arrays.CrossModalData,
        compiled: bool = False,
    ):
        super().__init__(model, data, compiled)
        peer.require(model.config, code_metric="cosine", weight_decay=0.0)
        self._objective = model.objective
        peer.require(
            self._objective,
            discriminator_loss="hinge",
            negatives="expected",
            known_candidates="spared",
            reward="softplus",
            generator_gradient="expected",
        )
        self._players = {
            name: tuple(
                self._copies.sequence(getattr(getattr(model, name), pathway))
                for pathway in ("image_pathway", "text_pathway")
            )
            for name in model.player_names
        }
        self._table = None
        if model.table is not None:
            self._table = tuple(
                torch.tensor(codes.numpy())
                for codes in (model.table.image, model.table.text)
            )
        self._losses = {
            kind: self._function(getattr(self, f"_{kind}"))
            for kind in model.phase_steps()
        }

    def step(
        self, kind: str, drawn: Mapping[str, np.ndarray]
    ) -> dict[str, torch.Tensor]:
        """A step of the phase `kind`, see `peer.Peer.step`."""
        rows = {
            name: peer.indices(drawn[name])
            for name in ("index", "positive", "pool")
        }
        known = torch.from_numpy(drawn["known"])
        looked_up = None
        if kind in ("discriminator", "generator"):
            looked_up = [
                [codes[own] for own in rows.values()] for codes in self._table
            ]
        parts = {part: rows[part] for part in self._model.parts}
        if kind == "generator":
            parts.pop("positive", None)
        inputs = self._inputs(torch.cat(list(parts.values())))
        sizes = {part: len(own) for part, own in parts.items()}
        losses = self._losses[kind](inputs, sizes, known, looked_up)
        players = [name.removesuffix("_loss") for name in losses]
        self._descend(sum(losses.values()), *players)
        return losses

    def _pretrain(self, inputs, sizes, known, looked_up):
        uniform = torch.zeros(known.shape).masked_fill(known, -1e9)
        shares = 2 * [torch.softmax(uniform, 1)]
        judged = self._compare("discriminator", inputs, sizes)
        margin = self._objective.uniform_margin
        loss = _discriminator_loss(judged, shares, known, margin)
        return {"discriminator_loss": loss}

    def _discriminator(self, inputs, sizes, known, looked_up):
        shares = self._shares(_compared(_measured_parts(looked_up)))
        judged = self._compare("discriminator", inputs, sizes)
        margin = self._objective.margin
        loss = _discriminator_loss(judged, shares, known, margin)
        return {"discriminator_loss": loss}

    def _generator(self, inputs, sizes, known, looked_up):
        generated = self._compare("generator", inputs, sizes)
        judged = _compared(_measured_parts(looked_up))
        return {"generator_loss": self._generator_loss(generated, judged)}

    def _adversarial(self, inputs, sizes, known, looked_up):
        generated = self._compare(
            "generator", *_without_positives(inputs, sizes)
        )
        judged = self._compare("discriminator", inputs, sizes)
        shares = [share.detach() for share in self._shares(generated)]
        margin = self._objective.margin
        return {
            "discriminator_loss": _discriminator_loss(
                judged, shares, known, margin
            ),
            "generator_loss": self._generator_loss(generated, judged),
        }

    def _compare(self, player, inputs, sizes) -> list[Compared]:
        return _compared(_codes(self._players[player], inputs, sizes))

    def _shares(self, generated) -> list[torch.Tensor]:
        """Eq. (4) in both directions, [B, P] each."""
        temperature = self._objective.temperature
        return [torch.softmax(-one.pool / temperature, 1) for one in generated]

    def _generator_loss(self, generated, judged) -> torch.Tensor:
        objective = self._objective
        loss = 0.0
        for own, judge in zip(generated, judged, strict=True):
            scores = _scores(judge, objective.margin)
            rewards = functional.softplus(scores).detach()
            log_shares = torch.log_softmax(-own.pool / objective.temperature, 1)
            advantage = rewards - rewards.mean(1, keepdim=True)
            advantage = (
                advantage - objective.entropy_weight * log_shares.detach()
            )
            loss = loss - (log_shares.exp() * advantage).sum(1).mean()
        return loss


def _codes(
    pathways: tuple[nn.Module, nn.Module], inputs, sizes: Mapping[str, int]
) -> tuple[Codes, Codes]:
    """Encodes both modalities once; what was not drawn is the query again."""
    found = []
    for pathway, features in zip(pathways, inputs, strict=True):
        codes = _measured(pathway(features)).split(list(sizes.values()))
        parts = dict(zip(sizes, codes, strict=True))
        query = parts["index"]
        found.append(
            Codes(query, parts.get("positive", query), parts.get("pool", query))
        )
    return tuple(found)


def _without_positives(inputs, sizes):
    """Rows of queries and pool, which a generator encodes."""
    if "positive" not in sizes:
        return inputs, sizes
    kept = {part: size for part, size in sizes.items() if part != "positive"}
    found = []
    for features in inputs:
        parts = dict(
            zip(sizes, features.split(list(sizes.values())), strict=True)
        )
        found.append(torch.cat([parts[part] for part in kept]))
    return found, kept


def _measured(codes: torch.Tensor) -> torch.Tensor:
    """`ugach.losses.normalized_codes`."""
    length = codes.shape[1] ** 0.5 / 2.0
    return functional.normalize(2.0 * codes - 1.0, dim=1, eps=1e-6) * length


def _measured_parts(looked_up) -> tuple[Codes, ...]:
    return tuple(Codes(*map(_measured, parts)) for parts in looked_up)


def _compared(codes: tuple[Codes, Codes]) -> list[Compared]:
    """Image queries over texts, then text queries over images."""
    image, text = codes
    return [
        Compared(
            (query.query - other.positive).square().sum(1),
            _distances(query.query, other.pool),
        )
        for query, other in ((image, text), (text, image))
    ]


def _discriminator_loss(judged, shares, known, margin) -> torch.Tensor:
    loss = 0.0
    for one, share in zip(judged, shares, strict=True):
        share = share.masked_fill(known, 0.0)
        loss = loss + (share * _scores(one, margin)).sum(1).mean()
    return loss


def _scores(compared, margin) -> torch.Tensor:
    """Eq. (6), [B, P]."""
    return torch.relu(margin + compared.positive[:, None] - compared.pool)


def _distances(queries, candidates) -> torch.Tensor:
    return (
        queries.square().sum(1)[:, None]
        + candidates.square().sum(1)[None, :]
        - 2.0 * queries @ candidates.T
    )
