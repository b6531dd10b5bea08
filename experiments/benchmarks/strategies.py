r"""Times a UGACH step on one and on two replicas, each with one core.

    python -m experiments.benchmarks.strategies --output=FILE

All ways train the same batches with the same loop, without XLA, and take
turns; figures are medians of steps, and of the rounds' ratios to one replica.
Workers talk over the loopback device, so that a step costs no network.
"""

import concurrent.futures
import json
import multiprocessing
import os
import socket

import numpy as np
from absl import flags

from common.runs import provenance
from common.runs import runner
from common.system import files

# Widths of 1280-d features with bags of 2,000 words.
_IMAGE_DIM, _TEXT_DIM = 1280, 2000
_STEPS, _LEFT_OUT = 60, 10
# Strategy, logical processors, workers.
WAYS = {
    "one replica": ("none", 1, 1),
    "mirrored, 2 devices": ("mirrored", 2, 1),
    "multi_worker, 1 worker": ("multi_worker", 1, 1),
    "multi_worker, 2 workers": ("multi_worker", 1, 2),
}


def step_seconds(way: str, hidden_units: int, batch_size: int) -> float:
    """Median seconds of a step, in processes of its own."""
    strategy, devices, workers = WAYS[way]
    hosts = [f"127.0.0.1:{port}" for port in _free_ports(workers)]
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, context) as pool:
        jobs = [
            pool.submit(
                _train,
                strategy,
                devices,
                hosts,
                index,
                hidden_units,
                batch_size,
            )
            for index in range(workers)
        ]
        return jobs[0].result()


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _train(strategy, devices, hosts, index, hidden_units, batch_size) -> float:
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["TF_CONFIG"] = json.dumps(
        {
            "cluster": {"worker": hosts},
            "task": {"type": "worker", "index": index},
        }
    )
    runner.import_tensorflow(find_devices=False)
    import tensorflow as tf

    from common.models import distribution

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * devices,
    )
    with distribution.scope(strategy):
        times = _steps(hidden_units, batch_size)
        distribution.meet()
    return float(np.median(times[_LEFT_OUT:]))


def _steps(hidden_units, batch_size) -> list[float]:
    """Seconds of each step of both players."""
    from common.data import arrays
    from experiments.benchmarks.training import steps
    from ugach import config as ugach_config
    from ugach import model as ugach_model

    rng = np.random.default_rng(0)
    rows = _STEPS * batch_size
    data = arrays.CrossModalData(
        image=rng.random((rows, _IMAGE_DIM), np.float32),
        text=(rng.random((rows, _TEXT_DIM)) < 0.003).astype(np.uint8),
    )
    config = ugach_config.Config(
        hidden_units=hidden_units,
        batch_size=batch_size,
        mode="baseline_gan",
        alternation="batch",
        pretrain_epochs=0,
        epochs=1,
        decay_epochs=1,
    )
    model = ugach_model.UGACH(config)
    model.compile(jit_compile=False)
    timer = steps.step_timer()
    model.fit(data, callbacks=[timer], verbose=0)
    return timer.times["adversarial"]


def _define_flags() -> None:
    flags.DEFINE_integer("hidden_units", 512, "Width of the common layer.")
    flags.DEFINE_integer("batch_size", 256, "Queries of each modality.")
    flags.DEFINE_integer("rounds", 3, "Turns of each way.", lower_bound=1)
    flags.DEFINE_string("output", "", "A .json file for the figures.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    seconds = {way: [] for way in WAYS}
    for _ in range(given.rounds):
        for way, found in seconds.items():
            found.append(
                step_seconds(way, given.hidden_units, given.batch_size)
            )
    one = np.array(seconds["one replica"])
    figures = {
        "kind": "strategies",
        "provenance": [provenance.record(xla=False)],
        "hidden_units": given.hidden_units,
        "batch_size": given.batch_size,
        "cores": os.cpu_count(),
        "ways": {
            way: {
                "milliseconds": 1e3 * float(np.median(found)),
                "speed_of_one_replica": float(np.median(one / found)),
            }
            for way, found in seconds.items()
        },
    }
    for way, found in figures["ways"].items():
        print(
            f"{way:24s} {found['milliseconds']:7.1f} ms a step, "
            f"{found['speed_of_one_replica']:.2f} x the speed of one replica"
        )
    if given.output:
        files.write_json(given.output, figures)


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
