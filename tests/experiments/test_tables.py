import re

import pytest

from common.system import files
from experiments import tables
from experiments.papers import result_tables


def test_a_readme_gets_its_marked_tables_and_keeps_the_rest(tmp_path):
    seconds = {"plain": 7.24, "beam_1": 10.1, "beam_2": 28.8}
    figures = [
        {
            "kind": "encode",
            "threads": threads,
            "how": how,
            "seconds": seconds[how] + threads,
            "start_seconds": 2.34,
        }
        for threads in (1, 0)
        for how in seconds
    ]
    files.write_json(
        tmp_path / "one.json", {"kind": "beam", "figures": figures}
    )
    readme = (
        "Before.\n<!-- table: one -->\nstale\n<!-- end of table -->\nAfter."
    )

    filled = tables.fill(readme, tmp_path)

    assert filled.splitlines() == [
        "Before.",
        "<!-- table: one -->",
        "| | threads | plain loop | Beam, 1 worker | Beam, 2 workers |",
        "|---|---|---|---|---|",
        "| encode | 1 | 8.2 | 11.1 (2.3) | 29.8 (2.3) |",
        "| encode | all | 7.2 | 10.1 (2.3) | 28.8 (2.3) |",
        "",
        "*These figures were made before code versions were recorded.*",
        "<!-- end of table -->",
        "After.",
    ]
    assert tables.fill(filled, tmp_path) == filled


def test_a_direction_without_relevant_items_is_said_to_have_none():
    some = {"map_all": 0.5, "map_at_50": 0.75, "chance": 0.25}
    run = {"variant": "UCH", "bits": 16, "train_seconds": 3.0}
    runs = [run | {"i2t": some, "t2i": dict.fromkeys(some)}]

    lines = result_tables.ablation({"runs": runs}).splitlines()

    none = "no relevant items"
    assert lines[2:] == [
        f"| UCH | 16 | 0.5000 | {none} | {none} | 0.7500 | {none} | 1 | 3 |",
        f"| chance | | 0.2500 | {none} | {none} | | | | |",
    ]


def test_a_table_without_a_result_file_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no file"):
        tables.fill("<!-- table: none -->\n<!-- end of table -->", tmp_path)


def test_the_command_refuses_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROOT", tmp_path)
    readme = tmp_path / "README.md"
    readme.write_text("<!-- table: none -->\n<!-- end of table -->")

    with pytest.raises(SystemExit, match="unknown argument 'typo'; see"):
        tables._main(["tables", "typo"])
    with pytest.raises(SystemExit, match="^Error: The table none has no file"):
        tables._main(["tables"])


def test_an_overview_has_a_column_for_each_data_set(tmp_path):
    def run(variant, seed, i2t, t2i, chance=0.25):
        return {
            "variant": variant,
            "bits": 64,
            "seed": seed,
            "i2t": {"map_all": i2t, "chance": chance},
            "t2i": {"map_all": t2i, "chance": chance},
        }

    for name, gain in (("one", 0.0), ("two", 0.125)):
        runs = [
            run("UGACH", 0, 0.5 + gain, 0.75 + gain),
            run("UGACH", 1, 0.5 + gain, 0.75 + gain),
            run("SePH", 0, 0.25, 0.5),
            run("SePH", 1, 0.75, 1.0),
        ]
        files.write_json(
            tmp_path / f"{name}.json",
            {
                "kind": "paper",
                "dataset": name,
                "methods": ["UGACH", "SePH", "DCMH"],
                "supervised": ["SePH", "DCMH"],
                "runs": runs,
            },
        )

    filled = tables.fill(
        "<!-- overview: 64 one two -->\n<!-- end of overview -->", tmp_path
    )

    # SePH: means of both directions .375 and .875, spread .5 / sqrt(2).
    assert filled.splitlines()[3:-1] == [
        "| **UGACH** | pairs | 0.6250 ± 0.0000 | 0.7500 ± 0.0000 |",
        "| SePH | pairs and labels | 0.6250 ± 0.3536 | 0.6250 ± 0.3536 |",
        "| DCMH | pairs and labels | failed | failed |",
        "| chance | | 0.2500 | 0.2500 |",
        "",
        "*These figures were made before code versions were recorded.*",
    ]


def test_a_later_file_replaces_the_runs_of_its_methods(tmp_path):
    def write(name, dataset, **scores):
        files.write_json(
            tmp_path / f"{name}.json",
            {
                "kind": "paper",
                "dataset": dataset,
                "methods": list(scores),
                "supervised": [],
                "runs": [
                    {
                        "variant": method,
                        "bits": bits,
                        "seed": 0,
                        "i2t": {"map_all": score, "chance": 0.1},
                        "t2i": {"map_all": score, "chance": 0.1},
                    }
                    for method, score in scores.items()
                    for bits in (32, 64)
                ],
            },
        )

    write("first", "one", CVH=0.25, UCH=0.5, UCCH=0.375)
    write("old", "two", CVH=0.25, UCH=0.5)
    write("new", "two", UCH=0.75)
    text = "<!-- overview: 64 {} -->\n<!-- end of overview -->"

    filled = tables.fill(text.format("first old+new"), tmp_path)

    assert filled.splitlines()[3:7] == [
        "| CVH | pairs | 0.2500 | 0.2500 |",
        "| **UCH** | pairs | 0.5000 | 0.7500 |",
        "| UCCH | pairs | 0.3750 | not run |",
        "| chance | | 0.1000 | 0.1000 |",
    ]
    with pytest.raises(ValueError, match="received one, two"):
        tables.fill(text.format("first+new"), tmp_path)


def test_every_relative_link_of_a_readme_leads_somewhere():
    for path in tables.readmes():
        prose = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.S)
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", prose):
            assert (path.parent / target).exists(), f"{path}: {target}"


def test_an_installed_package_has_no_tables_to_write(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROOT", tmp_path)

    with pytest.raises(SystemExit, match="READMEs of a clone .* is none"):
        tables._main(["tables"])
