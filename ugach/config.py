"""Settings of UGACH: what the paper would have to state to be reproduced."""

import dataclasses

from common.models import lengths
from common.models import settings
from common.models.settings import setting

MODES = ("baseline", "baseline_gan", "ugach")
# Where settings leave the length of a training to the training rows.
_EPOCHS = 12
_EPOCH_STEPS = 200
_LEAST_STEPS = 5000
_MOST_REPEATS = 30
_BATCH_SIZES = (32, 256)
# Training rows up to which minutes find all neighbours.
_MOST_EXACT = 50_000
_GRAPH_SIZE = 20
# Neighbours are no neighbours where they are a large part of all rows.
_GRAPH_SHARE = 10


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of one training run; `ugach/README.md` gives the reasons."""

    bits: int = setting(64, "K, the code length.", minimum=1)
    mode: str = setting(
        "ugach",
        "baseline: triplet loss on pairs; baseline_gan: adds the adversary; "
        "ugach: adds the correlation graph.",
        choices=MODES,
    )
    hidden_units: int = setting(
        512, "Width of the common representation layer.", minimum=1
    )
    initializer: str = setting(
        "glorot_uniform",
        "Initial kernels.",
        choices=("glorot_uniform", "truncated_normal"),
    )
    feature_scaling: str = setting(
        "unit",
        "unit: inputs become unit vectors times a constant; none: raw.",
        choices=("none", "unit"),
    )
    code_metric: str = setting(
        "cosine",
        "Distance of relaxed codes: euclidean, or cosine of the codes about "
        "their threshold, at the scale of Hamming distances.",
        choices=("euclidean", "cosine"),
    )
    margin: float = setting(0.0, "m of Eq. (6), the part without K.", minimum=0)
    margin_per_bit: float = setting(
        0.75, "m of Eq. (6) grows by this with each bit.", minimum=0
    )
    uniform_margin_per_bit: float = setting(
        0.5,
        "The same where candidates are uniform: Baseline and pretraining.",
        minimum=0,
    )
    graph_size: int = setting(
        0,
        "k of Eq. (5), neighbours per modality; 0 takes a tenth of the "
        "training rows, at most 20.",
        minimum=0,
    )
    graph_metric: str = setting(
        "cosine", "Distance of the graph.", choices=("euclidean", "cosine")
    )
    graph_builder: str = setting(
        "auto",
        "exact: all neighbours; approximate: nearly all, many times faster; "
        "auto: approximate above 50,000 training rows.",
        choices=("auto", "exact", "approximate"),
    )
    graph: str = setting(
        "",
        "The graph.npz of beam_graph, over the training rows or all rows of "
        "the data set; empty: neighbours are found here.",
        path=True,
    )
    pair_share: float = setting(
        0.3,
        "Share of positives that are the pair itself.",
        minimum=0,
        maximum=1,
    )
    batch_size: int = setting(
        0,
        "Queries of each modality; 0 takes a 200th of the training rows, at "
        "least 32 and at most 256.",
        minimum=0,
    )
    pool_size: int = setting(
        0, "Candidates drawn per batch; 0 takes the batch itself.", minimum=0
    )
    temperature: float = setting(
        0.0, "Divides the distances of Eq. (4), the part without K.", minimum=0
    )
    temperature_per_bit: float = setting(
        0.25, "The temperature grows by this with each bit.", minimum=0
    )
    discriminator_loss: str = setting(
        "hinge",
        "hinge: f of Eq. (6); log: Eq. (8) where a generator selects.",
        choices=("hinge", "log"),
    )
    generator_gradient: str = setting(
        "expected",
        "expected: Eq. (10) summed over the pool; sampled: its last line; "
        "pair_softmax: the release's, over the selected items only.",
        choices=("expected", "sampled", "pair_softmax"),
    )
    negatives: str = setting(
        "expected",
        "expected: Eq. (8) summed over the pool; sampled: num_samples draws.",
        choices=("expected", "sampled"),
    )
    known_candidates: str = setting(
        "spared",
        "spared: a query's positives can be selected and cost nothing; "
        "excluded: they are never selected, as in the release; kept: they "
        "count as negatives where a generator selects them, as in the text.",
        choices=("spared", "excluded", "kept"),
    )
    num_samples: int = setting(
        2, "Draws per query where something is sampled.", minimum=1
    )
    reward: str = setting(
        "softplus",
        "softplus: Eq. (10); sigmoid: the release's.",
        choices=("softplus", "sigmoid"),
    )
    entropy_weight: float = setting(
        1.0,
        "Weight of the generator's entropy, in units of the temperature; only "
        "with generator_gradient=expected.",
        minimum=0,
    )
    generator_start: str = setting(
        "discriminator",
        "Generator's first weights: the pretrained discriminator's or random.",
        choices=("discriminator", "random"),
    )
    optimizer: str = setting(
        "adam", "Optimizer of both players.", choices=("adam", "sgd")
    )
    pretrain_learning_rate: float = setting(
        1e-3, "Rate of the discriminator while it is pretrained.", minimum=0
    )
    discriminator_learning_rate: float = setting(
        1e-3, "Initial rate of the discriminator after that.", minimum=0
    )
    generator_learning_rate: float = setting(
        4e-3, "Initial rate of the generator.", minimum=0
    )
    learning_rate_decay: float = setting(
        0.5, "Factor applied every decay_epochs.", minimum=0
    )
    decay_epochs: int = setting(
        0,
        "Adversarial epochs between two decays; 0 takes a quarter of epochs.",
        minimum=0,
    )
    minimum_learning_rate: float = setting(
        0.0, "Floor of the decaying rates.", minimum=0
    )
    weight_decay: float = setting(
        0.0, "Half the squared kernels, times this, joins each loss.", minimum=0
    )
    pretrain_epochs: int = setting(
        2, "Epochs of the discriminator on random candidates.", minimum=0
    )
    epochs: int = setting(
        0,
        "Epochs of the discriminator after pretraining; 0 takes 12, and with "
        "few training rows as many times 12, and times pretrain_epochs, as "
        "make 5,000 steps.",
        minimum=0,
    )
    alternation: str = setting(
        "batch",
        "batch: both players train on every batch; epoch: in turn.",
        choices=("batch", "epoch"),
    )
    generator_epochs: int = setting(
        1,
        "Epochs of the generator after each of the discriminator's; only with "
        "alternation=epoch.",
        minimum=1,
    )

    def __post_init__(self):
        settings.check(self)
        if not self.total_temperature:
            raise ValueError(
                "temperature and temperature_per_bit must not both be 0."
            )

    def for_rows(self, count: int) -> "Config":
        """These settings with nothing left to the number of training rows.

        Args:
            count: Training rows, at least 1.
        """
        batch_size = self.batch_size or lengths.batch_size(
            count, _EPOCH_STEPS, *_BATCH_SIZES
        )
        epochs, pretrain_epochs = self.epochs, self.pretrain_epochs
        if not epochs:
            steps = (_EPOCHS + pretrain_epochs) * max(1, count // batch_size)
            times = lengths.repeats(steps, _LEAST_STEPS, _MOST_REPEATS)
            epochs, pretrain_epochs = _EPOCHS * times, pretrain_epochs * times
        graph_size = min(_GRAPH_SIZE, max(1, count // _GRAPH_SHARE))
        return dataclasses.replace(
            self,
            graph_size=self.graph_size or graph_size,
            batch_size=batch_size,
            epochs=epochs,
            pretrain_epochs=pretrain_epochs,
            decay_epochs=self.decay_epochs or max(1, epochs // 4),
            graph_builder=self._builder(count),
        )

    def _builder(self, count: int) -> str:
        if self.graph_builder != "auto":
            return self.graph_builder
        return "approximate" if count > _MOST_EXACT else "exact"

    def check_training_rows(self, count: int) -> None:
        """Refuses settings that do not fit the number of training rows.

        Raises:
            ValueError: Names the setting, what it is and what it may be.
        """
        most = {"batch_size": count, "pool_size": count}
        if self.mode == "ugach":
            most["graph_size"] = count - 1
        for name, limit in most.items():
            if getattr(self, name) > limit:
                raise ValueError(
                    f"{name} must be at most {limit} with {count} training "
                    f"rows; received {getattr(self, name)}."
                )
        # A query's own pair is no negative, so one candidate is none.
        batch_size = self.for_rows(count).batch_size
        if (self.pool_size or batch_size) == 1:
            raise ValueError(
                "A pool needs at least 2 candidates; received pool_size "
                f"{self.pool_size} and batch_size {batch_size}."
            )

    @property
    def total_margin(self) -> float:
        """The margin of Eq. (6) at this code length."""
        return self.margin + self.margin_per_bit * self.bits

    @property
    def total_temperature(self) -> float:
        """The temperature of Eq. (4) at this code length."""
        return self.temperature + self.temperature_per_bit * self.bits

    @property
    def total_uniform_margin(self) -> float:
        """The margin of Eq. (6) where no generator selects."""
        return self.margin + self.uniform_margin_per_bit * self.bits


PRESETS = {
    "default": Config(),
    # The AAAI 2018 text: 4096 units, m = 1, batches of 64, a rate of .01 that
    # falls by 10 every two epochs, Eq. (4) without temperature, Eq. (8) as
    # written and Eq. (10) by its last line. k, the optimizer, the pool and
    # the number of epochs are not stated; these are the release's, but for
    # its 30 epochs, after which the stated rate would be 1e-16. First weights
    # are not stated either; the release's saturate tanh and sigmoid.
    "paper": Config(
        hidden_units=4096,
        initializer="glorot_uniform",
        margin=1.0,
        margin_per_bit=0.0,
        uniform_margin_per_bit=0.0,
        graph_size=5,
        graph_metric="euclidean",
        graph_builder="exact",
        pair_share=0.0,
        feature_scaling="none",
        code_metric="euclidean",
        batch_size=64,
        pool_size=300,
        temperature=1.0,
        temperature_per_bit=0.0,
        discriminator_loss="log",
        generator_gradient="sampled",
        entropy_weight=0.0,
        negatives="sampled",
        known_candidates="kept",
        num_samples=2,
        reward="softplus",
        generator_start="discriminator",
        weight_decay=0.0,
        alternation="epoch",
        generator_epochs=1,
        optimizer="sgd",
        pretrain_learning_rate=0.01,
        discriminator_learning_rate=0.01,
        generator_learning_rate=0.01,
        learning_rate_decay=0.1,
        decay_epochs=2,
        minimum_learning_rate=0.0,
        pretrain_epochs=2,
        epochs=8,
    ),
    # The authors' code: 8192 units, m = K / 8, hinge, the softmax over the
    # two selected items, sigmoid rewards, weight decay, a constant rate and a
    # generator that starts at random and trains two epochs to the
    # discriminator's one. Its batch of one query is 64 here. Its lists are 5
    # by image and 5 by text with the item itself in both: the pair, of 1/5 of
    # the probability, and 4 others each.
    "released": Config(
        hidden_units=8192,
        initializer="truncated_normal",
        margin=0.0,
        margin_per_bit=0.125,
        uniform_margin_per_bit=0.125,
        graph_size=4,
        graph_metric="euclidean",
        graph_builder="exact",
        pair_share=0.1,
        feature_scaling="none",
        code_metric="euclidean",
        batch_size=64,
        pool_size=300,
        temperature=1.0,
        temperature_per_bit=0.0,
        discriminator_loss="hinge",
        generator_gradient="pair_softmax",
        entropy_weight=0.0,
        negatives="sampled",
        known_candidates="excluded",
        reward="sigmoid",
        generator_start="random",
        alternation="epoch",
        optimizer="sgd",
        pretrain_learning_rate=0.01,
        discriminator_learning_rate=0.001,
        generator_learning_rate=0.01,
        learning_rate_decay=1.0,
        decay_epochs=2,
        minimum_learning_rate=0.0,
        num_samples=2,
        weight_decay=0.01,
        pretrain_epochs=2,
        epochs=30,
        generator_epochs=2,
    ),
}
