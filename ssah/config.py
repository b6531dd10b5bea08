"""Settings of SSAH: what the paper would have to state to be reproduced."""

import dataclasses

from common.backbones import choice
from common.models import lengths
from common.models import settings
from common.models.settings import setting

# Where settings leave the length of a training to the training rows.
_EPOCH_STEPS = 100
_BATCH_SIZES = (32, 128)
_ROUNDS = 20
_LEAST_STEPS = 2000
_MOST_REPEATS = 5
# Factor that the rates have fallen by after all rounds.
_LAST_RATE = 0.1


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of one training run; `ssah/README.md` gives the reasons."""

    bits: int = setting(64, "K, the code length.", minimum=1)
    labnet: bool = setting(
        True, "False is SSAH-1: ImgNet and TxtNet guide each other."
    )
    backbone: str = setting(
        "none",
        "none: images are features; small, cnn_f, vgg19: they are pixels, "
        "and ImgNet begins with this network and trains it.",
        choices=choice.NAMES,
    )
    backbone_weights: str = setting(
        "", "File of the backbone's first weights; empty draws them."
    )
    text_network: str = setting(
        "multiscale",
        "multiscale: pooled words, then dense layers; mlp3: SSAH-2, three "
        "dense layers.",
        choices=("multiscale", "mlp3"),
    )
    adversarial: bool = setting(True, "False is SSAH-3: no discriminators.")
    alternation: str = setting(
        "network",
        "network: the players train for whole epochs in turn; iteration: all "
        "of them at every batch, as in Algorithm 1, for `imgnet_epochs` a "
        "round.",
        choices=("network", "iteration"),
    )
    labnet_adversarial: bool = setting(
        False, "LabNet minimises -L_adv of Eq. (7) as well."
    )
    pair_loss: str = setting(
        "nll",
        "nll: Eqs. (3)-(4); squared: the release's half square of it.",
        choices=("nll", "squared"),
    )
    similarity_smoothing: float = setting(
        0.999, "S of similar pairs, at most 1.", minimum=0
    )
    normalization: str = setting(
        "mean",
        "mean: weights apply to means over bank, bits and labels; sum: to the "
        "sums of Eqs. (3)-(4).",
        choices=("mean", "sum"),
    )
    feature_pair_weight: float = setting(
        1.0, "Weight of J1, the pairs of features.", minimum=0
    )
    hash_pair_weight: float = setting(
        1.0, "Weight of J2, the pairs of codes.", minimum=0
    )
    feature_pair_offset: float = setting(
        0.0, "Taken off half inner products of features.", minimum=0
    )
    hash_pair_offset: float = setting(
        2.0, "Taken off half inner products of codes.", minimum=0
    )
    theta_bits: float = setting(
        32.0,
        "Theta of codes counts as that of so many bits, whatever K is; 0: as "
        "printed, it grows with K.",
        minimum=0,
    )
    quantization_weight: float = setting(
        0.3, "Weight of J3, the distance from B.", minimum=0
    )
    classification_weight: float = setting(
        10.0, "Weight of J4, the predicted labels.", minimum=0
    )
    adversarial_weight: float = setting(
        0.01, "Weight of Eq. (7) for ImgNet and TxtNet.", minimum=0
    )
    quantization_target: str = setting(
        "joint",
        "joint: B is the sign of the networks' summed codes; own: of a "
        "network's own.",
        choices=("joint", "own"),
    )
    discriminator_loss: str = setting(
        "cross_entropy",
        "cross_entropy: the release's; squares: Eq. (5).",
        choices=("cross_entropy", "squares"),
    )
    multi_scale_levels: str = setting(
        "released",
        "released: windows of 5 to 50 words; paper: of 1 to 10.",
        choices=("released", "paper"),
    )
    word_order: str = setting(
        "labels",
        "Neighbours in windows. labels: words of the same label; vocabulary: "
        "as the data set has them.",
        choices=("labels", "vocabulary"),
    )
    sum_levels: bool = setting(
        True, "Pooled levels start as sums over windows, not as averages."
    )
    resize_levels: bool = setting(
        False, "Stretch pooled levels back to the bag of words' width."
    )
    feature_units: int = setting(
        512, "s, width of the semantic features.", minimum=1
    )
    label_hidden_units: int = setting(
        512, "Width of LabNet's hidden layer.", minimum=1
    )
    image_hidden_units: int = setting(
        0, "Width of ImgNet's hidden layer; 0 has none.", minimum=0
    )
    text_hidden_units: int = setting(
        1024, "Width of TxtNet's hidden layer.", minimum=1
    )
    discriminator_first_units: int = setting(
        512, "Width of a discriminator's first layer.", minimum=1
    )
    discriminator_second_units: int = setting(
        256, "Width of a discriminator's second layer.", minimum=1
    )
    initializer: str = setting(
        "glorot_uniform",
        "Initial kernels; normal has a standard deviation of 0.01.",
        choices=("glorot_uniform", "normal"),
    )
    response_normalization: bool = setting(
        False, "Normalise responses in LabNet and TxtNet, as the release."
    )
    feature_scaling: str = setting(
        "unit",
        "unit: inputs become unit vectors times a constant; none: raw.",
        choices=("none", "unit"),
    )
    optimizer: str = setting(
        "adam", "Optimizer of all players.", choices=("adam", "sgd")
    )
    labnet_learning_rate: float = setting(
        1e-3, "LabNet's rate in the first round.", minimum=0
    )
    imgnet_learning_rate: float = setting(
        3e-3, "ImgNet's rate in the first round.", minimum=0
    )
    txtnet_learning_rate: float = setting(
        3e-3, "TxtNet's rate in the first round.", minimum=0
    )
    discriminator_learning_rate: float = setting(
        1e-3, "The discriminators' rate in the first round.", minimum=0
    )
    learning_rate_decay: float = setting(
        0.0,
        "Factor applied to every rate after each round; 0 takes the one that "
        "leaves a tenth after all rounds.",
        minimum=0,
    )
    batch_size: int = setting(
        0,
        "Items in a batch; 0 takes a hundredth of the training rows, at least "
        "32 and at most 128.",
        minimum=0,
    )
    rounds: int = setting(
        0,
        "Outer iterations of Algorithm 1; 0 takes 20, and with few training "
        "rows as many times 20 as make 2,000 steps.",
        minimum=0,
    )
    first_labnet_epochs: int = setting(
        20, "Epochs of LabNet in the first round.", minimum=1
    )
    labnet_epochs: int = setting(
        1, "Epochs of LabNet in every later round.", minimum=0
    )
    imgnet_epochs: int = setting(1, "Epochs of ImgNet per round.", minimum=1)
    txtnet_epochs: int = setting(1, "Epochs of TxtNet per round.", minimum=1)
    discriminator_epochs: int = setting(
        1, "Epochs of the discriminators per round but the last.", minimum=1
    )

    def __post_init__(self):
        settings.check(self)
        if self.similarity_smoothing > 1:
            raise ValueError(
                "similarity_smoothing must be at most 1; received "
                f"{self.similarity_smoothing}."
            )
        if self.alternation == "iteration" and not self.labnet:
            raise ValueError(
                "Without a LabNet the networks guide each other in turn; "
                "received labnet False and alternation 'iteration'."
            )

    def for_rows(self, count: int) -> "Config":
        """These settings with nothing left to the number of training rows.

        Args:
            count: Training rows, at least 1.
        """
        batch_size = self.batch_size or lengths.batch_size(
            count, _EPOCH_STEPS, *_BATCH_SIZES
        )
        rounds = self.rounds
        if not rounds:
            steps = _ROUNDS * self._round_epochs * max(1, count // batch_size)
            rounds = _ROUNDS * lengths.repeats(
                steps, _LEAST_STEPS, _MOST_REPEATS
            )
        decay = self.learning_rate_decay or _LAST_RATE ** (1 / rounds)
        return dataclasses.replace(
            self,
            batch_size=batch_size,
            rounds=rounds,
            learning_rate_decay=decay,
        )

    @property
    def _round_epochs(self) -> int:
        """Epochs of a round but the first, all players counted."""
        if self.alternation == "iteration":
            return self.imgnet_epochs * (3 + self.adversarial)
        epochs = self.imgnet_epochs + self.txtnet_epochs
        if self.labnet:
            epochs += self.labnet_epochs
        if self.adversarial:
            epochs += self.discriminator_epochs
        return epochs


PRESETS = {
    "default": Config(),
    # The CVPR 2018 text: widths of Section 3.6, Eqs. (3)-(5) as printed, SGD,
    # batches of 128 and the weights of Section 4.2 on sums. It gives a range
    # of rates, 1e-4 to 1e-8, and no number of iterations.
    "paper": Config(
        pair_loss="nll",
        similarity_smoothing=1.0,
        normalization="sum",
        feature_pair_weight=1.0,
        hash_pair_weight=1.0,
        feature_pair_offset=0.0,
        hash_pair_offset=0.0,
        theta_bits=0.0,
        quantization_weight=1e-4,
        classification_weight=1e-4,
        adversarial_weight=1.0,
        quantization_target="joint",
        discriminator_loss="squares",
        alternation="iteration",
        labnet_adversarial=True,
        multi_scale_levels="paper",
        word_order="vocabulary",
        sum_levels=False,
        resize_levels=True,
        feature_units=512,
        label_hidden_units=4096,
        image_hidden_units=0,
        text_hidden_units=4096,
        discriminator_first_units=4096,
        discriminator_second_units=4096,
        initializer="glorot_uniform",
        response_normalization=False,
        feature_scaling="none",
        optimizer="sgd",
        labnet_learning_rate=1e-4,
        imgnet_learning_rate=1e-4,
        txtnet_learning_rate=1e-4,
        discriminator_learning_rate=1e-4,
        learning_rate_decay=1.0,
        batch_size=128,
        rounds=5,
        first_labnet_epochs=10,
        labnet_epochs=10,
        imgnet_epochs=10,
        txtnet_epochs=10,
        discriminator_epochs=1,
    ),
    # The authors' code: half squares of the pair losses, S times .999, B from
    # a network's own signs, small discriminators, Adam and rates that fall by
    # the root of 10. Epochs of a round are the most that the stages of one of
    # its outer epochs take together; its adversarial term never reached a
    # network, so its weight is 0.
    "released": Config(
        pair_loss="squared",
        similarity_smoothing=0.999,
        normalization="sum",
        feature_pair_weight=1.0,
        hash_pair_weight=1.0,
        feature_pair_offset=0.0,
        hash_pair_offset=0.0,
        theta_bits=0.0,
        quantization_weight=0.5,
        classification_weight=0.5,
        adversarial_weight=0.0,
        quantization_target="own",
        discriminator_loss="cross_entropy",
        alternation="network",
        labnet_adversarial=False,
        multi_scale_levels="released",
        word_order="vocabulary",
        sum_levels=False,
        resize_levels=True,
        feature_units=512,
        label_hidden_units=4096,
        image_hidden_units=0,
        text_hidden_units=4096,
        discriminator_first_units=512,
        discriminator_second_units=256,
        initializer="normal",
        response_normalization=True,
        feature_scaling="none",
        optimizer="adam",
        labnet_learning_rate=1e-2,
        imgnet_learning_rate=3.2e-5,
        txtnet_learning_rate=3.2e-4,
        discriminator_learning_rate=1e-3,
        learning_rate_decay=0.316,
        batch_size=128,
        rounds=3,
        first_labnet_epochs=15,
        labnet_epochs=15,
        imgnet_epochs=27,
        txtnet_epochs=27,
        discriminator_epochs=2,
    ),
}
