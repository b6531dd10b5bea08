"""What settings describe: losses, optimizers, who trains in which epoch."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from common.data import pipeline
from common.data import subset
from common.models import schedules
from ssah import config as ssah_config
from ssah import multiscale
from ssah import networks
from ssah import objective
from ssah import word_order

NETWORKS = ("labnet", "imgnet", "txtnet")
# The phase in which all players train at every batch.
TOGETHER = "algorithm_1"


@dataclasses.dataclass(frozen=True)
class Schedule:
    """Which phase each epoch trains, for Algorithm 1.

    A round trains LabNet, ImgNet, TxtNet and then the discriminators, whose
    judgement the next round uses; the last round has no use for it. Or all
    players train at every batch, for as many epochs as ImgNet has in a round.

    Attributes:
        rounds: Outer iterations.
        first_labnet_epochs: Epochs of LabNet in the first round.
        labnet_epochs: Epochs of LabNet in the later ones.
        imgnet_epochs: Epochs of ImgNet in each.
        txtnet_epochs: Epochs of TxtNet in each.
        discriminator_epochs: Epochs of the discriminators in all but the last.
        together: Whether all players train at every batch.
    """

    rounds: int
    first_labnet_epochs: int
    labnet_epochs: int
    imgnet_epochs: int
    txtnet_epochs: int
    discriminator_epochs: int
    together: bool = False

    @property
    def phases(self) -> list[str]:
        """Phase of every epoch of the run."""
        if self.together:
            return self._later_round * self.rounds
        first = ["labnet"] * self.first_labnet_epochs + self._networks
        return first + self._later_round * (self.rounds - 1)

    def phase(self, epoch: int) -> str:
        """Phase of an epoch counted from 0; more rounds follow the last."""
        phases = self.phases
        if epoch < len(phases):
            return phases[epoch]
        later = self._later_round
        return later[(epoch - len(phases)) % len(later)]

    @property
    def _networks(self) -> list[str]:
        image, text = self.imgnet_epochs, self.txtnet_epochs
        return ["imgnet"] * image + ["txtnet"] * text

    @property
    def _later_round(self) -> list[str]:
        if self.together:
            return [TOGETHER] * self.imgnet_epochs
        adversaries = ["discriminators"] * self.discriminator_epochs
        return adversaries + ["labnet"] * self.labnet_epochs + self._networks


def schedule(config: ssah_config.Config) -> Schedule:
    """The schedule of a run, without the stages that an ablation drops."""
    return Schedule(
        config.rounds,
        config.first_labnet_epochs if config.labnet else 0,
        config.labnet_epochs if config.labnet else 0,
        config.imgnet_epochs,
        config.txtnet_epochs,
        config.discriminator_epochs if config.adversarial else 0,
        config.alternation == "iteration",
    )


def optimizers(
    config: ssah_config.Config, steps_per_epoch: int
) -> dict[str, keras.optimizers.Optimizer]:
    """Each player's optimizer; rates fall with the rounds."""
    return {
        name: _optimizer(
            config,
            getattr(config, f"{name}_learning_rate"),
            steps_per_epoch,
            *epochs,
        )
        for name, epochs in _stages(config).items()
        if config.labnet or name != "labnet"
    }


def _stages(config) -> dict[str, tuple[int, int]]:
    """Epochs of each player in a round, and in the first one."""
    together = config.alternation == "iteration"
    found = {}
    for name in (*NETWORKS, "discriminator"):
        epochs = getattr(config, f"{'imgnet' if together else name}_epochs")
        found[name] = (epochs, epochs)
    if not together:
        found["labnet"] = (config.labnet_epochs, config.first_labnet_epochs)
    return found


