"""Everything about codes: packing, distances, the index and its engines.

Nothing here knows of labels or models. The bit order of `codes` holds
everywhere; the scans are in C, with NumPy in their place where no compiler was.
"""

from typing import TYPE_CHECKING

from common.hamming.codes import PackedCodes
from common.hamming.distances import hamming_distances
from common.hamming.faiss_engine import FaissEngine
from common.hamming.index import Engine
from common.hamming.index import HammingIndex
from common.hamming.milvus_engine import MilvusIndex
from common.hamming.multi_index import MultiIndexHashing
from common.hamming.scan import Scan
from common.system import lazy

if TYPE_CHECKING:
    from common.hamming.tensor_scan import TensorScan

__all__ = (
    "Engine",
    "FaissEngine",
    "HammingIndex",
    "MilvusIndex",
    "MultiIndexHashing",
    "PackedCodes",
    "Scan",
    "TensorScan",
    "hamming_distances",
)
# They need TensorFlow.
__getattr__ = lazy.names(__name__, TensorScan="tensor_scan")
