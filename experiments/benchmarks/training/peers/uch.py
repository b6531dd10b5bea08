"""UCH's Algorithm 1 in PyTorch, exact.

What two updates need of the same weights and the same batch is computed once,
as XLA does with the Keras model's step.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from common.data import arrays
from experiments.benchmarks.training.peers import layers
from experiments.benchmarks.training.peers import networks
from experiments.benchmarks.training.peers import peer
from uch import model as uch_model
from uch import objective as uch_objective

_EPSILON = 1e-6


class Pair(NamedTuple):
    """The same thing of images and of the texts paired with them."""

    image: torch.Tensor
    text: torch.Tensor

    def detached(self) -> "Pair":
        """The same without a gradient."""
        return Pair(self.image.detach(), self.text.detach())


class Generator:
    """`uch.networks.Generator`, cut where its middle is standardised.

    Args:
        copies: What makes the copies.
        generator: The Keras layer.
    """

    def __init__(self, copies: networks.Copies, generator):
        *dense, last = copies.sequence(generator.encoder)
        self._standardization = None
        if isinstance(dense[-1], layers.Standardization):
            self._standardization = dense.pop()
        self.dense = nn.Sequential(*dense)
        self._activation = last
        self.decoder = copies.sequence(generator.decoder)

    def middle(
        self, before: torch.Tensor, training: bool = False
    ) -> torch.Tensor:
        """What follows the encoder's dense layers, [n, m] to [n, m]."""
        if self._standardization is not None:
            before = self._standardization(before, training)
        return self._activation(before)

    def __call__(self, items: torch.Tensor) -> torch.Tensor:
        """Generates the other modality, [n, d] to [n, d']."""
        return self.decoder(self.middle(self.dense(items)))


class Cycle:
    """`uch.cycles.Cycle`.

    Args:
        copies: What makes the copies.
        cycle: The Keras layer.
    """

    def __init__(self, copies: networks.Copies, cycle):
        self._image_to_text = Generator(copies, cycle.image_to_text)
        self._text_to_image = Generator(copies, cycle.text_to_image)
        self._judges = (
            copies.sequence(cycle.image_discriminator),
            copies.sequence(cycle.text_discriminator),
        )

    def dense(self, real: Pair) -> Pair:
        """Z or H before it is standardised."""
        return Pair(
            self._image_to_text.dense(real.image),
            self._text_to_image.dense(real.text),
        )

    def middle(self, before: Pair, training: bool = False) -> Pair:
        """Z or H."""
        return Pair(
            self._image_to_text.middle(before.image, training),
            self._text_to_image.middle(before.text, training),
        )

    def generate(self, middle: Pair) -> Pair:
        """Each modality as the other one's generator makes it."""
        return Pair(
            self._text_to_image.decoder(middle.text),
            self._image_to_text.decoder(middle.image),
        )

    def back(self, fake: Pair) -> Pair:
        """What the generators make of generated items."""
        return Pair(
            self._text_to_image(fake.text), self._image_to_text(fake.image)
        )

    def judge(self, items: Pair) -> Pair:
        """Logits of the discriminators."""
        return Pair(
            *(
                judge(own)
                for judge, own in zip(self._judges, items, strict=True)
            )
        )


