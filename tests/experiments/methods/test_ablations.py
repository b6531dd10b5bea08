import dataclasses
import os
import pathlib
import shutil

import pytest

from common.runs import finished as finished_runs
from common.system import files
from experiments import train_ugach
from experiments.methods import ablations
from experiments.methods import trainings
from experiments.papers import result_tables


@pytest.fixture
def run(finished, tmp_path, toy, config):
    """A folder in which one training stands for every variant."""
    for variant, changed in train_ugach.METHOD.variants.items():
        copied = tmp_path / f"{variant.lower()}_{config.bits}_0"
        shutil.copytree(finished, copied)
        record = files.read_json(copied / "run.json")
        record["config"] |= changed
        record["run"]["seed"] = 0
        files.write_json(copied / "run.json", record)
    return dataclasses.replace(toy, output_dir=str(tmp_path))


def _run_all(config, run):
    return ablations.run_all(train_ugach.METHOD, config, run, 1, [config.bits])


def test_finished_runs_are_read_and_not_repeated(run, finished, config):
    result = _run_all(config, run)

    metrics = files.read_json(finished / "metrics.json")
    variants = [one["variant"] for one in result["runs"]]
    assert variants == list(train_ugach.METHOD.variants)
    for one in result["runs"]:
        assert (one["bits"], one["seed"]) == (config.bits, 0)
        assert one["i2t"]["map_all"] == metrics["i2t"]["map_all"]
    # All are copies of one training.
    assert [
        (one["variant"], one["other"], one["difference"])
        for one in result["comparisons"]
    ] == [
        ("UGACH", "Baseline", 0),
        ("UGACH", "Baseline-0.75K", 0),
        ("UGACH", "Baseline-GAN", 0),
        ("Baseline-GAN", "Baseline", 0),
        ("Baseline-GAN", "Baseline-0.75K", 0),
    ]
    assert "| UGACH less Baseline |" in result_tables.ablation(result)
    assert "| UGACH | 12 |" in result_tables.ablation(result)


def test_an_ablation_says_what_made_its_runs(run, finished, config):
    old = pathlib.Path(run.output_dir) / f"baseline_{config.bits}_0"
    record = files.read_json(old / "run.json")
    (made_by,) = record.pop("provenance")
    record["versions"] = {"numpy": "2.0.0"}
    files.write_json(old / "run.json", record)
    metrics = files.read_json(old / "metrics.json")
    del metrics["provenance"]
    files.write_json(old / "metrics.json", metrics)

    result = _run_all(config, run)

    assert result["provenance"] == [
        {
            "note": "made before code versions were recorded",
            "versions": {"numpy": "2.0.0"},
        },
        made_by,
    ]
    assert [one["provenance"] for one in result["runs"]] == [[0], [1], [1], [1]]


def test_metrics_of_earlier_versions_with_more_fields_are_read(run, config):
    parent = pathlib.Path(run.output_dir)
    before = _run_all(config, run)["runs"]
    for path in parent.glob("*/metrics.json"):
        metrics = files.read_json(path)
        for direction in ("i2t", "t2i"):
            metrics[direction]["map_all_stable"] = 0.5
        files.write_json(path, metrics)

    opened = finished_runs.open_run(parent / f"ugach_{config.bits}_0")

    assert not finished_runs.ranked_by_score(opened.directory)
    assert _run_all(config, run)["runs"] == before


def test_a_run_finished_with_other_settings_does_not_count(run, config):
    other = dataclasses.replace(config, epochs=config.epochs + 1)

    with pytest.raises(SystemExit, match=f"epochs was {config.epochs}"):
        _run_all(other, run)


def test_lengths_that_are_no_numbers_are_refused(start):
    process = start("train_ugach", "--ablation", "--lengths=16,many")

    _, errors = process.communicate(timeout=60)

    assert process.returncode
    assert "received 'many'" in errors


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["16", "32", " 16"], "each code length once; received 16 twice."),
        (["16", "0"], "whole numbers from 1, .*; received '0'."),
        (["-8"], "whole numbers from 1, .*; received '-8'."),
        (["8.0"], "whole numbers from 1, .*; received '8.0'."),
    ],
)
def test_lengths_that_are_none_or_stand_there_twice_are_refused(typed, message):
    with pytest.raises(ValueError, match=message):
        ablations.code_lengths(typed)


