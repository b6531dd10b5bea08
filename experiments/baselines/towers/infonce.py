"""InfoNCE, two towers whose pairs are told from the strangers of a batch.

The plain contrastive recipe, without a device for codes but tanh: van den Oord,
Li, Vinyals: "Representation Learning with Contrastive Predictive Coding",
arXiv 1807.03748, 2018, in both directions as Radford et al.: "Learning
Transferable Visual Models From Natural Language Supervision", ICML 2021.
"""

import dataclasses
from typing import TYPE_CHECKING
from typing import Any
from typing import ClassVar

from common.models.settings import setting
from experiments.baselines import keras_method
from experiments.baselines.deep import layers

if TYPE_CHECKING:
    from experiments.baselines.towers.infonce_model import InfoNCEModel


@dataclasses.dataclass(frozen=True)
class InfoNCE(keras_method.KerasMethod):
    """Relaxed codes whose cosines tell pairs from strangers."""

    views: ClassVar[tuple[type, type]] = (layers.Tower, layers.Tower)

    hidden_units: int = setting(1024, "Hidden units of a tower.", minimum=1)
    dropout: float = setting(
        0.3, "Share of hidden units that are dropped.", minimum=0.0, maximum=0.9
    )
    temperature: float = setting(
        0.5, "tau, what cosines are divided by.", minimum=1e-3
    )
    epochs: int = setting(12, "Epochs.", minimum=1)
    batch_size: int = setting(256, "Pairs in a batch.", minimum=2)
    learning_rate: float = setting(1e-3, "Of Adam.", minimum=1e-12)

    def model(self, **kwargs: Any) -> "InfoNCEModel":
        """A new model with these settings, see `keras_method.KerasMethod`."""
        from experiments.baselines.towers import infonce_model

        return infonce_model.InfoNCEModel(self, **kwargs)


METHODS = {"infonce": InfoNCE()}