class UCHPeer(peer.Peer):
    """Encoders and both cycles; see `peer.Peer` for the arguments.

    Raises:
        ValueError: Images are pixels, a cycle has no discriminators, or their
            losses are squares.
    """

    def __init__(
        self,
        model: uch_model.UCH,
        data: arrays.CrossModalData,
        compiled: bool = False,
    ):
        super().__init__(model, data, compiled)
        peer.require(
            model.config,
            backbone="none",
            outer_adversarial=True,
            inner_adversarial=True,
        )
        if model.config.gan_loss == "squares":
            raise ValueError("The peer in PyTorch has no least squares.")
        self._couple = model.config.couple
        self._standardize = model.config.standardize
        self._encoders = (
            self._copies.sequence(model.image_encoder),
            self._copies.sequence(model.text_encoder),
        )
        self._cycles = {
            name: Cycle(self._copies, getattr(model, name))
            for name in ("outer", "inner")
        }
        self._objectives = {
            "outer": model.outer_objective,
            "inner": model.inner_objective,
        }
        for name in (
            "_encode",
            "_generate",
            "_represent",
            "_before_codes",
            "_judge",
            "_outer_loss",
            "_inner_loss",
        ):
            setattr(self, name, self._function(getattr(self, name)))

    def step(
        self, kind: str, drawn: Mapping[str, np.ndarray]
    ) -> dict[str, torch.Tensor]:
        """One iteration of Algorithm 1, see `peer.Peer.step`."""
        image, text = self._inputs(peer.indices(drawn["index"]))
        with self._learning(*_generators("outer")):
            real, before = self._encode(image, text)
        found = self._update("outer", real, before)
        with torch.no_grad():
            real = self._represent(image, text)
        with self._learning(*_generators("inner")):
            before = self._before_codes(real)
        return found | self._update("inner", real, before)

    def _update(self, name, real, before) -> dict[str, torch.Tensor]:
        """A cycle's discriminators, and then its generators."""
        players = _generators(name)
        with (
            self._learning(*players),
            torch.set_grad_enabled(not self._standardize),
        ):
            middle, fake = self._generate(name, before, False)
        judged = self._judge(name, real.detached(), fake.detached())
        self._descend(
            judged, f"image_{name}_discriminator", f"text_{name}_discriminator"
        )
        with self._learning(*players):
            if self._standardize:
                # By the batch, where the discriminators saw running means.
                middle, fake = self._generate(name, before, True)
            loss, terms = getattr(self, f"_{name}_loss")(real, middle, fake)
            self._descend(loss, *players)
        terms = {
            f"{name}_{term}_loss": value.detach()
            for term, value in terms.items()
        }
        return {f"{name}_discriminator_loss": judged.detach(), **terms}

    def _encode(self, image, text) -> tuple[Pair, Pair]:
        """F, and Z before it is standardised."""
        image_encoder, text_encoder = self._encoders
        features = Pair(image_encoder(image), text_encoder(text))
        return features, self._cycles["outer"].dense(features)

    def _represent(self, image, text) -> Pair:
        """Z as it is hashed."""
        _, before = UCHPeer._encode(self, image, text)
        return self._cycles["outer"].middle(before)

    def _before_codes(self, real) -> Pair:
        """H before it is standardised."""
        return self._cycles["inner"].dense(real)

    def _generate(self, name, before, training) -> tuple[Pair, Pair]:
        """Z or H, and what the decoders make of it."""
        middle = self._cycles[name].middle(before, training)
        return middle, self._cycles[name].generate(middle)

    def _judge(self, name, real, fake) -> torch.Tensor:
        """Eqs. (3), (10), times -1."""
        cycle = self._cycles[name]
        return sum(
            (functional.softplus(-own) + functional.softplus(other)).mean()
            for own, other in zip(
                cycle.judge(real), cycle.judge(fake), strict=True
            )
        )

    def _outer_loss(self, real, middle, fake):
        objective = self._objectives["outer"]
        terms = _terms(objective, self._cycles["outer"], real, middle, fake)
        loss = _weighted(objective, terms)
        if self._couple:
            objective, inner = self._objectives["inner"], self._cycles["inner"]
            codes = inner.middle(inner.dense(middle))
            coupled = _terms(
                objective, inner, middle, codes, inner.generate(codes)
            )
            loss = loss + _weighted(objective, coupled)
        return loss, terms

    def _inner_loss(self, real, middle, fake):
        objective = self._objectives["inner"]
        terms = _terms(objective, self._cycles["inner"], real, middle, fake)
        return _weighted(objective, terms), terms


def _generators(name) -> tuple[str, str]:
    return f"image_{name}_generator", f"text_{name}_generator"


def _weighted(objective: uch_objective.Objective, terms) -> torch.Tensor:
    return sum(objective.weights[name] * terms[name] for name in terms)


def _terms(
    objective: uch_objective.Objective,
    cycle: Cycle,
    real: Pair,
    middle: Pair,
    fake: Pair,
) -> dict[str, torch.Tensor]:
    """The terms of the generators that have a weight."""
    targets = real.detached() if objective.fixed_targets else real
    wanted = objective.weights
    terms = {}
    if "adversarial" in wanted:
        terms["adversarial"] = sum(
            _deception(logits, objective.gan_loss)
            for logits in cycle.judge(fake)
        )
    if "reconstruction" in wanted:
        terms["reconstruction"] = _both(objective, targets, cycle.back(fake))
    if "similarity" in wanted:
        terms["similarity"] = _distance(objective, *middle)
    if "translation" in wanted:
        terms["translation"] = _both(objective, targets, fake)
    if "decorrelation" in wanted:
        terms["decorrelation"] = sum(map(_decorrelation, middle))
    if "quantization" in wanted:
        terms["quantization"] = sum(
            _distance(objective, codes.abs(), torch.ones([]))
            for codes in middle
        )
    return terms


def _deception(logits, form) -> torch.Tensor:
    if form == "minimax":
        return -functional.softplus(logits).mean()
    return functional.softplus(-logits).mean()


def _both(objective, targets, found) -> torch.Tensor:
    return sum(
        _distance(objective, *both) for both in zip(targets, found, strict=True)
    )


def _distance(objective, first, second) -> torch.Tensor:
    """Squared distance of rows, mean over the batch and, if set, units."""
    squares = (first - second).square()
    if objective.normalization == "mean":
        return squares.mean()
    return squares.sum(1).mean()


def _decorrelation(values) -> torch.Tensor:
    """`uch.losses.decorrelation_loss` of more than one unit."""
    count, units = values.shape
    centred = values - values.mean(0)
    variance = centred.square().mean(0)
    scaled = centred * torch.rsqrt(variance + _EPSILON)
    squares = (scaled.T @ scaled / count).square()
    return (squares.sum() - squares.trace()) / (units * (units - 1))
