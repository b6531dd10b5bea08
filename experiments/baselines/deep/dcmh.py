"""DCMH, deep cross-modal hashing, with features as input.

Jiang, Li: "Deep Cross-Modal Hashing", CVPR 2017.
"""

import dataclasses
from typing import TYPE_CHECKING
from typing import Any
from typing import ClassVar

from common.models.settings import setting
from experiments.baselines import keras_method
from experiments.baselines.deep import layers
from experiments.baselines.deep import rows

if TYPE_CHECKING:
    from experiments.baselines.deep.dcmh_model import DCMHModel


@dataclasses.dataclass(frozen=True)
class DCMH(keras_method.KerasMethod):
    """Two networks whose outputs' products follow the labels.

    The paper's image network starts from pixels; here both views are
    features, each with one hidden layer.
    """

    supervised: ClassVar[bool] = True
    views: ClassVar[tuple[type, type]] = (layers.TwoLayers, layers.TwoLayers)

    image_hidden_units: int = setting(
        1024, "Hidden units for images; the paper has 4096.", minimum=1
    )
    text_hidden_units: int = setting(
        1024, "Hidden units for texts; the paper has 8192.", minimum=1
    )
    quantization: float = setting(1.0, "gamma.", minimum=0.0)
    balance: float = setting(
        10.0, "eta, over the number of pairs.", minimum=0.0
    )
    theta_bits: float = setting(
        32.0,
        "Theta of longer codes counts as that of so many bits; 0: as printed, "
        "it grows with K.",
        minimum=0.0,
    )
    epochs: int = setting(
        0,
        "Rounds over both networks; 0 takes 30, and with few training rows as "
        "many times 30 as make 2,000 steps; the paper has 500 of plain "
        "descent.",
        minimum=0,
    )
    batch_size: int = setting(
        0,
        "Pairs in a batch; 0 takes a 32nd of the training rows, at least "
        "32 and at most 128.",
        minimum=0,
    )
    optimizer: str = setting("adam", "Optimizer.", choices=("adam", "sgd"))
    learning_rate: float = setting(1e-4, "Its first rate.", minimum=1e-12)
    last_learning_rate: float = setting(
        1e-6, "Rate that it falls to, on a straight line.", minimum=0.0
    )

    def for_rows(self, count: int) -> "DCMH":
        """These settings with nothing left to the number of training rows."""
        return rows.resolved(self, count, 30, 2, 128)

    def model(self, **kwargs: Any) -> "DCMHModel":
        """A new model with these settings, see `keras_method.KerasMethod`."""
        from experiments.baselines.deep import dcmh_model

        return dcmh_model.DCMHModel(self, **kwargs)


METHODS = {"dcmh": DCMH()}
