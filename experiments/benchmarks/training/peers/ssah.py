"""SSAH's steps in PyTorch, exact for the default forms of the losses."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from common.data import arrays
from experiments.benchmarks.training.peers import networks
from experiments.benchmarks.training.peers import peer
from ssah import model as ssah_model


class Outputs(NamedTuple):
    """What a network says about a batch."""

    features: torch.Tensor  # [B, s]
    codes: torch.Tensor  # [B, K]
    labels: torch.Tensor  # [B, c]


class Network:
    """LabNet, ImgNet or TxtNet.

    Args:
        copies: What makes the copies.
        network: A `ssah.networks.SemanticNet`.
    """

    def __init__(self, copies: networks.Copies, network):
        self.features = copies.sequence(network.features)
        self._heads = [
            copies.sequence(head)
            for head in (network.code_head, network.label_head)
        ]

    def __call__(self, inputs: torch.Tensor) -> Outputs:
        """Features, codes and predicted labels of [B, d]."""
        features = self.features(inputs)
        return Outputs(features, *(head(features) for head in self._heads))


class SSAHPeer(peer.Peer):
    """Three networks and two discriminators; see `peer.Peer`.

    The bank is that of the model, which must have one for all kinds of steps
    but `discriminators`.

    Raises:
        ValueError: The settings are not those of the default forms.
    """

    def __init__(
        self,
        model: ssah_model.SSAH,
        data: arrays.CrossModalData,
        compiled: bool = False,
    ):
        super().__init__(model, data, compiled)
        peer.require(model.config, labnet=True, quantization_target="joint")
        self._objective = model.objective
        peer.require(
            self._objective,
            labnet_adversarial=False,
            pair_loss="nll",
            normalization="mean",
            discriminator_loss="cross_entropy",
        )
        self._labels = torch.from_numpy(data.labels)
        self._networks = {
            name: Network(self._copies, getattr(model, name))
            for name in model.player_names[:-1]
        }
        self._judges = {
            network: self._copies.sequence(getattr(model, judge))
            for network, judge in (
                ("imgnet", "image_discriminator"),
                ("txtnet", "text_discriminator"),
            )
        }
        # A discriminator that has not learned yet has nothing to say.
        self._learned = torch.tensor(
            int(model.discriminator_optimizer.iterations) > 0
        )
        if model.bank is not None:
            self._bank = Outputs(
                *(
                    torch.tensor(getattr(model.bank, name).numpy())
                    for name in Outputs._fields
                )
            )
            self._targets = torch.tensor(model.bank.targets.numpy())
        self._losses = {
            name: self._function(function)
            for name, function in (
                ("labnet", self._labnet),
                ("imgnet", self._network),
                ("txtnet", self._network),
                ("discriminators", self._discriminators),
            )
        }

    def step(
        self, kind: str, drawn: Mapping[str, np.ndarray]
    ) -> dict[str, torch.Tensor]:
        """A step of the phase `kind`, see `peer.Peer.step`."""
        rows = peer.indices(drawn["index"])
        image, text = self._inputs(rows)
        labels = self._labels[rows].float()
        compute = self._losses[kind]
        if kind == "discriminators":
            loss = compute(image, text, labels)
            self._descend(loss, "discriminator")
            return {"discriminator_loss": loss.detach()}
        targets = self._targets[rows]
        with self._learning(kind):
            if kind == "labnet":
                losses = (compute(labels, targets),)
            else:
                inputs = image if kind == "imgnet" else text
                losses = compute(kind, inputs, labels, targets)
            self._descend(sum(losses), kind)
        names = (f"{kind}_loss", f"{kind}_adversarial_loss")
        return dict(zip(names, losses, strict=False))

    def _labnet(self, labels, targets) -> torch.Tensor:
        outputs = self._networks["labnet"](labels)
        bank = Outputs(outputs.features, outputs.codes, labels)
        return self._pairs_and_heads(outputs, bank, labels, targets)

    def _network(self, name, inputs, labels, targets):
        outputs = self._networks[name](inputs)
        loss = self._pairs_and_heads(outputs, self._bank, labels, targets)
        logits = self._judges[name](outputs.features)
        adversarial = functional.softplus(-logits).mean()
        adversarial = self._objective.adversarial_weight * adversarial
        return loss, torch.where(self._learned, adversarial, 0.0)

    def _discriminators(self, image, text, labels) -> torch.Tensor:
        with torch.no_grad():
            semantic = self._networks["labnet"].features(labels)
            modalities = {
                "imgnet": self._networks["imgnet"].features(image),
                "txtnet": self._networks["txtnet"].features(text),
            }
        loss = 0.0
        for name, features in modalities.items():
            judge = self._judges[name]
            cost = functional.softplus(-judge(semantic))
            cost = cost + functional.softplus(judge(features))
            loss = loss + cost.mean()
        return loss

    def _pairs_and_heads(self, outputs, bank, labels, targets):
        """Eqs. (3)-(4), means over batch, bank, bits and labels."""
        objective = self._objective
        similar = torch.where(
            labels @ bank.labels.T > 0.5, objective.similarity_smoothing, 0.0
        )
        bits = outputs.codes.shape[1]
        scale = objective.theta_bits / bits if objective.theta_bits else 1.0
        features = _pair_loss(
            outputs.features,
            bank.features,
            similar,
            objective.feature_pair_offset,
            1.0,
        )
        codes = _pair_loss(
            outputs.codes,
            bank.codes,
            similar,
            objective.hash_pair_offset,
            scale,
        )
        quantization = (outputs.codes - targets).square().mean()
        classification = (outputs.labels - labels).square().mean()
        return (
            objective.feature_pair_weight * features
            + objective.hash_pair_weight * codes
            + objective.quantization_weight * quantization
            + objective.classification_weight * classification
        )


def _pair_loss(first, second, similar, offset, scale) -> torch.Tensor:
    """Mean negative log-likelihood of the similarities, Eq. (1)."""
    theta = 0.5 * scale * (first @ second.T) - offset
    return (functional.softplus(theta) - similar * theta).mean()
