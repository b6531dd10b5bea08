"""SSAH: Self-Supervised Adversarial Hashing (CVPR 2018)."""

from typing import TYPE_CHECKING

from common import __version__
from common.system import lazy
from ssah.config import PRESETS
from ssah.config import Config

if TYPE_CHECKING:
    from ssah.model import SSAH

__all__ = ("Config", "PRESETS", "SSAH", "__version__")
# It needs TensorFlow.
__getattr__ = lazy.keras_names(__name__, SSAH="model")
