r"""Damages inputs, kills trainings or stresses an index, and counts faults.

    python -m experiments.benchmarks.faults --minutes=30 --output=FILE.json
    python -m experiments.benchmarks.faults --readers=npz,index --minutes=5
    python -m experiments.benchmarks.faults --kills=40
    python -m experiments.benchmarks.faults --threads --minutes=10

An input is read, or refused in one sentence that names its file. A traceback, a
crash (an input that takes a minute is one), and content that differs although
we wrote its checksum are faults; so is a resumed training with other codes, and
a search whose answer no state of a changing index gives. With any of them the
exit status is 1.
"""

import dataclasses
import json
import sys
import time

from absl import flags

from common.runs import flags as common_flags
from common.runs import provenance
from common.runs import runner
from common.system import files
from experiments.benchmarks.faults import campaign
from experiments.benchmarks.faults import changing
from experiments.benchmarks.faults import kills
from experiments.benchmarks.faults import targets

_FAULTS = ("traceback", "crash", "wrong")
_COLUMNS = ("load", "sentence", *_FAULTS)


def table(readers: dict[str, dict]) -> str:
    """The counts of each reader and of all, one a line."""
    lines = ["reader          " + "".join(f"{c:>11}" for c in _COLUMNS)]
    total = {c: sum(one[c] for one in readers.values()) for c in _COLUMNS}
    for name, found in (*readers.items(), ("all", total)):
        counts = "".join(f"{found[column]:11,}" for column in _COLUMNS)
        lines.append(f"{name:16}{counts}")
    return "\n".join(lines)


def _define_flags() -> None:
    flags.DEFINE_float("minutes", 30.0, "How long, without --kills.")
    flags.DEFINE_integer("kills", 0, "Kill so many trainings instead.")
    flags.DEFINE_boolean("threads", False, "Search a changing index instead.")
    flags.DEFINE_integer("seed", 0, "Decides the damage and the moments.")
    flags.DEFINE_list("readers", [], "Readers that are tried; empty: all.")
    common_flags.define_path("output", "", "A .json file for the figures.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    known = targets.named()
    names = given.readers or list(known)
    for name in names:
        if name not in known:
            sys.exit(
                f"Error: --readers takes some of {', '.join(known)}; received "
                f"{name!r}."
            )
    start = time.monotonic()
    if given.kills:
        found = kills.run(given.kills, given.seed)
        figures = {"kills": dataclasses.asdict(found)}
        print(json.dumps(figures["kills"], indent=2))
        failed = bool(found.differences or found.failures)
    elif given.threads:
        found = changing.run(60 * given.minutes, given.seed)
        figures = {"threads": dataclasses.asdict(found)}
        print(json.dumps(figures["threads"], indent=2))
        failed = bool(found.wrong)
    else:
        readers = campaign.run(given.minutes, given.seed, names)
        figures = {"readers": readers}
        print(table(readers))
        faults = [fault for one in readers.values() for fault in one["faults"]]
        for fault in faults:
            print(fault)
        failed = bool(faults)
    if given.output:
        files.write_json(
            given.output,
            figures
            | {
                "seed": given.seed,
                "minutes": round((time.monotonic() - start) / 60, 1),
                "provenance": [provenance.record(xla=bool(given.kills))],
            },
        )
    sys.exit(failed)


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
