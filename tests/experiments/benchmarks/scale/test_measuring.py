import os
import subprocess
import sys

import pytest

from common.system import files
from experiments.benchmarks.scale import drawing
from experiments.benchmarks.scale import imitation
from experiments.benchmarks.scale import measuring
from experiments.benchmarks.scale import parts
from experiments.benchmarks.scale import work

SIZE = imitation.Size(items=300, image_dim=32, tags=50)


def _part(program, run=None, name="some part"):
    return parts.Part(name, ("timeit", "-n1", "-r1", program), run)


def test_a_part_is_measured_once(tmp_path):
    place = tmp_path / "made"
    program = f"open({str(place)!r}, 'ab').write(bytes(5000))"

    first = measuring.measured(_part(program), tmp_path)
    again = measuring.measured(_part(program), tmp_path)

    assert again == first
    assert place.stat().st_size == 5000
    assert first["disk_bytes"] >= 5000
    assert first["seconds"] > 0
    assert 1e6 < first["peak_bytes"]
    assert not first["resumed"]


def test_peak_memory_is_that_of_the_child(tmp_path):
    # It begins with what the process that starts it has: a small one here.
    program = (
        "import pathlib\n"
        "from experiments.benchmarks.scale import measuring, parts\n"
        "arguments = ('timeit', '-n1', '-r1', 'bytearray(300_000_000)')\n"
        "part = parts.Part('some part', arguments, None)\n"
        f"found = measuring.measured(part, pathlib.Path({str(tmp_path)!r}))\n"
        "print(found['peak_bytes'])\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )

    assert 3e8 < float(ended.stdout) < 3e9


def test_a_part_that_fails_is_named_and_runs_again(tmp_path):
    with pytest.raises(ValueError, match="some part ended.*some_part.log"):
        measuring.measured(_part("1 / 0"), tmp_path)

    assert measuring.measured(_part("1"), tmp_path)["name"] == "some part"


def test_only_a_run_that_has_begun_goes_on(tmp_path):
    part = _part("1", tmp_path / "run")

    assert "--resume" not in part.arguments()
    files.write_json(tmp_path / "run" / "run.json", {})
    assert part.arguments()[-1] == "--resume"


def test_the_papers_splits_are_taken_at_their_size():
    whole = imitation.Size(items=186_577)

    assert parts.split_flags(whole, "ugach") == ["--protocol=ugach_paper"]
    assert parts.split_flags(whole, "uch")[1] == "--num_query=2000"
    assert parts.split_flags(whole, "ssah")[1:] == [
        "--num_query=2100",
        "--num_train=10500",
    ]
    assert parts.split_flags(SIZE, "ssah")[1:] == [
        "--num_query=30",
        "--num_train=150",
    ]


def test_the_graph_is_the_one_that_training_finds_in_its_cache(tmp_path):
    work.do("data", tmp_path, SIZE, 0, [])
    flags = parts.split_flags(SIZE, "ugach")

    work.do("graph", tmp_path, SIZE, 0, flags)

    assert len(list((tmp_path / "cache").iterdir())) == 1
    work.do("graph", tmp_path, SIZE, 0, flags)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_an_approximate_graph_says_its_recall(tmp_path, capsys):
    work.do("data", tmp_path, SIZE, 0, [])

    work.do("approximate", tmp_path, SIZE, 200, [])

    assert float(capsys.readouterr().out.split()[1]) > 0.95


def test_an_exact_graph_says_its_share_of_products(tmp_path, capsys):
    work.do("data", tmp_path, SIZE, 0, [])

    work.do("exact", tmp_path, SIZE, 200, [])

    name, share = capsys.readouterr().out.split()
    assert name == "product_share"
    assert 0 < float(share) < 1.5


def test_what_a_part_says_last_is_kept(tmp_path, monkeypatch):
    (tmp_path / "tell.py").write_text("print('more')\nprint('recall 0.75')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    found = measuring.measured(parts.Part("told", ("tell",)), tmp_path)

    assert found["recall"] == 0.75


def test_exact_graphs_end_where_they_would_take_hours(tmp_path):
    names = [
        part.name
        for part in parts.graphs(tmp_path, imitation.Size(60_000), 20_000)
    ]

    assert names == [
        "exact 10000",
        "approximate 10000",
        "exact 20000",
        "approximate 20000",
        "approximate 50000",
        "approximate 60000",
    ]


def test_the_table_and_the_picture_show_every_part():
    rows = [
        {
            "name": f"{builder} {count}",
            "builder": builder,
            "rows": count,
            "seconds": 0.001 * count,
            "cpu_seconds": 2.0,
            "peak_bytes": 3_000_000_000,
            "disk_bytes": 0,
        }
        for builder in ("exact", "approximate")
        for count in (1000, 4000)
    ]

    lines = drawing.table(rows).splitlines()

    assert len(lines) == 6
    assert "| exact 4000 | 4 s | 2 s | 3.00 GB | 0.00 GB |" in lines
    assert drawing.picture(rows).startswith(b"\x89PNG")


def test_graphs_stand_beside_what_their_products_alone_would_take():
    machine = {"name": "machine", "product_flops": 2e9}
    machine["copy_bytes_per_second"] = 5e9
    costs = {"cpu_seconds": 1, "peak_bytes": 2_000_000_000, "disk_bytes": 0}
    one = {"rows": 1000, **costs}
    result = {
        "image_dim": 500,
        "parts": [machine, {"name": "data", "seconds": 7, **costs}],
        "graphs": [
            {**one, "builder": "exact", "seconds": 1, "product_share": 0.5},
            {**one, "builder": "approximate", "seconds": 0.25, "recall": 0.99},
            {
                **one,
                "builder": "approximate",
                "rows": 2000,
                "seconds": 0.5,
                "recall": 0.98,
            },
        ],
    }

    text = drawing.markdown(result)

    # 1000 rows: 1000^2 products of 2 * 500 operations are half a second.
    assert "| 1,000 | 0 s | 1 s | 50% | 0 s | 0.990 | 2.0 x | 2.00 GB |" in text
    assert "| 2,000 | 2 s |  |  | 0 s | 0.980 | 4.0 x | 2.00 GB |" in text
    assert "| data | 7 s | 1 s | 2.00 GB | 0.00 GB |" in text
    assert "| machine |" not in text
    assert "2 GFLOP/s" in text
    assert "5.0 GB copied" in text


def test_the_machine_is_measured_before_the_graphs(tmp_path, capsys):
    work.do("machine", tmp_path, SIZE, 0, [])

    words = dict(map(str.split, capsys.readouterr().out.splitlines()))
    assert float(words["product_flops"]) > 1e8
    assert float(words["copy_bytes_per_second"]) > 1e7


def test_another_size_in_the_same_folder_is_refused(command, tmp_path):
    files.write_json(tmp_path / "size.json", [1, 2, 3, 4])

    code, _, errors = command(
        "benchmarks.scale.__main__", f"--folder={tmp_path}", "--items=300"
    )

    assert code == 1
    assert "another size or seed" in errors
    assert os.listdir(tmp_path) == ["size.json"]