def test_lengths_keep_their_order():
    assert ablations.code_lengths(["64", "16", "32"]) == [64, 16, 32]


def test_variants_that_do_not_exist_are_refused(start):
    process = start(
        "train_ugach", "--ablation", "--variants=UGACH,Baseline-WGAN"
    )

    _, errors = process.communicate(timeout=60)

    assert process.returncode
    assert "received 'Baseline-WGAN'" in errors


@pytest.mark.parametrize("typed", ("--num_seeds=2", "--lengths=16"))
def test_a_single_training_takes_no_flag_of_an_ablation(start, typed):
    process = start("train_ugach", typed)

    _, errors = process.communicate(timeout=60)

    name = typed.partition("=")[0]
    assert errors == f"Error: {name} is of an ablation; add --ablation.\n"
    assert process.returncode == 1


def test_a_training_that_fails_by_itself_is_kept_as_such(toy, config, tmp_path):
    class NotToday(RuntimeError):
        pass

    def fail(settings, prepared):
        raise NotToday("Training collapsed by epoch 4.")

    method = dataclasses.replace(
        train_ugach.METHOD, model=fail, failures=(NotToday,)
    )
    run = dataclasses.replace(toy, output_dir=str(tmp_path))

    result = ablations.run_all(method, config, run, 2, [config.bits])

    assert {one["failure"] for one in result["runs"]} == {
        "Training collapsed by epoch 4."
    }
    assert "| UGACH | 12 | failed with 2 of 2 seeds |" in (
        result_tables.ablation(result)
    )


def test_a_run_on_several_devices_is_the_same_when_it_is_read_again(
    toy, config, tmp_path
):
    run = dataclasses.replace(
        toy, output_dir=str(tmp_path), strategy="mirrored", jit_compile=True
    )

    first = train_ugach.METHOD.prepare(config, run)
    files.write_json(first.directory / "metrics.json", {"bits": 12})
    again = trainings.train_once(
        train_ugach.METHOD, config, dataclasses.replace(run, resume=True)
    )

    assert not first.run.jit_compile
    assert again == {"bits": 12}


@pytest.mark.parametrize("drawn", ["nothing", "some"])
def test_a_run_killed_while_it_drew_is_drawn_and_not_trained(
    run, config, drawn, capsys
):
    cell = pathlib.Path(run.output_dir) / f"ugach_{config.bits}_0"
    if drawn == "some":
        # Killed by this version, which marks what it is at.
        (cell / ".drawing").touch()
        (cell / "figures" / "precision_at.png").write_bytes(b"")
    else:
        shutil.rmtree(cell / "figures")
    shutil.rmtree(cell / "logs" / "test" / "projector")
    trained = (cell / "saved_model", cell / "metrics.json", cell / "run.json")
    before = [path.stat().st_mtime_ns for path in trained]

    _run_all(config, run)

    said = capsys.readouterr().out
    assert f"UGACH, 12 bits, {run.dataset}: drawing what {cell} lacks" in said
    assert "Baseline" not in said
    for name in ("precision_at", "precision_recall"):
        picture = (cell / "figures" / f"{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
    assert (cell / "logs/test/projector/codes.tsv").exists()
    assert len(list((cell / "logs/test").glob("events.*"))) == 1
    assert not {".drawing", "run.lock"} & set(os.listdir(cell))
    assert [path.stat().st_mtime_ns for path in trained] == before

    _run_all(config, run)
    assert "drawing" not in capsys.readouterr().out


def test_a_run_killed_while_it_drew_with_damaged_codes_says_so(run, config):
    cell = pathlib.Path(run.output_dir) / f"ugach_{config.bits}_0"
    (cell / ".drawing").touch()
    (cell / "codes.npz").write_bytes(b"damaged")

    with pytest.raises(SystemExit, match="^Error: .*codes.npz does not hold"):
        _run_all(config, run)
