"""Compared methods that stay Keras models, as one's own do."""

import dataclasses
from typing import ClassVar

from common.models.settings import setting
from common.runs import runner
from experiments.baselines import keras_method


@dataclasses.dataclass(frozen=True)
class Trained(keras_method.KerasMethod):
    """Settings of a Keras model that is trained and compared.

    A subclass adds fields, and `model` names its model.
    """

    kept_as: ClassVar[str] = "model.keras"

    epochs: int = setting(30, "Epochs.", minimum=1)
    batch_size: int = setting(64, "Pairs in a batch.", minimum=2)
    learning_rate: float = setting(1e-3, "Of Adam.", minimum=1e-12)

    def kept(self, model):
        """The model itself."""
        from experiments.baselines.deep import keras_training

        return keras_training.KerasModel(model)

    def load(self, path):
        """Reads a model that this method fitted and kept.

        Raises:
            ValueError: The file does not hold such a model.
        """
        runner.import_tensorflow()
        import keras

        from experiments.baselines.deep import keras_training

        return keras_training.KerasModel(keras.models.load_model(path))
