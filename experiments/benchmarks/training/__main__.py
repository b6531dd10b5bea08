r"""Times a training step of every method against floors and PyTorch.

    python -m experiments.benchmarks.training --output=training.json

A step inside `fit` is compared with two floors. At the machine's best
single-precision rate and memory bandwidth, both measured in the same process,
before and after: the step's matrix products and Adam's reads and writes, which
no library can go below. And the same with each product timed alone, at
its own shape, in the fastest of the libraries. Beside it runs the same step in
PyTorch, eager and compiled, if it is installed:

    pip install 'cross-modal-hashing[compare]'

Figures are medians. `default` is each method's default settings for 10,000
pairs, `paper` the papers' widths. Takes ten minutes on 2 cores; run it without
other work.
"""

from absl import flags

from common.runs import flags as common_flags
from common.runs import provenance
from common.runs import runner
from common.system import files
from experiments.benchmarks.training import cases
from experiments.benchmarks.training import measuring
from experiments.benchmarks.training import pace
from experiments.benchmarks.training import table


def _define_flags() -> None:
    flags.DEFINE_list(
        "methods", list(cases.METHODS), f"Of {', '.join(cases.METHODS)}."
    )
    flags.DEFINE_list(
        "settings", list(cases.SETTINGS), f"Of {', '.join(cases.SETTINGS)}."
    )
    flags.DEFINE_integer("steps", 20, "Timed steps of each kind.", 1)
    common_flags.define_path("output", "", "A .json file for the figures.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    sizes = cases.Sizes()
    with runner.one_sentence_errors():
        chosen = cases.cases(given.methods, given.settings, sizes)
    with runner.scratch_folder("") as folder:
        runner.import_tensorflow()
        _without_advice()
        figures = measuring.measure(
            chosen, sizes, pace.Pace(given.steps), folder, _say
        )
    figures["provenance"] = [provenance.record(xla=True)]
    machine = figures["machine"]
    print(
        f"products {machine['products'] / 1e9:.0f} GFLOP/s, stream "
        f"{machine['stream'] / 1e9:.1f} GB/s"
    )
    print(table.table(figures))
    if given.output:
        files.write_json(given.output, figures)


def _without_advice() -> None:
    """Spares us TensorFlow's warning that each `fit` traces encoders anew."""
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
