"""The command line of a method: one training, or its ablation."""

import sys
from collections.abc import Mapping
from typing import Any

from absl import flags

from common.models import cluster
from common.runs import flags as common_flags
from common.runs import run as common_run
from common.runs import runner
from common.system import files
from experiments.methods import ablations
from experiments.methods import trainings
from experiments.papers import result_tables

_OF_ABLATIONS = ("num_seeds", "lengths", "variants", "result")


def start(method: trainings.Method, presets: Mapping[str, Any]) -> None:
    """Runs a method's training command."""

    def main(config: Any, run: common_run.Run) -> None:
        if flags.FLAGS.ablation:
            _ablate(method, config, run)
            return
        with runner.one_sentence_errors():
            _refuse_flags_of_ablations()
        try:
            trainings.train(method, config, run, longer=True)
        except (*method.failures, cluster.WorkerLostError) as error:
            sys.exit(f"Error: {error}")

    runner.start(main, presets, lambda: _define_flags(method))


def _define_flags(method) -> None:
    flags.DEFINE_boolean(
        "ablation",
        False,
        f"Train {', '.join(method.variants)}, each with several seeds, and "
        "compare them; the same command with the same --output_dir goes on "
        "where it was cut off.",
    )
    flags.DEFINE_integer(
        "num_seeds", 3, "Number of seeds of an ablation.", lower_bound=1
    )
    flags.DEFINE_list(
        "lengths", [], "Code lengths of an ablation, in place of --bits."
    )
    flags.DEFINE_list("variants", [], "Variants of an ablation; empty: all.")
    common_flags.define_path(
        "result", "", "A .json file for an ablation's figures."
    )
    common_flags.show_in_help("ablation", *_OF_ABLATIONS)


def _refuse_flags_of_ablations() -> None:
    typed = [name for name in _OF_ABLATIONS if flags.FLAGS[name].present]
    if typed:
        raise ValueError(f"--{typed[0]} is of an ablation; add --ablation.")


def _ablate(method, config, run) -> None:
    given = flags.FLAGS
    with runner.one_sentence_errors():
        lengths = ablations.code_lengths(given.lengths) or [config.bits]
        chosen = ablations.choose(method, given.variants)
        trainings.refuse_no_table(run)
    result = ablations.run_all(chosen, config, run, given.num_seeds, lengths)
    if given.result:
        files.write_json(given.result, result)
    print(result_tables.ablation(result))