class Turns:
    """Gives each epoch its phase, and that phase its bank.

    Args:
        model: A `ssah.SSAH`.
        train: Training items, with labels.
    """

    def __init__(self, model: keras.Model, train: subset.Subset):
        self._model = model
        self._schedule = schedule(model.run_config)
        self._count = len(train)
        self._labels = np.asarray(train.labels, np.float32)
        self._read = {
            "labnet": lambda block: self._labels[block],
            "imgnet": train.image_features,
            "txtnet": train.text_features,
        }
        self._encoders = {}
        self._outputs = {}

    def begin(self, epoch: int) -> str:
        """Fills the bank from the networks; returns the phase."""
        phase = self._schedule.phase(epoch)
        if phase != "discriminators":
            self._fill_bank(phase)
        return phase

    def end(self, epoch: int, logs: dict[str, float]) -> None:
        """Forgets what the network that has just learned said before."""
        phase = self._schedule.phase(epoch)
        for name in NETWORKS if phase == TOGETHER else (phase,):
            self._outputs.pop(name, None)

    def _fill_bank(self, phase: str) -> None:
        features, codes = self._output(self._guide(phase))
        targets = np.zeros_like(codes)
        if self._model.joint_targets:
            voters = self._voters(phase)
            votes = np.sum([self._output(name)[1] for name in voters], axis=0)
            targets = networks.signs(votes).numpy()
        self._model.set_bank(features, codes, targets, self._labels)

    def _guide(self, phase: str) -> str:
        if self._model.labnet is not None:
            return "labnet"
        return "txtnet" if phase == "imgnet" else "imgnet"

    def _voters(self, phase: str) -> list[str]:
        """The networks whose codes mean something by now, and the learner."""
        return [
            name
            for name, optimizer in self._model.optimizers.items()
            if name in NETWORKS
            and (phase in (name, TOGETHER) or _steps(optimizer) > 0)
        ]

    def _output(self, network: str) -> tuple[np.ndarray, np.ndarray]:
        """F and H of all training items, computed once per change."""
        if network not in self._outputs:
            both = pipeline.encode(
                self._encoder(network),
                self._read[network],
                self._count,
            )
            self._outputs[network] = np.split(both, [-self._model.bits], axis=1)
        return self._outputs[network]

    def _encoder(self, name: str):
        """F beside H of a network; traced once however many epochs ask."""
        if name not in self._encoders:
            network = getattr(self._model, name)

            def outputs(inputs):
                found = network(inputs)
                return tf.concat([found.features, found.codes], axis=1)

            shape = network.features.input_shape
            signature = tf.TensorSpec(shape, tf.float32)
            self._encoders[name] = tf.function(
                outputs, input_signature=[signature], autograph=False
            )
        return self._encoders[name]


def _steps(optimizer) -> int:
    """Steps of an optimizer, whichever strategy holds the count."""
    return int(optimizer.iterations.value.numpy())


def architecture(
    config: ssah_config.Config, text_kind: str = "bag_of_words"
) -> networks.Architecture:
    """Widths and kinds of layers, for bags of words or embeddings."""
    windows = multiscale.WINDOWS[config.multi_scale_levels]
    return networks.Architecture(
        feature_units=config.feature_units,
        label_hidden_units=config.label_hidden_units,
        image_hidden_units=config.image_hidden_units,
        text_hidden_units=config.text_hidden_units,
        discriminator_units=(
            config.discriminator_first_units,
            config.discriminator_second_units,
        ),
        text_windows=windows if config.text_network == "multiscale" else (),
        resize_levels=config.resize_levels,
        sum_levels=config.sum_levels,
        initializer=config.initializer,
        response_normalization=config.response_normalization,
        feature_scaling=config.feature_scaling,
        text_kind=text_kind,
    )


def measure(config: ssah_config.Config, train: subset.Subset) -> dict:
    """The `word_order` of the training items, where the settings have one."""
    if config.word_order == "vocabulary" or config.text_network == "mlp3":
        return {}
    if train.data.text_kind == "embedding":
        # Its columns are no words, and have no order.
        return {}
    order = word_order.by_labels(train.data, train.rows)
    return {"word_order": order.tolist()}


def make_objective(config: ssah_config.Config) -> objective.Objective:
    """The losses of all networks."""
    return objective.Objective(
        feature_pair_weight=config.feature_pair_weight,
        hash_pair_weight=config.hash_pair_weight,
        feature_pair_offset=config.feature_pair_offset,
        hash_pair_offset=config.hash_pair_offset,
        theta_bits=config.theta_bits,
        quantization_weight=config.quantization_weight,
        classification_weight=config.classification_weight,
        adversarial_weight=(
            config.adversarial_weight if config.adversarial else 0.0
        ),
        labnet_adversarial=config.labnet_adversarial,
        pair_loss=config.pair_loss,
        similarity_smoothing=config.similarity_smoothing,
        normalization=config.normalization,
        discriminator_loss=config.discriminator_loss,
    )


def _optimizer(
    config, learning_rate, steps_per_epoch, epochs, first_epochs
) -> keras.optimizers.Optimizer:
    """Its rate falls by one factor at the start of each round."""
    rate = schedules.StepDecay(
        learning_rate,
        max(1, epochs * steps_per_epoch),
        config.learning_rate_decay,
        warmup=learning_rate,
        warmup_steps=(first_epochs - epochs) * steps_per_epoch,
    )
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate)
    return keras.optimizers.Adam(rate)
