"""The UCH model: two coupled cycles and the four updates of Algorithm 1.

Equation numbers are those of Li, Deng, Wang, Xie, Liu: "Coupled CycleGAN:
Unsupervised Hashing Network for Cross-Modal Retrieval", AAAI 2019. Axes: B
pairs of a batch, n items, K bits.
"""

from typing import Any
from typing import NamedTuple

import keras
import tensorflow as tf

from common.backbones import building
from common.backbones import choice
from common.data import subset
from common.models import distribution
from common.training import trainer
from uch import config as uch_config
from uch import cycles
from uch import networks
from uch import training
from uch.networks import Pair

# The paper has one rate for networks that read images, one for the others.
PLAYERS = tuple(
    f"{modality}_{cycle}_{kind}"
    for cycle in ("outer", "inner")
    for kind in ("discriminator", "generator")
    for modality in ("image", "text")
)


class Stages(NamedTuple):
    """What the model makes of paired items on the way to their codes."""

    features: Pair  # F
    representations: Pair  # Z
    codes: Pair  # H, relaxed, [n, K] in (-1, 1)


@keras.saving.register_keras_serializable("uch")
class UCH(trainer.Trainer):
    """An outer cycle between features, and an inner one between its middles.

    A batch is a dictionary made by `common.data.pipeline.batches` from
    `common.data.draws.PairDraws`: `index`, `image` and `text` of B training
    pairs.

    Phases: `algorithm_1` makes its four updates one after the other;
    `outer_discriminators`, `outer_generators`, `inner_discriminators` and
    `inner_generators` make one. An update changes its own players only.

    Args:
        config: Settings, a `uch.Config`.
        seed: Seed of the weights and of the batches.
        **kwargs: Changed settings, such as `bits=32`, and those of
            `common.models.configured.ConfiguredModel`.
    """

    settings_class = uch_config.Config
    presets = uch_config.PRESETS
    player_names = PLAYERS

    def __init__(
        self,
        config: uch_config.Config | None = None,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(config, seed, **kwargs)
        objectives = training.objectives(self.config)
        self.outer_objective, self.inner_objective = objectives
        for name, objective in zip(("outer", "inner"), objectives, strict=True):
            terms = [f"{name}_{term}_loss" for term in objective.weights]
            self.add_loss_trackers(f"{name}_discriminator_loss", *terms)

    def build_networks(self) -> None:
        """Encoders and both cycles; E^I begins with a backbone, if any."""
        config = self.config
        # Seeds of one run must not meet those of the next: the networks' own
        # are those from 32 times the seed to 24 more.
        first = 32 * self.seed
        backbone = building.build(
            config.backbone,
            "" if self.is_restored else config.backbone_weights,
            self.image_shape,
            first + 25,
        )
        architecture = training.architecture(config, self.text_kind)
        self.image_encoder = networks.image_encoder(
            architecture, self.image_shape, backbone
        )
        image_dim = self.image_encoder.output_shape[-1]
        fitted = architecture.fitted(image_dim, self.text_dim)
        self.text_encoder = networks.text_encoder(fitted, self.text_dim, first)
        self.outer = cycles.outer_cycle(fitted, image_dim, first + 1)
        self.inner = cycles.inner_cycle(fitted, self.bits, first + 13)

    @property
    def suits_xla(self) -> bool:
        """Whether images are features."""
        return not choice.slow_in_xla(self.config.backbone)

    def settings_for(self, rows: int) -> uch_config.Config:
        """The settings, with what depends on the number of training rows."""
        return self.config.for_rows(rows)

    def check(self, train: subset.Subset) -> None:
        """Refuses a backbone that does not fit the images."""
        config = self.config
        choice.check(
            config.backbone, config.backbone_weights, train.image_shape
        )

    def preset_optimizers(
        self, steps_per_epoch: int
    ) -> dict[str, keras.optimizers.Optimizer]:
        """Optimizers of the settings, whose rates fall once."""
        return {
            player: training.optimizer(self.run_config, player, steps_per_epoch)
            for player in PLAYERS
        }

    def adapt_optimizer(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Spares biases from weight decay, which Keras does not save."""
        optimizer.exclude_from_weight_decay(var_names=["bias"])

    @property
    def rate_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """One optimizer per modality; the others of it have its rate."""
        return {
            "image": self.image_outer_generator_optimizer,
            "text": self.text_outer_generator_optimizer,
        }

    @property
    def schedule_epochs(self) -> int:
        """Epochs of the settings."""
        return self.run_config.epochs

    def turns(self, train: subset.Subset) -> training.Turns:
        """All players at every batch, watched for a collapse."""
        return training.Turns(self, train)

    @property
    def players(self) -> dict[str, list[keras.Variable]]:
        """Trainable weights of each of `PLAYERS`."""
        found = {}
        for name, cycle in (("outer", self.outer), ("inner", self.inner)):
            found |= {
                f"image_{name}_discriminator": cycle.image_discriminator,
                f"text_{name}_discriminator": cycle.text_discriminator,
                f"image_{name}_generator": cycle.image_to_text,
                f"text_{name}_generator": cycle.text_to_image,
            }
        found = {name: net.trainable_variables for name, net in found.items()}
        found["image_outer_generator"] = [
            *self.image_encoder.trainable_variables,
            *found["image_outer_generator"],
        ]
        found["text_outer_generator"] = [
            *self.text_encoder.trainable_variables,
            *found["text_outer_generator"],
        ]
        return found

    def image_codes(self, images: tf.Tensor) -> tf.Tensor:
        """H^I of images [n, *image_shape], [n, K] in (-1, 1)."""
        features = self.image_encoder(images)
        representation = self.outer.image_to_text.encoder(features)
        return self.inner.image_to_text.encoder(representation)

    def text_codes(self, texts: tf.Tensor) -> tf.Tensor:
        """H^T of bags of words [n, d_text], [n, K] in (-1, 1)."""
        features = self.text_encoder(texts)
        representation = self.outer.text_to_image.encoder(features)
        return self.inner.text_to_image.encoder(representation)

    def image_bits(self, images: tf.Tensor) -> tf.Tensor:
        """Eq. (1) for images [n, *image_shape], [n, K] bool."""
        return networks.binary_codes(self.image_codes(images))

    def text_bits(self, texts: tf.Tensor) -> tf.Tensor:
        """Eq. (1) for bags of words [n, d_text], [n, K] bool."""
        return networks.binary_codes(self.text_codes(texts))

    def pair_bits(self, images: tf.Tensor, texts: tf.Tensor) -> tf.Tensor:
        """One code for an image and its text, [n, K] bool.

        The last line of Algorithm 1, B = sign(H^I + H^T). No loss uses it;
        it is for databases whose items have both.
        """
        codes = self.image_codes(images) + self.text_codes(texts)
        return networks.binary_codes(codes)

    def stages(self, images: tf.Tensor, texts: tf.Tensor) -> Stages:
        """F, Z and H of paired inputs, as they are hashed."""
        features = Pair(self.image_encoder(images), self.text_encoder(texts))
        return self._stages(features.in_float32())

    def _stages(self, features: Pair) -> Stages:
        representations = self.outer.middle(features)
        return Stages(
            features, representations, self.inner.middle(representations)
        )

    def _features(self, batch) -> Pair:
        """F of the whole batch, of which a replica encodes its share."""
        rows = batch["index"].shape[0]
        return Pair(
            distribution.gathered(self.image_encoder(batch["image"]), rows),
            distribution.gathered(self.text_encoder(batch["text"]), rows),
        ).in_float32()

    def phase_steps(self) -> dict:
        """The steps that `fit` can run, by phase."""
        return {
            "algorithm_1": self._algorithm_1,
            "outer_discriminators": self._update_outer_discriminators,
            "outer_generators": self._update_outer_generators,
            "inner_discriminators": self._update_inner_discriminators,
            "inner_generators": self._update_inner_generators,
        }

    def _algorithm_1(self, batch):
        """One iteration of Algorithm 1; an update sees those before it."""
        found = {}
        if self.outer_objective.adversarial:
            found |= self._update_outer_discriminators(batch)
        found |= self._update_outer_generators(batch)
        if self.inner_objective.adversarial:
            found |= self._update_inner_discriminators(batch)
        return found | self._update_inner_generators(batch)

    def _update_outer_discriminators(self, batch):
        """D_f^I and D_f^T.

        UCH Eq. (16):

            mu^I, mu^T = arg max L_adv-f
        """
        stages = self._stages(self._features(batch))
        return self._update_discriminators(
            "outer", stages.features, stages.representations
        )

    def _update_outer_generators(self, batch):
        """The encoders and G_f.

        UCH Eqs. (15), (17):

            L_Total = L_f + L_z,
            theta^I, theta^T, eta^{I->T}, eta^{T->I}
                = arg min (L_rec-f + L_sim-f)

        Deviation: with an `adversarial_weight` they minimise L_adv-f too, as
        the text above Eq. (17) says; if coupled, L_z as well, with G_z held
        fixed.
        """
        with tf.GradientTape() as tape:
            features = self._features(batch)
            middle = self.outer.middle(features, training=True)
            terms = self.outer_objective.terms(self.outer, features, middle)
            loss = self.outer_objective.generators(terms)
            if self.config.couple:
                inner = self.inner_objective.terms(
                    self.inner, middle, self.inner.middle(middle)
                )
                loss += self.inner_objective.generators(inner)
        self.descend(
            tape, loss, "image_outer_generator", "text_outer_generator"
        )
        return {f"outer_{name}_loss": value for name, value in terms.items()}

    def _update_inner_discriminators(self, batch):
        """D_z^I and D_z^T.

        UCH Eq. (18):

            epsilon^I, epsilon^T = arg max L_adv-z
        """
        stages = self._stages(self._features(batch))
        return self._update_discriminators(
            "inner", stages.representations, stages.codes
        )

    def _update_inner_generators(self, batch):
        """G_z, from representations that stand still.

        UCH Eq. (19):

            xi^{I->T}, xi^{T->I} = arg min (L_rec-z + L_sim-z)

        Deviation: with an `adversarial_weight` they minimise L_adv-z too, as
        the text above Eq. (19) says.
        """
        real = self._stages(self._features(batch)).representations
        with tf.GradientTape() as tape:
            codes = self.inner.middle(real, training=True)
            terms = self.inner_objective.terms(self.inner, real, codes)
            loss = self.inner_objective.generators(terms)
        self.descend(
            tape, loss, "image_inner_generator", "text_inner_generator"
        )
        return {f"inner_{name}_loss": value for name, value in terms.items()}

    def _update_discriminators(self, name, real, middle):
        cycle = getattr(self, name)
        fake = cycle.generate(middle)
        with tf.GradientTape() as tape:
            loss = getattr(self, f"{name}_objective").discriminators(
                cycle.judge(real), cycle.judge(fake)
            )
        self.descend(
            tape,
            loss,
            f"image_{name}_discriminator",
            f"text_{name}_discriminator",
        )
        return {f"{name}_discriminator_loss": loss}
