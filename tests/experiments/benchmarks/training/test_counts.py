"""The products that are counted are those that PyTorch makes of a step."""

import collections

import pytest

pytest.importorskip("torch")

import torch
from torch.utils import _python_dispatch

from experiments.benchmarks.training import cases
from experiments.benchmarks.training import floors
from experiments.benchmarks.training.peers import timing
from tests.experiments.benchmarks.training import one_step

EVERY_STEP = [
    (method, setting, kind)
    for method in cases.METHODS
    for setting in cases.SETTINGS
    for case in one_step.small_cases(method, setting)
    for kind in case.epochs
]


class Recorder(_python_dispatch.TorchDispatchMode):
    """Counts products by their sizes, whichever operand lies transposed."""

    def __init__(self):
        super().__init__()
        self.found = collections.Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__
        if name in ("mm", "addmm"):
            left, right = args[-2:]
            rows, inner = left.shape
            self.found[_sizes(rows, inner, right.shape[1])] += 1
        return function(*args, **(kwargs or {}))


def _sizes(rows, inner, columns):
    return min(rows, columns), inner, max(rows, columns)


@pytest.fixture(scope="module")
def data():
    return cases.made_up_data(one_step.SIZES)


@pytest.mark.parametrize(("method", "setting", "kind"), EVERY_STEP)
def test_a_step_makes_these_products(method, setting, kind, data, tmp_path):
    (case,) = [
        case
        for case in one_step.small_cases(method, setting)
        if kind in case.epochs
    ]
    model, _, draws = one_step.prepared(case, kind, data, tmp_path)
    peer = timing.make_peer(method, model, data, compiled=False)

    with Recorder() as recorder:
        peer.step(kind, draws(0))

    counted = collections.Counter(
        _sizes(*product[:3])
        for product in floors.step_products(case, one_step.SIZES, kind)
    )
    assert counted == recorder.found


def test_the_weights_that_are_updated_are_those_of_the_optimizers(
    data, tmp_path
):
    (case,) = one_step.small_cases("ssah", "default")
    model, _, draws = one_step.prepared(case, "imgnet", data, tmp_path)

    # 14 features to 9, and from there to 8 bits and 6 labels.
    assert floors.updated_weights(model, "imgnet") == (
        (14 + 1) * 9 + (9 + 1) * (8 + 6)
    )
    # 9 features to 5, 4 and 1, twice.
    assert floors.updated_weights(model, "discriminators") == 2 * (
        (9 + 1) * 5 + (5 + 1) * 4 + (4 + 1)
    )
    assert torch.is_grad_enabled()
