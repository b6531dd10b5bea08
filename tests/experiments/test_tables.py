import pytest

from common import files
from experiments import tables


def _result(variants, scores, split="a"):
    """Runs of one seed each, from {(variant, bits): (i2t, t2i)}."""
    return {
        "kind": "ablation",
        "variants": dict.fromkeys(variants, {}),
        "split": {"sha256": split},
        "runs": [
            {
                "variant": variant,
                "bits": bits,
                "seed": 0,
                "i2t": {"map_all": pair[0]},
                "t2i": {"map_all": pair[1]},
            }
            for (variant, bits), pair in scores.items()
        ],
    }


def test_a_comparison_has_whole_methods_only_and_a_column_for_each_length():
    first = _result(
        ("Part", "First"),
        {
            ("Part", 16): (0.9, 0.9),
            ("First", 16): (0.25, 0.5),
            ("First", 32): (0.3, 0.6),
        },
    )
    second = _result(("Second",), {("Second", 32): (0.125, 0.75)})

    table = tables.comparison_table([first, second])

    assert table.splitlines() == [
        "| | | 16 bits | 32 bits |",
        "|---|---|---|---|",
        "| image to text | First | 0.2500 | 0.3000 |",
        "| image to text | Second |  | 0.1250 |",
        "| text to image | First | 0.5000 | 0.6000 |",
        "| text to image | Second |  | 0.7500 |",
    ]


def test_methods_are_not_compared_on_different_splits():
    results = [
        _result(("First",), {("First", 16): (0.1, 0.1)}, split)
        for split in ("a", "b")
    ]

    with pytest.raises(ValueError, match="different splits"):
        tables.comparison_table(results)


def test_a_readme_gets_its_marked_tables_and_keeps_the_rest(tmp_path):
    for name, score in (("one", 0.25), ("two", 0.5)):
        files.write_json(
            tmp_path / f"{name}.json",
            _result((name,), {(name, 16): (score, score)}),
        )
    readme = (
        "Before.\n<!-- table: one two -->\nstale\n<!-- end of table -->\nAfter."
    )

    filled = tables.fill(readme, tmp_path)

    assert filled.startswith("Before.\n<!-- table: one two -->\n| | | 16 bits")
    assert filled.endswith("0.5000 |\n<!-- end of table -->\nAfter.")
    assert "stale" not in filled
    assert tables.fill(filled, tmp_path) == filled


def test_a_table_without_a_result_file_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no file"):
        tables.fill("<!-- table: none -->\n<!-- end of table -->", tmp_path)
