"""Image networks, their weights, and pictures as these see them.

A network takes float32 RGB pixels in 0..255, [n, height, width, 3], and resizes
and centres them itself, so that an exported model takes raw pixels.
"""

from typing import TYPE_CHECKING

from common.backbones.preprocessing import Preprocessing
from common.system import lazy

if TYPE_CHECKING:
    from common.backbones.extractor import Extractor
    from common.backbones.response_normalization import ResponseNormalization

__all__ = (
    "Extractor",
    "Preprocessing",
    "ResponseNormalization",
)
# They need TensorFlow.
__getattr__ = lazy.names(
    __name__,
    Extractor="extractor",
    ResponseNormalization="response_normalization",
)
