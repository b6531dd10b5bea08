"""Times every case: ours, and in PyTorch, one after the other."""

import dataclasses
import os
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from common.data import arrays
from common.system import extras
from experiments.benchmarks.training import cases as cases_lib
from experiments.benchmarks.training import floors
from experiments.benchmarks.training import machine as machine_lib
from experiments.benchmarks.training import pace as pace_lib
from experiments.benchmarks.training import steps
from experiments.benchmarks.training.counts import products as counts


class Rival:
    """PyTorch, where it is installed, and `torch.compile`, where it works.

    Args:
        say: Is given a sentence where one of them is missing.
    """

    def __init__(self, say: Callable[[str], None]):
        self._say = say
        self._timing = None
        self._compiles = True
        try:
            extras.load("torch", "PyTorch", "compare")
        except extras.NotInstalledError as error:
            say(f"Nothing is compared: {error}")
            return
        from experiments.benchmarks.training.peers import timing

        self._timing = timing

    @property
    def timers(self) -> list[floors.Timer]:
        """What times single products."""
        return [] if self._timing is None else [self._timing.product_seconds]

    def about(self) -> dict[str, Any] | None:
        """Version, threads, and whether `compile` works; None without."""
        if self._timing is None:
            return None
        return {**self._timing.about(), "compile": self._compiles}

    def seconds(
        self,
        method: str,
        model: Any,
        data: arrays.CrossModalData,
        kind: str,
        pace: pace_lib.Pace,
    ) -> dict[str, float | None]:
        """Median seconds of a step, `torch_eager` and `torch_compiled`."""
        found = dict.fromkeys(("torch_eager", "torch_compiled"))
        if self._timing is None:
            return found
        draws = _draws(model, data, pace)
        for compiled, name in enumerate(found):
            if compiled and not self._compiles:
                break
            peer = self._timing.make_peer(method, model, data, bool(compiled))
            try:
                times = self._timing.time_peer(peer, kind, draws, pace)
            except RuntimeError as error:
                if not compiled:
                    raise
                reason = str(error).strip().partition("\n")[0]
                self._say(f"torch.compile fails and is left out: {reason}")
                self._compiles = False
                break
            found[name] = pace.median(times)
        return found


def measure(
    cases: Sequence[cases_lib.Case],
    sizes: cases_lib.Sizes,
    pace: pace_lib.Pace,
    cache_dir: str | os.PathLike,
    say: Callable[[str], None] = print,
    measure_machine: Callable[
        [], machine_lib.Machine
    ] = machine_lib.measure_machine,
) -> dict:
    """Times all steps of all cases.

    Args:
        cases: The models.
        sizes: Of the data.
        pace: How many steps.
        cache_dir: Where graphs are kept meanwhile.
        say: Is given lines that tell how far it is.
        measure_machine: What measures the machine, before and after.

    Returns:
        The content of `benchmark_training.json`, without provenance: times
        in seconds; a floor's ratio is our time to it, a ratio of PyTorch its
        time to ours, and None stands for what could not be measured.
    """
    rival = Rival(say)
    shapes = floors.ShapeTimer([floors.time_in_tensorflow, *rival.timers])
    machine = measure_machine()
    data = cases_lib.made_up_data(sizes)
    found = []
    for case in cases:
        model = cases_lib.make_model(case, cache_dir)
        own = {}
        for kind, epoch in case.epochs.items():
            times = steps.time_fit(model, data, kind, epoch, pace)
            products = floors.step_products(case, sizes, kind)
            own[kind] = {
                "seconds": pace.median(times),
                "timed": len(times) - pace.left_out,
                "operations": counts.operations(products),
                "updated_weights": floors.updated_weights(model, kind),
                "product_seconds": shapes.seconds(products),
                **rival.seconds(case.method, model, data, kind, pace),
            }
            say(_line(case, kind, own[kind]))
        found.append(
            {
                "method": case.method,
                "setting": case.setting,
                "config": dataclasses.asdict(case.config),
                "steps": own,
            }
        )
    machine = machine.better(measure_machine())
    for case in found:
        for kind, step in case["steps"].items():
            case["steps"][kind] = _with_ratios(machine, step)
    return {
        "kind": "training",
        "sizes": dataclasses.asdict(sizes),
        "machine": dataclasses.asdict(machine),
        "torch": rival.about(),
        "cases": found,
    }


def _with_ratios(machine, step) -> dict[str, Any]:
    """A step's record with both floors, and what is how many times what."""
    seconds, weights = step["seconds"], step["updated_weights"]
    floor = floors.floor_seconds(machine, step["operations"], weights)
    traffic = floors.traffic_seconds(machine, weights)
    shapes = step["product_seconds"] + traffic
    ratios = {
        f"{name}_ratio": None if step[name] is None else step[name] / seconds
        for name in ("torch_eager", "torch_compiled")
    }
    return {
        **step,
        "floor_seconds": floor,
        "ratio": seconds / floor,
        "shapes_seconds": shapes,
        "shapes_ratio": seconds / shapes,
        **ratios,
    }


def _draws(model, data, pace) -> list[dict]:
    train = data[:]
    draw = model.make_draws(train, model.run_config.batch_size, silent=True)
    return [draw(step) for step in range(pace.most)]


def _line(case, kind, step) -> str:
    parts = [f"{case.method} {case.setting} {kind}:"]
    parts.append(f"{1e3 * step['seconds']:.1f} ms a step")
    for name in ("torch_eager", "torch_compiled"):
        if step[name] is not None:
            parts.append(f"{name} {1e3 * step[name]:.1f} ms")
    return f"{parts[0]} {', '.join(parts[1:])}"
