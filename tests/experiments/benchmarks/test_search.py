import json

import numpy as np
import pytest

from common.hamming import kernel
from experiments.benchmarks import evaluation_timings
from experiments.benchmarks import search_choices
from experiments.benchmarks import search_paths
from experiments.benchmarks import search_timings
from experiments.papers import result_tables

pytestmark = pytest.mark.skipif(
    kernel.library() is None, reason="the scans are not built"
)


def test_a_ratio_is_the_median_of_the_rounds():
    # 4 / 2, 9 / 3 and 100 / 1: the median of 2, 3 and 100.
    assert search_timings.median_ratio([4, 9, 100], [2, 3, 1]) == 3


def test_rivals_take_turns():
    turns = []

    seconds = search_timings.compete(
        {name: lambda name=name: turns.append(name) for name in "ab"}, 3
    )

    assert turns == list("ababab")
    assert {name: len(times) for name, times in seconds.items()} == {
        "a": 3,
        "b": 3,
    }


def test_the_sorting_loop_is_map_over_queries_with_something_relevant():
    items = np.array([[1, 0], [0, 0], [1, 1]], bool)
    queries = np.array([[0, 0], [1, 1]], bool)
    labels = np.array([[1], [0], [1]])

    found = evaluation_timings.sorting_loop(
        queries, items, np.array([[1], [0]]), labels, "stable"
    )

    # Query 0 meets items 1, 0, 2: hits at ranks 2 and 3. Query 1 has none.
    assert found == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_a_loop_that_finds_another_map_is_not_timed(monkeypatch):
    pytest.importorskip("threadpoolctl")
    loop = evaluation_timings.sorting_loop
    monkeypatch.setattr(
        evaluation_timings,
        "sorting_loop",
        lambda *arguments: loop(*arguments) * 1.001,
    )

    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        evaluation_timings.full_evaluation("small", 30, 500, 5, 16, 1)


def test_small_sizes_are_measured_and_become_a_table():
    pytest.importorskip("threadpoolctl")
    result = {
        "kind": "search",
        "paths": [
            {
                "path": "popcnt",
                "rows": [
                    search_timings.top_k(20_000, 40, 64, 2, 1, count)
                    for count in (1, 100)
                ],
            }
        ],
        "evaluation": [
            evaluation_timings.full_evaluation("small", 30, 500, 5, 16, 1)
        ],
        "radius": search_timings.radius(20_000, 40, (2,), 1),
        "choices": search_choices.measure(20_000, 4, 64, "clustered", 1),
    }

    table = result_tables.search(json.loads(json.dumps(result)))

    assert "| popcnt | 20,000 of 64 bits | 2 | " in table
    assert "| 30 x 500 | 16 | " in table
    assert "| 20,000 of 64 bits | clustered | radius 0 | tables | " in table
    assert min(one["to_best"] for one in result["choices"]) >= 1
    assert table.count("| 20,000 codes of 64 bits | 2 |") == 1
    assert result["radius"][0]["ratio"] > 0


def test_validation_is_timed_where_both_paths_agree():
    found = evaluation_timings.validation(1)

    assert (found["queries"], found["items"]) == (425, 3827)
    assert found["tensorflow_ratio"] > 0


def test_every_path_is_measured_and_those_of_other_processors_are_kept(
    monkeypatch,
):
    monkeypatch.setattr(search_paths, "_BITS", (16, 64))
    elsewhere = {"path": "portable", "provenance": {}, "rows": [1]}
    older = {"path": kernel.path(), "provenance": {}, "rows": [2]}
    monkeypatch.setattr(
        search_paths.library,
        "paths",
        lambda functions: {kernel.path(): True, "portable": False},
    )
    monkeypatch.setattr(
        search_paths,
        "_in_child",
        lambda path, *sizes: search_paths.measure(*sizes),
    )

    found = search_paths.measure_each(20_000, 20, 1, [elsewhere, older])

    here = found[0]
    assert [one["path"] for one in found] == [kernel.path(), "portable"]
    assert found[1] == elsewhere
    assert here["provenance"]["scan"] == kernel.path()
    rows = [(row["bits"], row["count"], row["threads"]) for row in here["rows"]]
    assert len(rows) == len(set(rows)) == 7
    assert (64, 100, 2) in rows
