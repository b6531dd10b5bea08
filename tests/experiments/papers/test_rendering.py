import csv

import pytest

from experiments.papers import rendering


def _run(variant, seed, value):
    scores = {"map_all": value, "map_at_50": 0.75, "chance": 0.25}
    return {
        "variant": variant,
        "bits": 16,
        "seed": seed,
        "i2t": scores,
        "t2i": scores,
        "train_seconds": 10.0 + seed,
        "peak_memory_mb": 100 + seed,
    }


@pytest.fixture
def result():
    return {
        "table": "ugach_1",
        "title": "UGACH Table 1, MAP",
        "dataset": "toy",
        "published": "NUS-WIDE",
        "lengths": [16],
        "methods": ["SCM_seq", "UGACH"],
        "supervised": ["SCM_seq"],
        "runs": [
            {"variant": "SCM_seq", "bits": 16, "seed": 0, "failure": "no"},
            _run("UGACH", 0, 0.3),
            _run("UGACH", 1, 0.5),
        ],
        "comparisons": [
            {
                "variant": "UGACH",
                "other": "SCM_seq",
                "bits": 16,
                "difference": 0.1,
                "low": -0.05,
                "high": 0.25,
            }
        ],
    }


def test_markdown_has_means_costs_and_comparisons(result):
    lines = rendering.markdown(result).splitlines()

    # The spread of .3 and .5 is .2 / sqrt(2); in brackets what UGACH prints.
    assert lines == [
        "| task | method | 16 bits |",
        "|---|---|---|",
        "| image to text | SCM_seq | failed (0.517) |",
        "| image to text | UGACH | 0.4000 ± 0.1414 (0.613) |",
        "| image to text | chance | 0.2500 |",
        "| text to image | SCM_seq | failed (0.518) |",
        "| text to image | UGACH | 0.4000 ± 0.1414 (0.603) |",
        "| text to image | chance | 0.2500 |",
        "",
        "In brackets: what the paper prints for NUS-WIDE, which compares with "
        "this only on the same data.",
        "",
        # Nobody tells the number of training pairs.
        "| method | seconds | peak MB |",
        "|---|---|---|",
        "| SCM_seq |  |  |",
        "| UGACH | 10 | 101 |",
        "",
        "| difference | 16 bits |",
        "|---|---|",
        "| UGACH less SCM_seq | +0.1000 [-0.0500, +0.2500] |",
    ]


def test_a_map_without_relevant_items_is_said_to_be_none(result):
    result["runs"] = [_run("UGACH", seed, None) for seed in (0, 1)]
    for run in result["runs"]:
        run["i2t"]["chance"] = None

    lines = rendering.markdown(result).splitlines()

    assert "| image to text | UGACH | no relevant items (0.613) |" in lines
    assert "| text to image | chance | no relevant items |" in lines
    assert "UGACH,16,2,nan" in rendering.comma_separated(result)


def test_comma_separated_values_are_numbers(result):
    text = rendering.comma_separated(result)

    first, second = csv.DictReader(text.splitlines())
    assert (first["direction"], second["direction"]) == ("i2t", "t2i")
    assert first["method"] == "UGACH"
    assert float(first["map_all"]) == pytest.approx(0.4)
    assert float(first["deviation"]) == pytest.approx(0.02**0.5, abs=1e-6)
    assert (first["seeds"], first["published"]) == ("2", "0.613")


def test_latex_escapes_what_it_must(result):
    text = rendering.latex(result)

    assert r"image to text & SCM\_seq & failed (0.517) \\" in text
    assert r"0.4000 $\pm$ 0.1414 (0.613) \\" in text
    assert text.count(r"\\") == 7


def test_a_table_that_no_paper_printed_has_no_brackets(result):
    result |= {"table": "all", "published": None}

    text = rendering.markdown(result)
    assert "(" not in text
    assert "prints" not in text


def test_seconds_are_medians_of_seeds_at_each_length(result):
    result["lengths"] = [16, 32, 64]
    result["runs"] = [
        _run("UGACH", seed, 0.3) | {"bits": bits, "train_seconds": seconds}
        for bits, seed, seconds in [
            (16, 0, 900.0),
            (16, 1, 11.0),
            (16, 2, 12.0),
            (64, 0, 20.0),
        ]
    ]

    text = rendering.markdown(result)

    assert "| UGACH | 12 / - / 20 | 102 |" in text.splitlines()


def test_a_long_table_of_differences_is_folded(result):
    (one,) = result["comparisons"]
    result["comparisons"] = [one | {"other": f"other {i}"} for i in range(20)]

    lines = rendering.markdown(result).splitlines()

    start = lines.index("<details><summary>All differences</summary>")
    assert lines[start + 1] == ""
    assert lines[start + 2] == "| difference | 16 bits |"
    assert lines[-1] == "</details>"
