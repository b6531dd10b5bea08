"""The smallest inputs of what campaigns have found, a kind each."""

import json
import subprocess
import sys

import h5py
import numpy as np
import pytest
from pyarrow import parquet

from common import hamming
from common.data import readers
from common.data.captions import reading
from common.data.containers import hdf5
from common.data.containers import hdf5_heap
from common.data.containers import numpy_files
from common.hamming import exchange
from common.runs import exported
from common.runs import finished
from common.system import digests
from common.system import files
from experiments.benchmarks.faults import targets

TARGETS = targets.named()


def _members(path):
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def _changed_label(found):
    found["labels"][3] = 1 - found["labels"][3]


def _lost_names(found):
    del found["label_names"]


def _other_name(found):
    found["lxbels"] = found.pop("labels")


def _odd_ids(found):
    # Nothing would recognise them, and names be made up in their place.
    found["ids"] = found["ids"].reshape(2, -1, 1)


@pytest.mark.parametrize(
    "change", [_changed_label, _lost_names, _other_name, _odd_ids]
)
def test_a_data_set_is_held_against_the_sha256_it_lists(tmp_path, change):
    path = TARGETS["npz"].make(tmp_path)
    found = _members(path)
    change(found)
    assert digests.MEMBER in found
    # Under the archive's own checksums, which fit.
    np.savez(path, **found)

    with pytest.raises(readers.DataError, match="does not fit its own SHA-256"):
        readers.read(path)


def test_a_name_that_swallows_the_names_after_it_is_refused(tmp_path):
    path = TARGETS["npz"].make(tmp_path)
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(b"vocab.npy"))
    # The second byte of the name's length.
    content[entry + 29] = 1
    path.write_bytes(content)

    with pytest.raises(readers.DataError, match="not a readable .npz archive"):
        readers.read(path)


def test_a_data_set_without_a_list_is_read(tmp_path):
    path = TARGETS["npz"].make(tmp_path)
    found = _members(path)
    del found[digests.MEMBER]
    _changed_label(found)
    np.savez(path, **found)

    np.testing.assert_array_equal(readers.read(path).labels, found["labels"])


@pytest.mark.parametrize("name", ["captions.json", "captions.jsonl"])
def test_deep_brackets_are_one_sentence(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"[" * 100_000)

    with pytest.raises(ValueError, match=f"{name} holds brackets") as caught:
        reading.read(path)

    assert "\n" not in str(caught.value)


def test_line_breaks_of_a_file_do_not_break_the_sentence(tmp_path):
    path = TARGETS["captions_json"].make(tmp_path)
    content = files.read_json(path)
    content["annotations"][0]["image_id"] = "\n"
    files.write_json(path, content)

    with pytest.raises(ValueError, match="captions.json, ") as caught:
        reading.read(path)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("place", "kept"), [("footer", -9), ("page", 40)])
def test_a_damaged_parquet_is_one_sentence(tmp_path, place, kept):
    pytest.importorskip("pyarrow.parquet")
    path = TARGETS["index_parquet"].make(tmp_path)
    content = bytearray(path.read_bytes())
    start = len(content) + kept if kept < 0 else kept
    content[start - 30 : start] = b"\xff" * 30
    path.write_bytes(content)

    with pytest.raises(ValueError, match="codes.parquet is not a") as caught:
        exchange.read_parquet(path, 12)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("length", [12, 11])
def test_a_parquet_column_of_another_kind_is_one_sentence(tmp_path, length):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "codes.parquet"
    columns = {"id": [1.5], "code": [b"\xff\xff"], "modality": ["image"]}
    parquet.write_table(pyarrow.table(columns), path)

    with pytest.raises(ValueError, match="codes.parquet: "):
        exchange.read_parquet(path, length)


