"""Unsupervised Generative Adversarial Cross-modal Hashing (AAAI 2018)."""

from typing import TYPE_CHECKING

from common import __version__
from common.system import lazy
from ugach.config import PRESETS
from ugach.config import Config

if TYPE_CHECKING:
    from ugach.model import UGACH

__all__ = ("Config", "PRESETS", "UGACH", "__version__")
# It needs TensorFlow.
__getattr__ = lazy.keras_names(__name__, UGACH="model")
