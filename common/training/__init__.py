"""The training loop: `fit`, its callbacks, checkpoints and workers."""

from typing import TYPE_CHECKING

from common.system import lazy

if TYPE_CHECKING:
    from common.training.callbacks import LearningRates
    from common.training.callbacks import RetrievalValidation
    from common.training.checkpoints import Checkpoints
    from common.training.checkpoints import SaveEpochs
    from common.training.divergence import DivergedError
    from common.training.finiteness import StopAtDivergence
    from common.training.fitting import fit
    from common.training.one_player import OnePlayer
    from common.training.trainer import Trainer

__all__ = (
    "Checkpoints",
    "DivergedError",
    "LearningRates",
    "OnePlayer",
    "RetrievalValidation",
    "SaveEpochs",
    "StopAtDivergence",
    "Trainer",
    "fit",
)
# They need TensorFlow.
__getattr__ = lazy.names(
    __name__,
    LearningRates="callbacks",
    RetrievalValidation="callbacks",
    Checkpoints="checkpoints",
    SaveEpochs="checkpoints",
    DivergedError="divergence",
    StopAtDivergence="finiteness",
    fit="fitting",
    OnePlayer="one_player",
    Trainer="trainer",
)
