import pytest

from common.system import files
from experiments.claims import __main__ as command
from experiments.claims import verdicts


def _result(seeds=5, dataset="coco", **ends):
    one = {"variant": "UGACH", "other": "CVH", "bits": 16}
    one |= {"difference": 0.2, "low": 0.1, "high": 0.3} | ends
    if seeds:
        one["seeds"] = seeds
    return {"dataset": dataset, "comparisons": [one]}


@pytest.mark.parametrize(
    ("result", "expected"),
    (
        (_result(), verdicts.HOLDS),
        (_result(difference=-0.2, low=-0.3, high=-0.1), verdicts.FAILS),
        (_result(low=-0.1), verdicts.OPEN),
        (_result(seeds=4), verdicts.OPEN),
        # A file from before intervals were over seeds.
        (_result(seeds=None), verdicts.OPEN),
    ),
)
def test_a_verdict_is_the_sign_of_an_interval_of_enough_seeds(result, expected):
    (found,) = verdicts.of_results([result])

    assert found.text == expected
    assert (found.claim.better, found.claim.worse) == ("UGACH", "CVH")


def test_a_comparison_the_other_way_round_is_turned():
    one = {"variant": "UGACH", "other": "UCH", "bits": 32, "seeds": 5}
    one |= {"difference": 0.2, "low": 0.1, "high": 0.3}

    (found,) = verdicts.of_results([{"dataset": "x", "comparisons": [one]}])

    # The claim is that UCH is better.
    assert (found.claim.better, found.low, found.high) == ("UCH", -0.3, -0.1)
    assert found.text == verdicts.FAILS


def test_the_file_of_the_most_seeds_counts():
    found = verdicts.of_results([_result(5), _result(7, low=-1.0), _result(6)])

    assert [one.seeds for one in found] == [7]


def test_files_without_comparisons_say_nothing():
    assert verdicts.of_results([{"dataset": "x"}, {"comparisons": []}]) == []


def test_the_command_reads_a_folder_and_sums_up(tmp_path):
    files.write_json(tmp_path / "a.json", _result())
    files.write_json(tmp_path / "b.json", _result(dataset="clip", low=-0.1))

    found = verdicts.of_results(command.read(tmp_path))

    assert command.summary(found) == (
        "UGACH: 1 holds, 0 does not hold, 1 not established"
    )
    lines = verdicts.table(found).splitlines()
    assert lines[0] == "| paper | claim | data set | 16 bits |"
    assert lines[2].endswith(
        "| clip | not established +0.2000 [-0.1000, +0.3000] |"
    )
    assert lines[3].endswith("| coco | holds +0.2000 [+0.1000, +0.3000] |")


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="holds no result file"):
        command.read(tmp_path)
