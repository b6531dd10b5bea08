"""Settings of SSAH: what the paper would have to state to be reproduced."""

import dataclasses

from common import settings
from common.settings import setting


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of one training run; `ssah/README.md` gives the reasons."""

    bits: int = setting(64, "K, the code length.", minimum=1)
    labnet: bool = setting(
        True, "False is SSAH-1: ImgNet and TxtNet guide each other."
    )
    text_network: str = setting(
        "multiscale",
        "multiscale: pooled words, then dense layers; mlp3: SSAH-2, three "
        "dense layers.",
        choices=("multiscale", "mlp3"),
    )
    adversarial: bool = setting(True, "False is SSAH-3: no discriminators.")
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
    quantization_weight: float = setting(
        0.01, "Weight of J3, the distance from B.", minimum=0
    )
    classification_weight: float = setting(
        0.1, "Weight of J4, the predicted labels.", minimum=0
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
        1e-4, "ImgNet's rate in the first round.", minimum=0
    )
    txtnet_learning_rate: float = setting(
        3e-4, "TxtNet's rate in the first round.", minimum=0
    )
    discriminator_learning_rate: float = setting(
        1e-3, "The discriminators' rate in the first round.", minimum=0
    )
    learning_rate_decay: float = setting(
        0.8, "Factor applied to every rate after each round.", minimum=0
    )
    batch_size: int = setting(128, "Items in a batch.", minimum=1)
    rounds: int = setting(10, "Outer iterations of Algorithm 1.", minimum=1)
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


PRESETS = {"default": Config()}
