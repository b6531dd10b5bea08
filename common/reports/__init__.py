"""What a finished run leaves: pictures, summaries, a card, exported models."""

from typing import TYPE_CHECKING

from common.system import lazy

if TYPE_CHECKING:
    from common.reports.model_card import render
    from common.reports.reporting import finish
    from common.reports.reporting import table
    from common.reports.sentences import BagOfWords

__all__ = (
    "BagOfWords",
    "finish",
    "render",
    "table",
)
# They need TensorFlow.
__getattr__ = lazy.names(
    __name__,
    finish="reporting",
    render="model_card",
    table="reporting",
    BagOfWords="sentences",
)