def test_a_matlab_class_in_the_heap_is_read_by_a_child(tmp_path, monkeypatch):
    """The library follows a damaged heap for ever."""
    path = tmp_path / "x.mat"
    letters = np.frombuffer(b"cat", np.uint8).astype(np.uint16)
    with h5py.File(path, "w") as file:
        for name, declared in (("letters", b"char"), ("numbers", b"uint16")):
            file[name] = letters[:, None]
            file[name].attrs["MATLAB_class"] = declared
    found = hdf5.of(path)
    assert found["letters"].load().tolist() == ["cat"]
    assert found["numbers"].load().ravel().tolist() == letters.tolist()
    assert found["numbers"].reversed_axes

    content = path.read_bytes()
    heap = content.index(b"GCOL")
    path.write_bytes(content[: heap + 16] + bytes(64) + content[heap + 80 :])

    monkeypatch.setattr(hdf5_heap, "_SECONDS", 3)
    with pytest.raises(ValueError, match="takes too long"):
        hdf5.of(path)


@pytest.mark.parametrize(
    "name",
    ["saved_model.pb", "variables.index", "variables.data-00000-of-00001"],
)
def test_a_damaged_model_is_one_sentence(tmp_path, name):
    path = TARGETS["saved_model"].make(tmp_path)
    (damaged,) = path.rglob(name)
    content = bytearray(damaged.read_bytes())
    content[20:60] = b"\xff" * 40
    damaged.write_bytes(content)

    for load in (
        lambda: exported.load(path, 12),
        lambda: exported.load_encoder(path, "image"),
    ):
        with pytest.raises(ValueError, match=str(path)) as caught:
            load()
        assert "\n" not in str(caught.value)


def test_a_setting_of_a_run_that_cannot_be_names_the_record(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    TARGETS["run"].make(folder)
    record = json.loads((folder / "run.json").read_text())
    record["run"]["labels"] = "none"

    with pytest.raises(ValueError, match="run.json: labels must be one of"):
        finished._run(folder, record["run"])


def test_an_archive_whose_list_of_digests_was_renamed_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    files.write_npz(path, a=np.arange(3))
    content = path.read_bytes()
    name = f"{digests.MEMBER}.npy".encode()
    assert content.count(name) == 2
    path.write_bytes(content.replace(name, name.replace(b"_", b"-")))

    with pytest.raises(ValueError, match="does not fit its own SHA-256"):
        files.read_npz(path)
    with pytest.raises(ValueError, match=f"^{path} does not fit its own SHA"):
        numpy_files.of_npz(path)


def test_a_table_of_codes_that_lost_its_rows_is_refused(tmp_path):
    path = tmp_path / "codes.parquet"
    index = hamming.HammingIndex(8)
    index.add(hamming.PackedCodes(np.zeros((3, 1), np.uint8), 8))
    exchange.write_parquet({"image": index}, path)
    assert list(exchange.read_parquet(path, 8)) == ["image"]
    whole = parquet.read_table(path)
    parquet.write_table(whole.slice(0, 0), path)

    with pytest.raises(ValueError, match="does not fit its own SHA-256"):
        exchange.read_parquet(path, 8)


def test_a_footer_that_ends_early_hides_no_rows(tmp_path):
    """Wherever the mark that ends a list of fields stands by mistake."""
    path = TARGETS["index_parquet"].make(tmp_path)
    content = path.read_bytes()
    expected = targets.summary(TARGETS["index_parquet"].read(path))
    start = len(content) - 8 - parquet.read_metadata(path).serialized_size
    refused = 0

    for place in range(start, len(content) - 8):
        path.write_bytes(content[:place] + b"\0" + content[place + 1 :])
        try:
            found = TARGETS["index_parquet"].read(path)
        except ValueError as error:
            assert "codes.parquet" in str(error)
            assert "\n" not in str(error)
            refused += 1
        else:
            assert targets.summary(found) == expected

    assert refused > 100


@pytest.mark.parametrize(
    ("seed", "number"),
    [
        # Statistics: asking pyarrow for a column's size ends the process.
        (20261129, 414),
        # A page that says it has 2 GB.
        (20261130, 2301),
    ],
)
def test_a_damaged_parquet_file_ends_in_a_sentence(seed, number):
    module = "experiments.benchmarks.faults.trying"
    number = ("parquet", str(seed), str(number), str(number + 1))

    finished = subprocess.run(
        [sys.executable, "-m", module, *number],
        capture_output=True,
        text=True,
        check=True,
    )

    outcome = json.loads(finished.stdout.splitlines()[-1])
    assert outcome["kind"] == "sentence"
