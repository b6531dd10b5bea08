"""From settings to a compiled model, and which network each epoch trains."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from common.backbones import building
from common.backbones import choice
from common.data import arrays
from common.data import pipeline
from common.models import schedules
from ssah import config as ssah_config
from ssah import model as ssah_model
from ssah import multiscale
from ssah import networks
from ssah import objective
from ssah import word_order

NETWORKS = ("labnet", "imgnet", "txtnet")


@dataclasses.dataclass(frozen=True)
class Schedule:
    """Which phase each epoch trains, for Algorithm 1.

    A round trains LabNet, ImgNet, TxtNet and then the discriminators, whose
    judgement the next round uses; the last round has no use for it.

    Attributes:
        rounds: Outer iterations.
        first_labnet_epochs: Epochs of LabNet in the first round.
        labnet_epochs: Epochs of LabNet in the later ones.
        imgnet_epochs: Epochs of ImgNet in each.
        txtnet_epochs: Epochs of TxtNet in each.
        discriminator_epochs: Epochs of the discriminators in all but the last.
    """

    rounds: int
    first_labnet_epochs: int
    labnet_epochs: int
    imgnet_epochs: int
    txtnet_epochs: int
    discriminator_epochs: int

    @property
    def phases(self) -> list[str]:
        """Phase of every epoch of the run."""
        networks = ["imgnet"] * self.imgnet_epochs
        networks += ["txtnet"] * self.txtnet_epochs
        adversaries = ["discriminators"] * self.discriminator_epochs
        later = ["labnet"] * self.labnet_epochs + networks
        phases = ["labnet"] * self.first_labnet_epochs + networks
        for _ in range(1, self.rounds):
            phases += adversaries + later
        return phases


def schedule(config: ssah_config.Config) -> Schedule:
    """The schedule of a run, without the stages that an ablation drops."""
    return Schedule(
        config.rounds,
        config.first_labnet_epochs if config.labnet else 0,
        config.labnet_epochs if config.labnet else 0,
        config.imgnet_epochs,
        config.txtnet_epochs,
        config.discriminator_epochs if config.adversarial else 0,
    )


def build_model(
    config: ssah_config.Config,
    data: arrays.CrossModalData,
    rows: np.ndarray,
    steps_per_epoch: int,
    seed: int,
    jit_compile: bool = True,
) -> ssah_model.SSAH:
    """Builds and compiles the model that a config describes.

    Args:
        config: Settings.
        data: The data set.
        rows: Training rows, [n] int64; only an order of words is learned from
            them here.
        steps_per_epoch: Batches in an epoch.
        seed: Seed of the weights.
        jit_compile: Whether steps are compiled by XLA.
    """
    model = ssah_model.SSAH(
        config.bits,
        data.image_shape,
        data.text_dim,
        data.labels.shape[1],
        _architecture(config, data.text_kind),
        _objective(config),
        config.labnet,
        config.quantization_target == "joint",
        # The networks' own seeds are those from 32 times the seed to 19 more.
        building.build(
            config.backbone,
            config.backbone_weights,
            data.image_shape,
            32 * seed + 20,
        ),
        _word_order(config, data, rows),
        seed,
    )
    stages = (
        (
            config.labnet_learning_rate,
            config.labnet_epochs,
            config.first_labnet_epochs,
        ),
        (config.imgnet_learning_rate, config.imgnet_epochs, None),
        (config.txtnet_learning_rate, config.txtnet_epochs, None),
        (config.discriminator_learning_rate, config.discriminator_epochs, None),
    )
    optimizers = [
        _optimizer(config, rate, steps_per_epoch, epochs, first)
        for rate, epochs, first in stages
    ]
    if not config.labnet:
        optimizers[0] = None
    jit_compile = jit_compile and not choice.slow_in_xla(config.backbone)
    model.compile(*optimizers, jit_compile=jit_compile)
    return model


def optimizers(
    model: ssah_model.SSAH,
) -> dict[str, keras.optimizers.Optimizer]:
    """The optimizer of each player that the model has, by its name."""
    players = (*NETWORKS, "discriminator")
    found = {name: getattr(model, f"{name}_optimizer") for name in players}
    return {name: value for name, value in found.items() if value is not None}


class TakeTurns(keras.callbacks.Callback):
    """Gives each epoch its phase, and that phase its bank.

    Args:
        schedule: Who trains when.
        data: The data set.
        rows: Training rows, [n] int64.
    """

    def __init__(
        self,
        schedule: Schedule,
        data: arrays.CrossModalData,
        rows: np.ndarray,
    ):
        super().__init__()
        self._phases = schedule.phases
        self._rows = rows
        self._labels = np.asarray(data.labels[rows], np.float32)
        self._read = {
            "labnet": lambda block: self._labels[block],
            "imgnet": lambda block: data.image_features(rows[block]),
            "txtnet": lambda block: data.text_features(rows[block]),
        }
        self._encoders = {}
        self._outputs = {}

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Switches the phase and fills the bank from the networks."""
        phase = self._phases[epoch]
        if phase != "discriminators":
            self._fill_bank(phase)
        self.model.set_phase(phase)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Forgets what the network that has just learned said before."""
        self._outputs.pop(self._phases[epoch], None)

    def _fill_bank(self, phase: str) -> None:
        features, codes = self._output(self._guide(phase))
        targets = np.zeros_like(codes)
        if self.model.joint_targets:
            voters = self._voters(phase)
            votes = np.sum([self._output(name)[1] for name in voters], axis=0)
            targets = networks.signs(votes).numpy()
        self.model.set_bank(features, codes, targets, self._labels)

    def _guide(self, phase: str) -> str:
        if self.model.labnet is not None:
            return "labnet"
        return "txtnet" if phase == "imgnet" else "imgnet"

    def _voters(self, phase: str) -> list[str]:
        """The networks whose codes mean something by now, and the learner."""
        return [
            name
            for name, optimizer in optimizers(self.model).items()
            if name in NETWORKS and (name == phase or _steps(optimizer) > 0)
        ]

    def _output(self, network: str) -> tuple[np.ndarray, np.ndarray]:
        """F and H of all training items, computed once per change."""
        if network not in self._outputs:
            both = pipeline.encode(
                self._encoder(network),
                self._read[network],
                len(self._rows),
            )
            self._outputs[network] = np.split(both, [-self.model.bits], axis=1)
        return self._outputs[network]

    def _encoder(self, name: str):
        """F beside H of a network; traced once however many epochs ask."""
        if name not in self._encoders:
            network = getattr(self.model, name)

            def outputs(inputs):
                found = network(inputs)
                return tf.concat([found.features, found.codes], axis=1)

            shape = network.features.input_shape
            signature = tf.TensorSpec(shape, tf.float32)
            self._encoders[name] = tf.function(
                outputs, input_signature=[signature]
            )
        return self._encoders[name]


def _steps(optimizer) -> int:
    """Steps of an optimizer, whichever strategy holds the count."""
    return int(optimizer.iterations.value.numpy())


def _architecture(config, text_kind) -> networks.Architecture:
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


def _word_order(config, data, rows) -> np.ndarray | None:
    if config.word_order == "vocabulary" or config.text_network == "mlp3":
        return None
    if data.text_kind == "embedding":
        # Its columns are no words, and have no order.
        return None
    return word_order.by_labels(data, rows)


def _objective(config) -> objective.Objective:
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
        pair_loss=config.pair_loss,
        similarity_smoothing=config.similarity_smoothing,
        normalization=config.normalization,
        discriminator_loss=config.discriminator_loss,
    )


def _optimizer(
    config, learning_rate, steps_per_epoch, epochs, first_epochs
) -> keras.optimizers.Optimizer:
    """Its rate falls by one factor at the start of each round."""
    first_epochs = epochs if first_epochs is None else first_epochs
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
