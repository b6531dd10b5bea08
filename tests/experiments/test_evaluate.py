import shutil

import numpy as np
import pytest

from common import hamming
from common.metrics import evaluation
from common.runs import finished as finished_runs
from common.system import files
from common.system import stopwatch
from experiments import evaluate


@pytest.mark.parametrize("source", ["codes", "saved_model"])
def test_metrics_are_those_of_the_training(finished, source):
    metrics = evaluate.evaluate(finished_runs.open_run(finished), source)

    expected = files.read_json(finished / "metrics.json")
    for name in ("provenance", *stopwatch.Stopwatch().costs()):
        del expected[name]
    assert metrics == expected


def test_written_metrics_say_what_made_them(finished, command, tmp_path):
    output = tmp_path / "metrics.json"

    code, _, errors = command(
        "evaluate", f"--run={finished}", f"--output={output}"
    )

    assert (code, errors) == (0, "")
    training, evaluation = files.read_json(output)["provenance"]
    assert [training] == files.read_json(finished / "run.json")["provenance"]
    assert (training["xla"], evaluation["xla"]) == (False, None)
    assert evaluation["devices"] == ["CPU"]


def test_metrics_follow_the_stored_codes(finished, tmp_path):
    directory = tmp_path / "changed"
    shutil.copytree(finished, directory)
    changed = files.read_npz(directory / "codes.npz")
    for part in ("retrieval_image", "retrieval_text"):
        changed[part] = np.zeros_like(changed[part])
    files.write_npz(directory / "codes.npz", **changed)

    metrics = evaluate.evaluate(finished_runs.open_run(directory), "codes")

    # A database of equal codes is at chance, and every bit of it constant.
    for direction in ("i2t", "t2i"):
        scores = metrics[direction]
        assert scores["map_all"] == pytest.approx(scores["chance"])
    assert len(metrics["warnings"]) == 4


def test_missing_codes_and_models_are_named(finished, tmp_path):
    for name in ("run.json", "metrics.json", "split.npz"):
        shutil.copy(finished / name, tmp_path)
    opened = finished_runs.open_run(tmp_path)

    with pytest.raises(OSError, match="codes.npz"):
        evaluate.evaluate(opened, "codes")
    with pytest.raises(ValueError, match="holds no exported hashing model"):
        evaluate.evaluate(opened, "saved_model")


@pytest.fixture
def foreign(tmp_path):
    """Codes and labels of another program, in files."""
    rng = np.random.default_rng(0)
    arrays = {
        "q": rng.random([8, 16]) < 0.5,
        "d": rng.random([30, 16]) < 0.5,
        "ql": (rng.random([8, 3]) < 0.5).astype(np.uint8),
        "dl": (rng.random([30, 3]) < 0.5).astype(np.uint8),
    }
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    return tmp_path, arrays


def _files(folder, side):
    return str(folder / f"{side}.npy"), str(folder / f"{side}l.npy")


def test_codes_of_another_program_have_the_same_metrics_in_any_form(foreign):
    folder, arrays = foreign
    sides = _files(folder, "q"), _files(folder, "d")

    plain = evaluate.evaluate_files(*sides)
    for side in "qd":
        packed = np.packbits(arrays[side], axis=1, bitorder="little")
        np.save(folder / f"{side}.npy", packed)
    again = evaluate.evaluate_files(*sides, bits=16, bit_order="little")

    query, database = (
        hamming.PackedCodes.from_bits(arrays[side]) for side in "qd"
    )
    expected = evaluation.Evaluation(
        query, query, database, database, arrays["ql"], arrays["dl"]
    ).metrics()["i2t"]
    assert plain == again == {"bits": 16, **expected}


def test_labels_of_other_rows_are_refused(foreign):
    folder, _ = foreign
    codes_file, labels_file = _files(folder, "d")

    with pytest.raises(ValueError, match="ql.npy has 8 rows and .*d.npy 30"):
        evaluate.evaluate_files(
            _files(folder, "q"), (codes_file, str(folder / "ql.npy"))
        )


def test_codes_that_nothing_is_relevant_to_are_one_sentence(foreign):
    folder, arrays = foreign
    np.save(folder / "ql.npy", np.zeros_like(arrays["ql"]))

    with pytest.raises(ValueError, match="No query .* shares a label"):
        evaluate.evaluate_files(_files(folder, "q"), _files(folder, "d"))
