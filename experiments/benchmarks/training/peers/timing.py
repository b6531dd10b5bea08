"""Times the steps of peers, and products, in PyTorch."""

import time
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from common.data import arrays
from experiments.benchmarks.training import pace as pace_lib
from experiments.benchmarks.training.peers import peer as peer_lib
from experiments.benchmarks.training.peers import ssah
from experiments.benchmarks.training.peers import uch
from experiments.benchmarks.training.peers import ugach

# Between a step of ours and PyTorch's, after the first one.
_DIFFERS = (
    "Adam's epsilon, which PyTorch adds after it corrects the second moment "
    "and Keras before."
)


def about() -> dict[str, Any]:
    """PyTorch's `version`, `threads` inside operations, and what `differs`."""
    return {
        "version": torch.__version__,
        "threads": torch.get_num_threads(),
        "differs": _DIFFERS,
    }


def make_peer(
    method: str, model: Any, data: arrays.CrossModalData, compiled: bool
) -> peer_lib.Peer:
    """The peer of a method's Keras model, see `peer.Peer`.

    Raises:
        ValueError: The peer does not have the model's settings.
    """
    classes = {
        "ugach": ugach.UGACHPeer,
        "uch": uch.UCHPeer,
        "ssah": ssah.SSAHPeer,
    }
    return classes[method](model, data, compiled)


def time_peer(
    peer: peer_lib.Peer,
    kind: str,
    draws: Sequence[Mapping[str, np.ndarray]],
    pace: pace_lib.Pace,
) -> list[float]:
    """Seconds of each step of one kind.

    Args:
        peer: The peer.
        kind: The phase.
        draws: What `common.data.draws` drew for `pace.most` steps.
        pace: How many steps.

    Raises:
        RuntimeError: `torch.compile` fails, as without a C++ compiler.
    """
    # What was compiled for other sizes would count as one function too many.
    torch.compiler.reset()
    times = []
    while not pace.is_enough(times):
        start = time.perf_counter()
        peer.step(kind, draws[len(times)])
        times.append(time.perf_counter() - start)
    return times


def product_seconds(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
    transposed: str,
    seconds: float,
) -> float:
    """Seconds of one product, in the fastest of some rounds.

    Args:
        pairs: Operands of products of one shape, as they lie in memory.
        transposed: See `counts.products.Product`.
        seconds: How long rounds go on.
    """
    operands = []
    for left, right in pairs:
        left, right = torch.from_numpy(left), torch.from_numpy(right)
        left = left.T if transposed == "left" else left
        right = right.T if transposed == "right" else right
        operands.append((left, right, left @ right))
    times = []
    while len(times) < 5 or sum(times) < seconds:
        start = time.perf_counter()
        for left, right, result in operands:
            torch.mm(left, right, out=result)
        times.append(time.perf_counter() - start)
    return min(times) / len(operands)
