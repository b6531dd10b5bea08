r"""Times a UGACH step of each kind inside `fit` against its floor.

    python -m experiments.benchmarks.training

The floor is what no implementation on this machine can go below: the step's
matrix products at the machine's best single-precision rate, plus the
optimizer's reads and writes at its memory bandwidth. Both are measured in the
same process, before and after the steps; figures are medians.
"""

import dataclasses
import time

import numpy as np
from absl import flags

from common.runs import provenance
from common.runs import runner
from common.system import files
from ugach import config as ugach_config

# Widths of MIRFlickr-25K with VGG19 features.
_IMAGE_DIM, _TEXT_DIM = 4096, 1386
# Steps of each kind; the first of them are tracing and compiling.
_STEPS, _LEFT_OUT = 30, 10
# Adam reads weight, gradient and two moments, and writes all but one.
_ADAM_WORDS, _SGD_WORDS = 7, 3


@dataclasses.dataclass(frozen=True)
class Machine:
    """What this machine can do: FLOP/s in products, bytes/s in streams."""

    products: float
    stream: float


def measure_machine() -> Machine:
    """Best rates of a large product and of a large a = b + s * c."""
    import tensorflow as tf

    size = 3072
    left = tf.random.stateless_normal([size, size], [0, 0])
    product = tf.function(lambda: tf.reduce_sum(left @ left))
    vector = tf.random.stateless_normal([1 << 26], [0, 1])
    other = tf.random.stateless_normal([1 << 26], [0, 2])
    target = tf.Variable(vector)

    @tf.function(jit_compile=True)
    def triad():
        target.assign(vector + 0.5 * other)

    return Machine(
        2.0 * size**3 / _fastest(product),
        3.0 * 4 * (1 << 26) / _fastest(triad),
    )


def floor_seconds(
    machine: Machine, config: ugach_config.Config, kind: str
) -> float:
    """Least time of a step: products, then the optimizer's traffic."""
    # Pairs without a graph: the positives are the queries again.
    rows = config.batch_size + config.pool_size
    players = 2 if kind == "adversarial" else 1
    first = (_IMAGE_DIM + _TEXT_DIM) * config.hidden_units
    second = 2 * config.hidden_units * config.bits
    # Forward and weight gradients everywhere; input gradients only where a
    # layer has a layer below it.
    products = 2.0 * rows * (2 * first + 3 * second)
    words = _ADAM_WORDS if config.optimizer == "adam" else _SGD_WORDS
    traffic = 4.0 * words * (first + second)
    seconds = products / machine.products + traffic / machine.stream
    return players * seconds


def time_steps(config: ugach_config.Config) -> dict[str, float]:
    """Median seconds of a step inside `fit`, for each kind of step."""
    from common.data import arrays
    from ugach import model as ugach_model

    rng = np.random.default_rng(0)
    count = _STEPS * config.batch_size
    data = arrays.CrossModalData(
        image=rng.random((count, _IMAGE_DIM), np.float32),
        text=(rng.random((count, _TEXT_DIM)) < 0.003).astype(np.uint8),
    )
    model = ugach_model.UGACH(config)
    model.compile()
    steps = step_timer()
    model.fit(data, callbacks=[steps], verbose=0)
    return {
        kind: float(np.median(times[_LEFT_OUT:]))
        for kind, times in steps.times.items()
    }


def step_timer():
    """A callback that takes the time of each step, by the model's phase."""
    import keras

    class StepTimer(keras.callbacks.Callback):
        """Wall time between the ends of consecutive steps, by kind."""

        def __init__(self):
            super().__init__()
            self.times = {}

        def on_epoch_begin(self, epoch, logs=None):
            self.kind = self.model.phase
            self.last = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            now = time.perf_counter()
            self.times.setdefault(self.kind, []).append(now - self.last)
            self.last = now

    return StepTimer()


def _fastest(function, repeats: int = 8) -> float:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        # A tensor is done when it is read; an assignment, when it returns.
        result = function()
        if result is not None:
            result.numpy()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _define_flags() -> None:
    flags.DEFINE_integer("hidden_units", 4096, "Width of the common layer.")
    flags.DEFINE_integer("batch_size", 64, "Queries of each modality.")
    flags.DEFINE_integer("pool_size", 64, "Candidates per batch.")
    flags.DEFINE_integer("bits", 64, "K, the code length.")
    flags.DEFINE_enum("optimizer", "adam", ("adam", "sgd"), "Optimizer.")
    flags.DEFINE_string("output", "", "A .json file for the figures.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    with runner.one_sentence_errors():
        config = ugach_config.Config(
            hidden_units=given.hidden_units,
            batch_size=given.batch_size,
            pool_size=given.pool_size,
            bits=given.bits,
            optimizer=given.optimizer,
            mode="baseline_gan",
            alternation="epoch",
            pretrain_epochs=1,
            epochs=1,
            decay_epochs=1,
        )
    runner.import_tensorflow()
    before = measure_machine()
    seconds = time_steps(config)
    together = dataclasses.replace(
        config, alternation="batch", pretrain_epochs=0
    )
    seconds |= time_steps(together)
    after = measure_machine()
    machine = Machine(
        max(before.products, after.products), max(before.stream, after.stream)
    )
    print(
        f"products {machine.products / 1e9:.0f} GFLOP/s, stream "
        f"{machine.stream / 1e9:.1f} GB/s"
    )
    figures = {
        "provenance": [provenance.record(xla=True)],
        "machine": dataclasses.asdict(machine),
        "steps": {},
    }
    for kind, measured in seconds.items():
        least = floor_seconds(machine, config, kind)
        print(
            f"{kind:14s} {1e3 * measured:7.1f} ms a step, floor "
            f"{1e3 * least:6.1f} ms, ratio {measured / least:.2f}"
        )
        figures["steps"][kind] = {
            "seconds": measured,
            "floor_seconds": least,
            "ratio": measured / least,
        }
    if given.output:
        figures["config"] = dataclasses.asdict(config)
        files.write_json(given.output, figures)


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
