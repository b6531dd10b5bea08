"""Relevance, counts per distance, MAP exact under ties, state of bits."""

from common.metrics.diagnostics import bit_balance
from common.metrics.evaluation import Evaluation
from common.metrics.evaluation import all_directions
from common.metrics.evaluation import code_statistics
from common.metrics.evaluation import collapse_warnings
from common.metrics.histograms import DistanceHistograms
from common.metrics.histograms import distance_histograms
from common.metrics.relevance import share_label
from common.metrics.retrieval import base_rate
from common.metrics.retrieval import chance_level
from common.metrics.retrieval import expected_average_precision
from common.metrics.retrieval import expected_precision_at
from common.metrics.retrieval import optimistic_average_precision
from common.metrics.retrieval import pessimistic_average_precision

__all__ = (
    "DistanceHistograms",
    "Evaluation",
    "all_directions",
    "base_rate",
    "bit_balance",
    "chance_level",
    "code_statistics",
    "collapse_warnings",
    "distance_histograms",
    "expected_average_precision",
    "expected_precision_at",
    "optimistic_average_precision",
    "pessimistic_average_precision",
    "share_label",
)
