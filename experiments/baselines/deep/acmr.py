"""ACMR, adversarial cross-modal retrieval.

Wang, Yang, Xu, Hanjalic, Shen: "Adversarial Cross-Modal Retrieval", ACM
Multimedia 2017. Its embeddings are real-valued; their signs make a code.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any
from typing import ClassVar

import numpy as np

from common.models.settings import setting
from experiments.baselines import keras_method
from experiments.baselines import models
from experiments.baselines.deep import layers
from experiments.baselines.deep import rows
from experiments.baselines.shallow import algebra

if TYPE_CHECKING:
    from experiments.baselines.deep.acmr_model import ACMRModel


@dataclasses.dataclass(frozen=True, eq=False)
class RealValued(models.Model):
    """Embeddings that are ranked by their cosine; codes are their signs."""

    def text_scorer(
        self, texts: np.ndarray
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Cosines of a database's texts, for image queries."""
        found = algebra.unit_rows(self.text.outputs(texts))
        return lambda images: self.image.outputs(images) @ found.T

    def image_scorer(
        self, images: np.ndarray
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Cosines of a database's images, for text queries."""
        found = algebra.unit_rows(self.image.outputs(images))
        return lambda texts: self.text.outputs(texts) @ found.T


@dataclasses.dataclass(frozen=True)
class ACMR(keras_method.KerasMethod):
    """Embeddings that tell labels, but not whether they are of an image.

    The losses of embeddings, with a domain classifier against them:

        label_weight * cross entropy of the labels + |v - t|
            + dissimilarity_weight * max(0, margin - |v - t-|)

    where t- is the nearest text of the batch without a common label, and the
    same from texts to images. An item of several labels shares its weight
    among them.
    """

    supervised: ClassVar[bool] = True
    views: ClassVar[tuple[type, type]] = (layers.TwoLayers, layers.TwoLayers)

    real_valued: bool = setting(
        True, "Rank embeddings by cosine; else their signs as codes."
    )
    image_hidden_units: int = setting(1000, "Units for images.", minimum=1)
    text_hidden_units: int = setting(300, "Units for texts.", minimum=1)
    label_weight: float = setting(
        50.0, "Of the label classifier's loss.", minimum=0.0
    )
    dissimilarity_weight: float = setting(
        0.2, "Of the distance to what has no common label.", minimum=0.0
    )
    margin: float = setting(1.0, "Distance that is far enough.", minimum=0.0)
    epochs: int = setting(
        0,
        "Epochs; 0 takes 50, and with few training rows as many times 50 as "
        "make 2,000 steps.",
        minimum=0,
    )
    batch_size: int = setting(
        0,
        "Pairs in a batch; 0 takes a 32nd of the training rows, at least "
        "32 and at most 64.",
        minimum=0,
    )
    learning_rate: float = setting(1e-4, "Of Adam.", minimum=1e-12)

    def for_rows(self, count: int) -> "ACMR":
        """These settings with nothing left to the number of training rows."""
        return rows.resolved(self, count, 50, 1, 64)

    def model(self, **kwargs: Any) -> "ACMRModel":
        """A new model with these settings, see `keras_method.KerasMethod`."""
        from experiments.baselines.deep import acmr_model

        return acmr_model.ACMRModel(self, **kwargs)

    def kept(self, model: "ACMRModel") -> models.Model:
        """What is ranked by real numbers keeps to them."""
        return self._ranked(super().kept(model))

    def load(self, path) -> models.Model:
        """Reads a model that this method fitted and `Model.save` wrote."""
        return self._ranked(super().load(path))

    def _ranked(self, model: models.Model) -> models.Model:
        if self.real_valued:
            return RealValued(model.image, model.text)
        return model


METHODS = {"acmr": ACMR(), "acmr_sign": ACMR(real_valued=False)}
