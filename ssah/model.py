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

from common.models import base
from common.models import distribution
from ssah import networks
from ssah import objective as ssah_objective


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


class SSAH(base.HashingModel):
    """LabNet guides ImgNet and TxtNet; two discriminators compare features.

    A batch is a dictionary made by `common.data.pipeline.batches` from
    `common.data.draws.PairDraws`, with labels: `index`, `image`, `text` and
    `labels` of B training items.

    Phases, each of which changes its own variables only: `labnet`, `imgnet`,
    `txtnet` and `discriminators`. Every phase but the last needs `set_bank`.

    Args:
        bits: K, the code length.
        image_shape: Shape of an image: (d_image,) of features, or (H, W, 3)
            of pixels.
        text_dim: Width of the bag of words.
        label_dim: c, the number of labels.
        architecture: Of the networks.
        objective: Weights and forms of the losses.
        has_labnet: Whether there is a LabNet; without one (the paper's
            SSAH-1) ImgNet and TxtNet guide each other.
        joint_targets: Whether B is the sign of the networks' summed codes; a
            network's own otherwise.
        backbone: Network from pixels to features, which ImgNet begins with
            and trains; None where images are features.
        word_order: Text columns in the order in which TxtNet pools them,
            [d_text] integers; as they are without.
        seed: Seed of the weights.
    """

    def __init__(
        self,
        bits: int,
        image_shape: tuple[int, ...],
        text_dim: int,
        label_dim: int,
        architecture: networks.Architecture,
        objective: ssah_objective.Objective,
        has_labnet: bool = True,
        joint_targets: bool = True,
        backbone: keras.Sequential | None = None,
        word_order: np.ndarray | None = None,
        seed: int = 0,
    ):
        super().__init__(bits, image_shape, text_dim)
        # Seeds of one run must not meet those of the next.
        first = 32 * seed
        shape = (architecture, bits, label_dim)
        self.labnet = networks.lab_net(*shape, first) if has_labnet else None
        self.imgnet = networks.img_net(*shape, image_shape, backbone, first + 4)
        self.txtnet = networks.txt_net(*shape, text_dim, word_order, first + 8)
        self.image_discriminator = networks.discriminator(
            architecture, first + 12, "image_discriminator"
        )
        self.text_discriminator = networks.discriminator(
            architecture, first + 16, "text_discriminator"
        )
        self.label_dim = label_dim
        self.objective = objective
        self.joint_targets = joint_targets
        self.bank = None
        self.add_loss_trackers(
            "labnet_loss",
            "imgnet_loss",
            "imgnet_adversarial_loss",
            "txtnet_loss",
            "txtnet_adversarial_loss",
            "discriminator_loss",
        )
        self.built = True

    def compile(
        self,
        labnet_optimizer: keras.optimizers.Optimizer | None,
        imgnet_optimizer: keras.optimizers.Optimizer,
        txtnet_optimizer: keras.optimizers.Optimizer,
        discriminator_optimizer: keras.optimizers.Optimizer,
        **kwargs: Any,
    ) -> None:
        """Gives each player its optimizer; LabNet's is None without LabNet.

        All are built here: Keras skips an unbuilt optimizer's state when it
        restores a checkpoint.
        """
        # Without `optimizer=None` Keras makes an RMSprop that nothing uses.
        super().compile(optimizer=None, **kwargs)
        self.labnet_optimizer = labnet_optimizer
        self.imgnet_optimizer = imgnet_optimizer
        self.txtnet_optimizer = txtnet_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        if self.labnet is not None:
            labnet_optimizer.build(self.labnet.trainable_variables)
        imgnet_optimizer.build(self.imgnet.trainable_variables)
        txtnet_optimizer.build(self.txtnet.trainable_variables)
        discriminator_optimizer.build(self.discriminator_variables)

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
            "labnet": self._labnet_step,
            "imgnet": self._imgnet_step,
            "txtnet": self._txtnet_step,
            "discriminators": self._discriminators_step,
        }

    def _labnet_step(self, batch):
        """Eq. (3); pairs within the batch stand for those with all n items."""
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
        variables = self.labnet.trainable_variables
        self._apply(tape, loss, variables, self.labnet_optimizer)
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
        optimizer = getattr(self, f"{name}_optimizer")
        self._apply(tape, total, network.trainable_variables, optimizer)
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
            real_for_image = real_for_text = semantic
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(
                self.objective.discriminator(
                    self.image_discriminator(real_for_image),
                    self.image_discriminator(image),
                )
            ) + tf.reduce_mean(
                self.objective.discriminator(
                    self.text_discriminator(real_for_text),
                    self.text_discriminator(text),
                )
            )
        self._apply(
            tape,
            loss,
            self.discriminator_variables,
            self.discriminator_optimizer,
        )
        return {"discriminator_loss": loss}

    def _whole(self, outputs, batch):
        """Outputs for the whole batch, of which a replica has its share."""
        rows = batch["labels"].shape[0]
        return tf.nest.map_structure(
            lambda own: distribution.gathered(own, rows), outputs
        )

    def _adversarial(self, discriminator, features) -> tf.Tensor:
        if not self.objective.adversarial_weight:
            return tf.zeros([])
        loss = tf.reduce_mean(
            self.objective.adversarial(discriminator(features))
        )
        # A discriminator that has not learned yet has nothing to say.
        learned = self.discriminator_optimizer.iterations > 0
        return tf.where(learned, loss, 0.0)

    def _targets(self, batch, outputs) -> tf.Tensor:
        if self.joint_targets:
            return tf.gather(self.bank.targets, batch["index"])
        return networks.signs(outputs.codes)

    def _apply(self, tape, loss, variables, optimizer) -> None:
        gradients = distribution.gradient(tape, loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
