import dataclasses
import sys

import numpy as np
import pytest

from experiments.benchmarks.training import cases
from experiments.benchmarks.training import floors
from experiments.benchmarks.training import machine
from experiments.benchmarks.training import measuring
from experiments.benchmarks.training import pace
from experiments.benchmarks.training import steps
from experiments.benchmarks.training import table
from experiments.benchmarks.training.counts import products
from experiments.papers import result_tables
from tests.experiments.benchmarks.training import one_step


def small_machine():
    return machine.measure_machine(side=64, numbers=1 << 12)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """One method's figures without PyTorch, and the lines meanwhile."""
    lines = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", None)
        found = measuring.measure(
            one_step.small_cases("ugach", "default"),
            one_step.SIZES,
            pace.Pace(steps=2, left_out=2),
            tmp_path_factory.mktemp("graphs"),
            lines.append,
            small_machine,
        )
    return found, lines


def test_without_pytorch_ours_is_measured_alone(measured):
    found, lines = measured

    assert found["torch"] is None
    assert "PyTorch is not installed" in lines[0]
    assert "cross-modal-hashing[compare]" in lines[0]
    kinds = [kind for case in found["cases"] for kind in case["steps"]]
    assert kinds == ["pretrain", "discriminator", "generator", "adversarial"]
    for case in found["cases"]:
        assert case["config"]["hidden_units"] == 9
        for step in case["steps"].values():
            assert step["timed"] == 2
            assert step["torch_eager"] is step["torch_compiled_ratio"] is None
            assert step["ratio"] * step["floor_seconds"] == pytest.approx(
                step["seconds"]
            )
            assert step["shapes_ratio"] > 0


def test_the_table_has_a_row_for_each_step(measured):
    lines = table.table(measured[0]).splitlines()

    assert len(lines) == 2 + 4
    assert lines[2].startswith("| UGACH | default | pretrain |")
    assert result_tables.MAKERS["training"](measured[0]).splitlines() == lines


def test_a_compiler_that_fails_is_told_once_and_left_out(tmp_path):
    pytest.importorskip("torch")
    lines = []
    rival = measuring.Rival(lines.append)
    data = cases.made_up_data(one_step.SIZES)
    (case,) = one_step.small_cases("ssah", "default")
    model, _, _ = one_step.prepared(case, "labnet", data, tmp_path)
    few = pace.Pace(steps=1, left_out=0)
    timing = rival._timing

    class WithoutCompiler:
        about, make_peer = timing.about, timing.make_peer

        @staticmethod
        def time_peer(peer, *arguments):
            if peer._compiled:
                raise RuntimeError("No compiler\nis there")
            return timing.time_peer(peer, *arguments)

    rival._timing = WithoutCompiler
    found = [
        rival.seconds("ssah", model, data, "labnet", few) for _ in range(2)
    ]

    assert lines == ["torch.compile fails and is left out: No compiler"]
    assert not rival.about()["compile"]
    for one in found:
        assert one["torch_eager"] > 0
        assert one["torch_compiled"] is None


def test_a_step_that_is_compiled_is_the_same_step(tmp_path):
    torch = pytest.importorskip("torch")
    from experiments.benchmarks.training.peers import ugach

    data = cases.made_up_data(one_step.SIZES)
    (case, _) = one_step.small_cases("ugach", "default")

    def compiled(model, data):
        return ugach.UGACHPeer(model, data, compiled=True)

    torch.compiler.reset()
    try:
        moved = one_step.check(case, "pretrain", data, tmp_path, compiled)
    except RuntimeError as error:
        pytest.skip(f"torch.compile fails: {error}")

    assert moved == {"discriminator"}


def test_an_epoch_of_another_phase_is_refused(tmp_path):
    data = cases.made_up_data(one_step.SIZES)
    (case, _) = one_step.small_cases("ugach", "default")
    model = cases.make_model(case, tmp_path)

    with pytest.raises(ValueError, match="of the phase pretrain and not"):
        steps.time_fit(model, data, "generator", 0, pace.Pace(1, 1, 1))


def test_slow_steps_may_be_few():
    asked = pace.Pace(steps=20, left_out=2, fewest=5)

    assert asked.most == 22
    assert not asked.is_enough([9.0, 9.0, *[0.1] * 19])
    assert asked.is_enough([9.0, 9.0, *[0.1] * 20])
    assert not asked.is_enough([9.0, 9.0, *[3.0] * 4])
    assert asked.is_enough([9.0, 9.0, *[3.0] * 5])
    assert asked.median([9.0, 9.0, 1.0, 2.0, 3.0]) == 2.0


def test_a_floor_is_products_and_what_adam_moves():
    rates = machine.Machine(products=100.0, stream=28.0)

    # 2 * 3 * 4 * 5 operations, and 7 numbers of 4 bytes a weight.
    assert products.Product(3, 4, 5).operations == 120
    assert floors.floor_seconds(rates, 120, 6) == pytest.approx(1.2 + 6.0)
    better = rates.better(machine.Machine(50.0, 30.0))
    assert better == machine.Machine(100.0, 30.0)


def test_a_shape_is_timed_once_by_each_library():
    asked = []

    def timer(seconds):
        def time(pairs, transposed, limit):
            shapes = {tuple(one.shape for one in pair) for pair in pairs}
            asked.append((seconds, shapes, transposed))
            return seconds

        return time

    shapes = floors.ShapeTimer([timer(3.0), timer(2.0)])
    one = products.Product(3, 4, 5, "left")

    assert shapes.seconds([one, one]) == 4.0
    # The left operand lies transposed.
    expected = {((4, 3), (4, 5))}
    assert asked == [(3.0, expected, "left"), (2.0, expected, "left")]


@pytest.mark.parametrize("transposed", ("", "left", "right"))
def test_libraries_time_the_product_that_is_meant(transposed):
    timers = [floors.time_in_tensorflow]
    shapes = floors.ShapeTimer(timers)

    # Operands that do not fit together would fail.
    assert shapes.seconds([products.Product(3, 4, 5, transposed)]) > 0


@pytest.mark.parametrize("transposed", ("", "left", "right"))
def test_pytorch_times_the_product_that_is_meant(transposed):
    pytest.importorskip("torch")
    from experiments.benchmarks.training.peers import timing

    shapes = floors.ShapeTimer([timing.product_seconds])

    assert shapes.seconds([products.Product(3, 4, 5, transposed)]) > 0


def test_default_and_paper_settings_are_those_of_the_methods():
    found = cases.cases(cases.METHODS, cases.SETTINGS, cases.Sizes())

    widths = {
        (case.method, case.setting): case.config
        for case in found
        if "adversarial" not in case.epochs
    }
    assert widths["ugach", "default"].hidden_units == 512
    assert widths["ugach", "default"].batch_size == 50
    assert widths["ugach", "paper"].hidden_units == 4096
    assert not widths["uch", "paper"].couple
    assert widths["ssah", "paper"].text_hidden_units == 4096
    assert {config.optimizer for config in widths.values()} == {"adam"}


@pytest.mark.parametrize(
    ("methods", "settings"), ((["dcmh"], ["paper"]), (["uch"], ["large"]))
)
def test_what_is_no_method_or_setting_is_refused(methods, settings):
    with pytest.raises(ValueError, match="is none of"):
        cases.cases(methods, settings, cases.Sizes())


def test_data_have_the_sizes_and_a_label_each():
    data = cases.made_up_data(dataclasses.replace(one_step.SIZES, rows=7))

    assert data.image.shape == (7, 14)
    assert data.text.shape == (7, 55)
    assert np.all(data.labels.any(axis=1))
