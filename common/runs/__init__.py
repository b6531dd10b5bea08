"""What a command's run is: settings, flags, folder, record and codes."""

from typing import TYPE_CHECKING

from common.runs.finished import FinishedRun
from common.runs.finished import open_run
from common.runs.run import Prepared
from common.runs.run import Run
from common.runs.run import prepare
from common.runs.run import read_inputs
from common.system import lazy

if TYPE_CHECKING:
    from common.runs.encoding import Encoders
    from common.runs.encoding import SplitCodes
    from common.runs.encoding import encode_split

__all__ = (
    "Encoders",
    "FinishedRun",
    "Prepared",
    "Run",
    "SplitCodes",
    "encode_split",
    "open_run",
    "prepare",
    "read_inputs",
)
# They need TensorFlow.
__getattr__ = lazy.names(
    __name__,
    Encoders="encoding",
    SplitCodes="encoding",
    encode_split="encoding",
)
