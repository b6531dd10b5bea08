"""CIRH, codes of a graph network that rebuilds similarities and features.

Zhu, Wu, Li, Zhang, Guan, Shen: "Work Together: Correlation-Identity
Reconstruction Hashing for Unsupervised Cross-modal Retrieval", TKDE 35(9),
2023. The recipe is that of the authors' program.
"""

import dataclasses
from typing import TYPE_CHECKING
from typing import Any
from typing import ClassVar

from common.models import lengths
from common.models.settings import setting
from experiments.baselines import keras_method
from experiments.baselines.deep import layers

if TYPE_CHECKING:
    from experiments.baselines.towers.cirh_model import CIRHModel

# Where settings leave the size of a batch to the training rows.
_EPOCH_STEPS = 28
_BATCH_SIZES = (128, 512)


@dataclasses.dataclass(frozen=True)
class CIRH(keras_method.KerasMethod):
    """Towers that follow the codes of a graph network of both views.

    An epoch trains the graph network, which leaves a code for each pair, and
    then the towers on these codes.
    """

    views: ClassVar[tuple[type, type]] = (layers.Tower, layers.Tower)

    hidden_units: int = setting(
        1024,
        "Hidden units of a tower; the authors have 4096 for images and the "
        "width of the bag for texts.",
        minimum=1,
    )
    graph_units: int = setting(512, "Units of the graph network.", minimum=1)
    dropout: float = setting(
        0.3,
        "Share of a tower's hidden units that are dropped.",
        minimum=0.0,
        maximum=0.9,
    )
    image_share: float = setting(
        0.6,
        "Share of the images' cosine in a similarity.",
        minimum=0.0,
        maximum=1.0,
    )
    plain_share: float = setting(
        0.6,
        "Share of the plain similarity beside the scaled one.",
        minimum=0.0,
        maximum=1.0,
    )
    far_share: float = setting(
        0.6,
        "Share of an item's similarities, the smallest, that become 0.",
        minimum=0.0,
        maximum=0.99,
    )
    identity_weight: float = setting(
        10.0, "lambda 1, of rebuilt features.", minimum=0.0
    )
    correlation_weight: float = setting(
        1.0, "lambda 2, of rebuilt similarities.", minimum=0.0
    )
    tower_correlation_weight: float = setting(
        0.01, "beta, of similarities that towers rebuild.", minimum=0.0
    )
    epochs: int = setting(
        30,
        "Epochs of the graph network, and of the towers; the authors have 60.",
        minimum=1,
    )
    batch_size: int = setting(
        0,
        "Pairs in a batch; 0 takes a 28th of the training rows, at least 128 "
        "and at most 512, which the authors have.",
        minimum=0,
    )
    graph_learning_rate: float = setting(
        1e-3, "Of Adam, for the graph network.", minimum=1e-12
    )
    learning_rate: float = setting(
        1e-3,
        "Of Adam, for the towers; the authors have 1e-4.",
        minimum=1e-12,
    )

    def for_rows(self, count: int) -> "CIRH":
        """These settings with nothing left to the number of training rows."""
        batch_size = self.batch_size or lengths.batch_size(
            count, _EPOCH_STEPS, *_BATCH_SIZES
        )
        return dataclasses.replace(self, batch_size=batch_size)

    def model(self, **kwargs: Any) -> "CIRHModel":
        """A new model with these settings, see `keras_method.KerasMethod`."""
        from experiments.baselines.towers import cirh_model

        return cirh_model.CIRHModel(self, **kwargs)


METHODS = {"cirh": CIRH()}
