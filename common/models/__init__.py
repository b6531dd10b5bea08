"""What the methods' models share: base class, settings, schedules, replicas."""

from typing import TYPE_CHECKING

from common.models.cluster import WorkerLostError
from common.models.settings import setting
from common.system import lazy

if TYPE_CHECKING:
    from common.models.base import HashingModel
    from common.models.base import Signature
    from common.models.schedules import StepDecay

__all__ = (
    "HashingModel",
    "Signature",
    "StepDecay",
    "WorkerLostError",
    "setting",
)
# They need TensorFlow.
__getattr__ = lazy.names(
    __name__, HashingModel="base", Signature="base", StepDecay="schedules"
)
