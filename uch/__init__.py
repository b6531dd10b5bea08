"""UCH: Coupled CycleGAN, unsupervised cross-modal hashing (AAAI 2019)."""

from typing import TYPE_CHECKING

from common import __version__
from common.system import lazy
from uch.config import PRESETS
from uch.config import Config

if TYPE_CHECKING:
    from uch.model import UCH

__all__ = ("Config", "PRESETS", "UCH", "__version__")
# It needs TensorFlow.
__getattr__ = lazy.keras_names(__name__, UCH="model")
