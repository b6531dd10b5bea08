"""UCCH, contrastive hashing against a bank of codes.

Hu, Zhu, Lin, Peng, Zhao, Peng: "Unsupervised Contrastive Cross-modal Hashing",
TPAMI 45(3), 2023. Where the text says nothing, the authors' program does.
"""

import dataclasses
from typing import TYPE_CHECKING
from typing import Any
from typing import ClassVar

from common.models.settings import setting
from experiments.baselines import keras_method
from experiments.baselines.deep import layers

if TYPE_CHECKING:
    from experiments.baselines.towers.ucch_model import UCCHModel


@dataclasses.dataclass(frozen=True)
class UCCH(keras_method.KerasMethod):
    """Codes of both views that find their pair's code in a bank.

    The objective is Eq. (15): the contrast with the bank's codes and a ranking
    of the batch's pairs above its strangers.
    """

    views: ClassVar[tuple[type, type]] = (layers.Tower, layers.Tower)

    hidden_units: int = setting(
        1024, "Units of each hidden layer; the authors have 8192.", minimum=1
    )
    image_hidden_layers: int = setting(
        2, "Hidden layers for images.", minimum=1
    )
    text_hidden_layers: int = setting(1, "Hidden layers for texts.", minimum=1)
    contrast_weight: float = setting(
        0.7, "beta, the share of the contrast.", minimum=0.0, maximum=1.0
    )
    negatives: int = setting(
        4096, "Codes of the bank that a pair is told from.", minimum=1
    )
    temperature: float = setting(
        0.9, "tau, what products are divided by.", minimum=1e-3
    )
    momentum: float = setting(
        0.4, "delta, what stays of the bank.", minimum=0.0, maximum=0.999
    )
    margin: float = setting(
        0.2, "m, from which strangers count less.", minimum=0.0
    )
    shift: float = setting(0.1, "zeta, how much less.", minimum=0.0)
    warmup_epochs: int = setting(
        1, "First epochs, with the batch's codes for a bank.", minimum=0
    )
    epochs: int = setting(20, "Epochs.", minimum=1)
    batch_size: int = setting(256, "Pairs in a batch.", minimum=2)
    learning_rate: float = setting(1e-4, "Of Adam.", minimum=1e-12)

    def model(self, **kwargs: Any) -> "UCCHModel":
        """A new model with these settings, see `keras_method.KerasMethod`."""
        from experiments.baselines.towers import ucch_model

        return ucch_model.UCCHModel(self, **kwargs)


METHODS = {"ucch": UCCH()}
