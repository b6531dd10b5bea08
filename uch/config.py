"""Settings of UCH: what the paper would have to state to be reproduced."""

import dataclasses

from common.backbones import choice
from common.models import lengths
from common.models import settings
from common.models.settings import setting

# Where settings leave the size of a batch to the training rows.
_EPOCH_STEPS = 32
_BATCH_SIZES = (32, 128)


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of one training run; `uch/README.md` gives the reasons."""

    bits: int = setting(64, "K, the code length.", minimum=1)
    backbone: str = setting(
        "none",
        "none: images are features; small, cnn_f, vgg19: they are pixels, "
        "and E^I begins with this network and trains it.",
        choices=choice.NAMES,
    )
    backbone_weights: str = setting(
        "", "File of the backbone's first weights; empty draws them."
    )
    outer_adversarial: bool = setting(True, "False leaves out D_f^I and D_f^T.")
    inner_adversarial: bool = setting(True, "False leaves out D_z^I and D_z^T.")
    outer_cycle: bool = setting(True, "False leaves out Eq. (6).")
    inner_cycle: bool = setting(True, "False leaves out Eq. (12).")
    couple: bool = setting(
        True, "The inner losses reach the encoders and outer generators."
    )
    standardize: bool = setting(
        True, "Centre and scale Z, and H before its tanh, over batches."
    )
    fixed_targets: bool = setting(
        True, "Targets of reconstruction pass no gradient."
    )
    gan_loss: str = setting(
        "cross_entropy",
        "cross_entropy: of Eqs. (4)-(5) and (10)-(11), not saturating for the "
        "generators; minimax: as printed; squares: least squares.",
        choices=("cross_entropy", "minimax", "squares"),
    )
    normalization: str = setting(
        "mean",
        "mean: weights apply to means over the units of F, Z or H; sum: to "
        "the squared norms as printed.",
        choices=("mean", "sum"),
    )
    adversarial_weight: float = setting(
        0.1, "Weight of the generators' adversarial losses.", minimum=0
    )
    outer_reconstruction_weight: float = setting(
        1.0, "Weight of Eq. (6).", minimum=0
    )
    outer_similarity_weight: float = setting(
        1.0, "Weight of Eq. (7).", minimum=0
    )
    outer_translation_weight: float = setting(
        1.0, "Weight of generating the pair's own features.", minimum=0
    )
    outer_decorrelation_weight: float = setting(
        3.0, "Weight of the correlations between units of Z.", minimum=0
    )
    inner_reconstruction_weight: float = setting(
        1.0, "Weight of Eq. (12).", minimum=0
    )
    inner_similarity_weight: float = setting(
        1.0, "Weight of Eq. (13).", minimum=0
    )
    inner_translation_weight: float = setting(
        1.0, "Weight of generating the pair's own representation.", minimum=0
    )
    inner_decorrelation_weight: float = setting(
        0.1, "Weight of the correlations between bits.", minimum=0
    )
    quantization_weight: float = setting(
        0.5, "Weight of the distance of H from -1 and 1.", minimum=0
    )
    text_feature_units: int = setting(
        300, "Width of F^T, at most that of the bag of words.", minimum=1
    )
    outer_hidden_units: int = setting(
        512,
        "Width of the outer generators' hidden layers, at most that of the "
        "image features.",
        minimum=1,
    )
    representation_units: int = setting(
        256, "Width of Z, at most that of the image features.", minimum=1
    )
    inner_hidden_units: int = setting(
        128,
        "Width of the inner generators' hidden layers, at most that of Z.",
        minimum=1,
    )
    outer_discriminator_units: int = setting(
        256,
        "Width of the hidden layer of D_f^I and D_f^T, at most that of the "
        "image features.",
        minimum=1,
    )
    inner_discriminator_units: int = setting(
        128,
        "Width of the hidden layer of D_z^I and D_z^T, at most that of Z.",
        minimum=1,
    )
    discriminator_outputs: int = setting(
        32, "Logits of every discriminator.", minimum=1
    )
    feature_scaling: str = setting(
        "unit",
        "unit: inputs become unit vectors times a constant; none: raw.",
        choices=("none", "unit"),
    )
    optimizer: str = setting(
        "adam", "Optimizer of all players.", choices=("adam", "sgd")
    )
    image_learning_rate: float = setting(
        1e-3, "Initial rate of the networks that read images.", minimum=0
    )
    text_learning_rate: float = setting(
        1e-3, "Initial rate of the networks that read texts.", minimum=0
    )
    learning_rate_decay: float = setting(
        0.1, "Factor applied once, after `decay_at` of the epochs.", minimum=0
    )
    decay_at: float = setting(
        0.6, "Share of the epochs at the initial rates.", minimum=0, maximum=1
    )
    weight_decay: float = setting(
        0.1, "Kernels lose this times the rate of themselves.", minimum=0
    )
    batch_size: int = setting(
        0,
        "Pairs in a batch, at most all of them; 0 takes a 32nd of the training "
        "rows, at least 32 and at most 128.",
        minimum=0,
    )
    epochs: int = setting(12, "Passes over the training pairs.", minimum=1)
    collapse_grace_epochs: int = setting(
        3, "Epochs before a collapse stops the run.", minimum=0
    )
    minimum_feature_scale: float = setting(
        1e-3, "Root mean square of F below which it has shrunk.", minimum=0
    )
    minimum_spread: float = setting(
        0.02,
        "Share of Z or H that differs between items, below which it is "
        "constant.",
        minimum=0,
        maximum=1,
    )
    maximum_one_sided_bits: float = setting(
        0.5,
        "Share of bits that may have one value for 95% of the items.",
        minimum=0,
        maximum=1,
    )

    def __post_init__(self):
        settings.check(self)

    def for_rows(self, count: int) -> "Config":
        """These settings with nothing left to the number of training rows.

        Args:
            count: Training rows, at least 1.
        """
        batch_size = self.batch_size or lengths.batch_size(
            count, _EPOCH_STEPS, *_BATCH_SIZES
        )
        return dataclasses.replace(self, batch_size=batch_size)


PRESETS = {
    "default": Config(),
    # The AAAI 2019 text to the letter: Eqs. (17) and (19) without adversarial
    # terms, so that discriminators learn and nobody listens; sums of squares
    # of raw features; gradients through targets; no device that centres Z or
    # H. Optimizer, number of epochs and decay of the rates are not stated.
    "paper": Config(
        outer_adversarial=True,
        inner_adversarial=True,
        outer_cycle=True,
        inner_cycle=True,
        couple=False,
        standardize=False,
        fixed_targets=False,
        gan_loss="minimax",
        normalization="sum",
        adversarial_weight=0.0,
        outer_reconstruction_weight=1.0,
        outer_similarity_weight=1.0,
        outer_translation_weight=0.0,
        outer_decorrelation_weight=0.0,
        inner_reconstruction_weight=1.0,
        inner_similarity_weight=1.0,
        inner_translation_weight=0.0,
        inner_decorrelation_weight=0.0,
        quantization_weight=0.0,
        text_feature_units=300,
        outer_hidden_units=512,
        representation_units=256,
        inner_hidden_units=128,
        outer_discriminator_units=256,
        inner_discriminator_units=128,
        discriminator_outputs=32,
        feature_scaling="none",
        optimizer="adam",
        image_learning_rate=1e-4,
        text_learning_rate=1e-2,
        learning_rate_decay=1.0,
        decay_at=0.6,
        weight_decay=0.1,
        batch_size=128,
        epochs=50,
    ),
}
