"""Data sets: layouts of files, splits, batches, neighbours and checks."""

from typing import TYPE_CHECKING

from common.data.arrays import CrossModalData
from common.data.readers import DataError
from common.data.readers import read
from common.data.readers import read_rows
from common.data.splits import Split
from common.data.splits import random_split
from common.data.subset import Subset
from common.data.thumbnails import Thumbnails
from common.system import lazy

if TYPE_CHECKING:
    from common.data.pipeline import batches

__all__ = (
    "CrossModalData",
    "DataError",
    "Split",
    "Subset",
    "Thumbnails",
    "batches",
    "random_split",
    "read",
    "read_rows",
)
# They need TensorFlow.
__getattr__ = lazy.names(__name__, batches="pipeline")
