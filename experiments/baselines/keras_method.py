"""Compared methods whose hash functions a Keras model learns."""

import dataclasses
from typing import TYPE_CHECKING
from typing import Any

from common.runs import runner
from experiments.baselines import method

if TYPE_CHECKING:
    from common.training import Trainer


@dataclasses.dataclass(frozen=True)
class KerasMethod(method.Method):
    """Settings of a Keras model, which `model` names.

    TensorFlow is imported when a model is made, since it takes seconds.
    """

    def model(self, **kwargs: Any) -> "Trainer":
        """A new model with these settings.

        Args:
            **kwargs: `bits`, K, and `seed`, as the model's class takes them.
        """
        raise NotImplementedError(f"{type(self).__name__} needs a `model`.")

    def kept(self, model: "Trainer"):
        """What is kept of a trained model: arrays, which need no Keras."""
        return model.as_arrays()

    def _fit(self, pairs, bits, rng, report):
        runner.import_tensorflow()
        from experiments.baselines.deep import keras_training

        model = self.model(bits=bits, seed=int(rng.integers(2**20)))
        keras_training.train(model, pairs, report)
        return self.kept(model)
