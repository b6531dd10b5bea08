"""Damaged inputs of every reader: read, or refused in one sentence.

A bounded part of `python -m experiments.benchmarks.faults`, with its seeds.
"""

import numpy as np
import pytest

from experiments.benchmarks.faults import campaign
from experiments.benchmarks.faults import damage
from experiments.benchmarks.faults import targets
from experiments.benchmarks.faults import trying

# Starting TensorFlow is most of what its readers take.
INPUTS = {"saved_model": 12}


@pytest.mark.parametrize("name", targets.named())
def test_a_damaged_input_is_read_or_refused_in_one_sentence(name):
    count = campaign.Count()
    inputs = INPUTS.get(name, 100)

    campaign.try_numbers(name, 0, 0, inputs, count)

    report = count.report()
    assert report["faults"] == []
    assert report["load"] + report["sentence"] == inputs
    assert report["peak_memory_bytes"] < trying.MEMORY
    # The graph's cache is made again in place of a sentence.
    assert (report["load"] if name == "graph" else report["sentence"]) > 0


def _planted(monkeypatch, read, checked=False):
    """Replaces a reader by a function of the file's bytes."""
    planted = targets.Target(
        targets.named()["captions_csv"].make,
        lambda path: {"read": np.array(read(path))},
        checked,
    )
    monkeypatch.setattr(targets, "named", lambda: {"planted": planted})


def _outcomes(count=20):
    with trying.trials("planted", 0) as trials:
        return {trials.outcome(number)[0] for number in range(count)}


def _fails(error):
    def read(path):
        if "damaged" in str(path):
            raise error(path)
        return 0

    return read


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (lambda path: ValueError(f"{path} is damaged."), trying.SENTENCE),
        (lambda path: OSError(2, "No such file", str(path)), trying.SENTENCE),
        (lambda path: ValueError("It is damaged."), trying.TRACEBACK),
        (lambda path: ValueError(f"{path} is\ndamaged."), trying.TRACEBACK),
        (lambda path: KeyError(str(path)), trying.TRACEBACK),
        (lambda path: MemoryError(str(path)), trying.TRACEBACK),
    ],
    ids=["named", "system", "unnamed", "lines", "key", "memory"],
)
def test_a_planted_error_is_told_from_a_sentence(monkeypatch, error, outcome):
    _planted(monkeypatch, _fails(error))

    assert _outcomes() == {outcome}


@pytest.mark.parametrize("checked", [True, False])
def test_a_planted_reader_that_takes_everything_is_wrong(monkeypatch, checked):
    _planted(monkeypatch, lambda path: list(path.read_bytes()), checked)

    outcomes = _outcomes()

    assert (trying.WRONG in outcomes) == checked
    assert trying.TRACEBACK not in outcomes


def test_planted_crashes_are_counted_and_gone_on_from(monkeypatch):
    monkeypatch.setattr(campaign, "_MODULE", "tests.faults.planted")
    monkeypatch.setattr(campaign, "_SECONDS", 5)
    count = campaign.Count()

    campaign.try_numbers("npz", 0, 0, 7, count)

    report = count.report()
    assert (report["load"], report["crash"]) == (5, 2)
    assert [fault["number"] for fault in report["faults"]] == [2, 4]
    assert [fault["said"] for fault in report["faults"]] == [
        "status -11",
        "it hangs",
    ]


def test_a_seed_decides_the_damage(tmp_path):
    content = targets.named()["npz"].make(tmp_path).read_bytes()

    def changed(seed):
        rng = np.random.default_rng(seed)
        return damage.damaged(content, "data.npz", rng)

    assert changed(3) == changed(3)
    assert len({changed(seed) for seed in range(50)} - {content}) > 40
