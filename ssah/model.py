"""The SSAH model: three networks, two discriminators, one step for each.

Equation numbers are those of Li, Deng, Li, Liu, Gao, Tao: "Self-Supervised
Adversarial Hashing Networks for Cross-Modal Retrieval", CVPR 2018. Axes: B
items of a batch, n training items, s semantic features, K bits, c labels.
"""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from common.backbones import building
from common.backbones import choice
from common.data import subset
from common.models import base
from common.models import distribution
from common.training import trainer
from ssah import config as ssah_config
from ssah import networks
from ssah import training


class Bank:
    """What the network that learns compares a batch with, for all n items.

    A plain object, so that checkpoints leave it out: it follows from the
    weights at the start of each epoch.
    """

    def __init__(self, features, codes, targets, labels):
        self.features = tf.Variable(features, trainable=False)
        self.codes = tf.Variable(codes, trainable=False)
        self.targets = tf.Variable(targets, trainable=False)
        self.labels = tf.Variable(labels, trainable=False)

    def assign(self, features, codes, targets) -> None:
        """Replaces everything but the labels."""
        self.features.assign(features)
        self.codes.assign(codes)
        self.targets.assign(targets)


@keras.saving.register_keras_serializable("ssah")
class SSAH(trainer.Trainer):
    """LabNet guides ImgNet and TxtNet; two discriminators compare features.

    A batch is a dictionary made by `common.data.pipeline.batches` from
    `common.data.draws.PairDraws`, with labels: `index`, `image`, `text` and
    `labels` of B training items.

    Phases, each of which changes its own variables only: `labnet`, `imgnet`,
    `txtnet` and `discriminators`. Every phase but the last needs `set_bank`.

    Args:
        config: Settings, a `ssah.Config`.
        seed: Seed of the weights and of the batches.
        **kwargs: Changed settings, such as `bits=32`, and those of
            `common.models.configured.ConfiguredModel`.
    """

    settings_class = ssah_config.Config
    presets = ssah_config.PRESETS
    supervised = True
    loss_names = (
        "labnet_loss",
        "imgnet_loss",
        "imgnet_adversarial_loss",
        "txtnet_loss",
        "txtnet_adversarial_loss",
        "discriminator_loss",
    )
    # Codes mean something once both networks had their turn.
    unscored_phases = ("labnet", "imgnet", "discriminators")

    def __init__(
        self,
        config: ssah_config.Config | None = None,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(config, seed, **kwargs)
        self.objective = training.make_objective(self.config)
        self.joint_targets = self.config.quantization_target == "joint"
        self.labnet = None
        self.bank = None

    def build_networks(self) -> None:
        """Three networks and two discriminators.

        Raises:
            ValueError: The number of labels is not known.
        """
        if self.label_dim is None:
            raise ValueError(
                "SSAH learns from labels; `build` needs the shape of `labels` "
                "too. Call `fit` or `build` first."
            )
        config = self.config
        # Seeds of one run must not meet those of the next: the networks' own
        # are those from 32 times the seed to 19 more.
        first = 32 * self.seed
        architecture = training.architecture(config, self.text_kind)
        shape = (architecture, self.bits, self.label_dim)
        backbone = building.build(
            config.backbone,
            "" if self.is_restored else config.backbone_weights,
            self.image_shape,
            first + 20,
        )
        order = self.measured.get("word_order")
        if config.labnet:
            self.labnet = networks.lab_net(*shape, first)
        self.imgnet = networks.img_net(
            *shape, self.image_shape, backbone, first + 4
        )
        self.txtnet = networks.txt_net(
            *shape,
            self.text_dim,
            None if order is None else np.asarray(order),
            first + 8,
        )
        self.image_discriminator, self.text_discriminator = (
            networks.discriminator(architecture, first + place, name)
            for place, name in (
                (12, "image_discriminator"),
                (16, "text_discriminator"),
            )
        )

    @property
    def player_names(self) -> tuple[str, ...]:
        """The networks that there are, and both discriminators as one."""
        names = (*training.NETWORKS, "discriminator")
        return names if self.config.labnet else names[1:]

    @property
    def players(self) -> dict[str, list[keras.Variable]]:
        """Weights of each network, and of both discriminators."""
        found = {
            name: getattr(self, name).trainable_variables
            for name in self.player_names[:-1]
        }
        return found | {"discriminator": self.discriminator_variables}

    @property
    def suits_xla(self) -> bool:
        """Whether images are features."""
        return not choice.slow_in_xla(self.config.backbone)

    def settings_for(self, rows: int) -> ssah_config.Config:
        """The settings, with what depends on the number of training rows."""
        return self.config.for_rows(rows)

    def check(self, train: subset.Subset) -> None:
        """Refuses a backbone that does not fit the images."""
        config = self.config
        choice.check(
            config.backbone, config.backbone_weights, train.image_shape
        )

    def measure(self, train: subset.Subset) -> dict:
        """The order of words in which windows mean something."""
        return training.measure(self.config, train)

    def preset_optimizers(
        self, steps_per_epoch: int
    ) -> dict[str, keras.optimizers.Optimizer]:
        """Optimizers of the settings, whose rates fall with the rounds."""
        return training.optimizers(self.run_config, steps_per_epoch)

    @property
    def schedule_epochs(self) -> int:
        """Epochs of the settings, all networks' counted."""
        return len(training.schedule(self.run_config).phases)

    def turns(self, train: subset.Subset) -> training.Turns:
        """Which network learns in which epoch, with its bank."""
        return training.Turns(self, train)

    @property
    def discriminator_variables(self) -> list[keras.Variable]:
        """Weights of both discriminators."""
        return [
            *self.image_discriminator.trainable_variables,
            *self.text_discriminator.trainable_variables,
        ]

    def image_codes(self, images: tf.Tensor) -> tf.Tensor:
        """Relaxed codes of images [n, *image_shape], [n, K] in (-1, 1).

        SSAH Eq. (8), with `image_bits`:

            b^v = sign(f^v(v; theta^v))
        """
        return self.imgnet(images).codes

    def text_codes(self, texts: tf.Tensor) -> tf.Tensor:
        """Relaxed codes of bags of words [n, d_text], Eq. (8) as well."""
        return self.txtnet(texts).codes

    def label_codes(self, labels: tf.Tensor) -> tf.Tensor:
        """Relaxed codes of multi-hot labels [n, c], Eq. (8) as well.

        Raises:
            ValueError: The model has no LabNet.
        """
        self._require_labnet()
        return self.labnet(labels).codes

    def label_bits(self, labels: tf.Tensor) -> tf.Tensor:
        """Hashes multi-hot labels [n, c] to booleans [n, K]; needs a LabNet."""
        return self.label_codes(labels) >= self.threshold

    @functools.cached_property
    def encode_label(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """Hashes multi-hot labels to packed codes, [n, ceil(K / 8)] uint8.

        Raises:
            ValueError: The model has no LabNet.
        """
        self._require_labnet()
        return self._encoder(self.label_bits, (self.label_dim,))

    def _require_labnet(self) -> None:
        if self.labnet is None:
            raise ValueError(
                "Labels are hashed by LabNet, and this model has none; train "
                "with labnet=True."
            )

    def signatures(self) -> dict[str, base.Signature]:
        """Images and texts and, with a LabNet, labels."""
        offered = super().signatures()
        if self.labnet is not None:
            offered["encode_label"] = base.Signature(
                self.encode_label, "label", (self.label_dim,)
            )
        return offered

    def set_bank(
        self,
        features: np.ndarray,
        codes: np.ndarray,
        targets: np.ndarray,
        labels: np.ndarray,
    ) -> None:
        """Stores what a batch is compared with.

        Args:
            features: F of the network that guides, [n, s].
            codes: H of the network that guides, [n, K].
            targets: B of the quantisation, [n, K] of -1 and +1.
            labels: Multi-hot labels, [n, c] float32; the same at every call.
        """
        if self.bank is None:
            self.bank = Bank(features, codes, targets, labels)
        self.bank.assign(features, codes, targets)

    def phase_steps(self) -> dict:
        """The steps that `fit` can run, by phase."""
        return {
            training.TOGETHER: self._algorithm_1,
            "labnet": self._labnet_step,
            "imgnet": self._imgnet_step,
            "txtnet": self._txtnet_step,
            "discriminators": self._discriminators_step,
        }

    def _algorithm_1(self, batch):
        """One iteration of Algorithm 1; an update sees those before it."""
        found = self._labnet_step(batch)
        found |= self._imgnet_step(batch)
        found |= self._txtnet_step(batch)
        if self.config.adversarial:
            found |= self._discriminators_step(batch)
        return found

    def _labnet_step(self, batch):
        """Eq. (3), and Eq. (7) against both discriminators if so set.

        Pairs within the batch stand for those with all n items.
        """
        labels = batch["labels"]
        with tf.GradientTape() as tape:
            outputs = self.labnet(labels)
            loss = tf.reduce_mean(
                self.objective.network(
                    outputs,
                    outputs.features,
                    outputs.codes,
                    labels,
                    labels,
                    self._targets(batch, outputs),
                    items=self.bank.labels.shape[0],
                )
            )
            total = loss
            if self.objective.labnet_adversarial:
                features = tf.cast(outputs.features, tf.float32)
                total += self._adversarial(
                    self.image_discriminator, features, wanted=0
                ) + self._adversarial(
                    self.text_discriminator, features, wanted=0
                )
        self.descend(tape, total, "labnet")
        return {"labnet_loss": loss}

    def _imgnet_step(self, batch):
        return self._train_network(
            "imgnet", batch, batch["image"], self.image_discriminator
        )

    def _txtnet_step(self, batch):
        return self._train_network(
            "txtnet", batch, batch["text"], self.text_discriminator
        )

    def _train_network(self, name, batch, inputs, discriminator):
        """Eq. (4) against the bank, and Eq. (7) against a discriminator."""
        network = getattr(self, name)
        with tf.GradientTape() as tape:
            outputs = self._whole(network(inputs), batch)
            loss = tf.reduce_mean(
                self.objective.network(
                    outputs,
                    self.bank.features,
                    self.bank.codes,
                    self.bank.labels,
                    batch["labels"],
                    self._targets(batch, outputs),
                )
            )
            adversarial = self._adversarial(discriminator, outputs.features)
            total = loss + adversarial
        self.descend(tape, total, name)
        return {
            f"{name}_loss": loss,
            f"{name}_adversarial_loss": adversarial,
        }

    def _discriminators_step(self, batch):
        """Eq. (5) for both discriminators.

        SSAH Eqs. (6)-(7), the discriminators' side:

            L_adv = L_adv^v + L_adv^t
        """
        image, text = self._whole(
            (
                self.imgnet.features(batch["image"]),
                self.txtnet.features(batch["text"]),
            ),
            batch,
        )
        if self.labnet is None:
            real_for_image, real_for_text = text, image
        else:
            semantic = self.labnet.features(batch["labels"])
            semantic = tf.cast(semantic, tf.float32)
            real_for_image = real_for_text = semantic
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(
                self.objective.discriminator(
                    *self._judged(
                        self.image_discriminator, real_for_image, image
                    )
                )
            ) + tf.reduce_mean(
                self.objective.discriminator(
                    *self._judged(self.text_discriminator, real_for_text, text)
                )
            )
        self.descend(tape, loss, "discriminator")
        return {"discriminator_loss": loss}

    def _whole(self, outputs, batch):
        """Outputs for the whole batch, of which a replica has its share."""
        rows = batch["labels"].shape[0]
        return tf.nest.map_structure(
            lambda own: distribution.gathered(tf.cast(own, tf.float32), rows),
            outputs,
        )

    def _judged(self, discriminator, *features):
        return [tf.cast(discriminator(one), tf.float32) for one in features]

    def _adversarial(self, discriminator, features, wanted=1) -> tf.Tensor:
        if not self.objective.adversarial_weight:
            return tf.zeros([])
        loss = tf.reduce_mean(
            self.objective.adversarial(
                *self._judged(discriminator, features), wanted
            )
        )
        # A discriminator that has not learned yet has nothing to say.
        learned = self.discriminator_optimizer.iterations > 0
        return tf.where(learned, loss, 0.0)

    def _targets(self, batch, outputs) -> tf.Tensor:
        if self.joint_targets:
            return tf.gather(self.bank.targets, batch["index"])
        return networks.signs(outputs.codes)
