import hashlib
import os
import stat
import subprocess
import sys

import numpy as np
import pytest

from common.system import files


def test_a_file_appears_together_with_its_folder(tmp_path):
    path = tmp_path / "deep" / "er" / "file.bin"

    with files.atomic_write(path) as file:
        file.write(b"whole")
        assert not path.exists()

    assert path.read_bytes() == b"whole"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failing_writer_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")

    with pytest.raises(error), files.atomic_write(path) as file:
        file.write(b"half")
        raise error

    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.bin"]


def test_a_file_that_cannot_take_its_place_leaves_no_temporary(tmp_path):
    folder = tmp_path / "taken"
    folder.mkdir()

    with pytest.raises(OSError) as error, files.atomic_write(folder) as file:
        file.write(b"whole")

    assert os.listdir(tmp_path) == ["taken"]
    assert str(error.value) == f"[Errno 21] Is a directory: '{folder}'"


def test_a_file_that_cannot_be_begun_is_named_and_no_temporary(tmp_path):
    # Names have at most 255 letters, and a temporary's is longer.
    path = tmp_path / ("x" * 250)

    with pytest.raises(OSError) as error, files.atomic_write(path):
        pass

    assert error.value.filename == str(path)


def test_what_fails_inside_a_writer_keeps_its_own_name(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        with files.atomic_write(tmp_path / "file.bin"):
            (tmp_path / "other.bin").read_bytes()

    assert error.value.filename == str(tmp_path / "other.bin")


def test_files_are_as_readable_as_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        files.write_json(tmp_path / "value.json", 1)
    finally:
        os.umask(before)

    # 0o666 less 0o027.
    assert stat.S_IMODE((tmp_path / "value.json").stat().st_mode) == 0o640


def test_json_comes_back(tmp_path):
    value = {"name": "naïve", "numbers": [1, 0.1, None, True]}

    files.write_json(tmp_path / "value.json", value)

    assert files.read_json(tmp_path / "value.json") == value
    assert (tmp_path / "value.json").read_bytes().endswith(b"}\n")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_json_without_a_spelling_is_refused(tmp_path, value):
    path = tmp_path / "value.json"
    files.write_json(path, "old")

    with pytest.raises(ValueError):
        files.write_json(path, {"map": value})

    assert files.read_json(path) == "old"
    assert os.listdir(tmp_path) == ["value.json"]


ARRAYS = {
    "codes": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "bits": np.array(24),
    "names": np.array(["a", "bc"]),
    "none": np.empty((0, 4), np.float32),
    "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
}


def test_arrays_come_back_by_name(tmp_path, caplog):
    files.write_npz(tmp_path / "arrays.npz", **ARRAYS)

    found = files.read_npz(tmp_path / "arrays.npz", expect_digest=True)

    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    assert not caplog.records


def _edited(path, **changes):
    """Changes members and leaves the SHA-256 as it is."""
    with np.load(path, allow_pickle=False) as archive:
        members = dict(archive)
    members |= changes
    np.savez(path, **{k: v for k, v in members.items() if v is not None})


@pytest.mark.parametrize(
    "changes",
    (
        {"bits": np.array(25)},
        {"bits": np.array(24, np.int32)},
        {"codes": ARRAYS["codes"].reshape(3, 2)},
        {"codes": None},
        {"more": np.array(1)},
        {"content_sha256": np.array("")},
    ),
    ids=str,
)
def test_content_that_does_not_fit_its_digest_is_refused(tmp_path, changes):
    path = tmp_path / "arrays.npz"
    files.write_npz(path, **ARRAYS)
    _edited(path, **changes)

    with pytest.raises(ValueError, match="arrays.npz does not fit its own SHA"):
        files.read_npz(path)


def test_some_arrays_are_checked_without_the_others(tmp_path):
    path = tmp_path / "arrays.npz"
    files.write_npz(path, **ARRAYS)
    _edited(path, bits=np.array(25))

    assert files.read_npz(path, ["codes"]).keys() == {"codes"}
    assert files.npz_names(path) == set(ARRAYS)
    with pytest.raises(ValueError, match="does not fit its own SHA"):
        files.read_npz(path, ["codes", "bits"])


def test_an_archive_without_a_digest_is_read_with_a_note(tmp_path, caplog):
    np.savez(tmp_path / "old.npz", **ARRAYS)

    assert files.read_npz(tmp_path / "old.npz").keys() == ARRAYS.keys()
    assert not caplog.records
    files.read_npz(tmp_path / "old.npz", expect_digest=True)

    (record,) = caplog.records
    assert record.message.startswith(f"{tmp_path / 'old.npz'} is of an earlier")


# Around one and two blocks of 4096 rows.
@pytest.mark.parametrize("rows", [1, 4095, 4096, 4097, 8192, 8193])
def test_a_digest_is_the_sha_256_of_type_shape_and_bytes(rows):
    array = np.random.default_rng(rows).normal(size=(rows, 3))

    digest = files.array_digest(array)

    expected = hashlib.sha256(f"<f8({rows}, 3)".encode() + array.tobytes())
    assert digest == expected.hexdigest()


def test_a_digest_does_not_see_the_layout_in_memory(tmp_path):
    array = np.arange(60, dtype=np.float32).reshape(12, 5)
    np.save(tmp_path / "array.npy", array)
    every_second = np.zeros((24, 10), np.float32)
    every_second[::2, ::2] = array

    digests = {
        files.array_digest(same)
        for same in (
            array,
            np.asfortranarray(array),
            every_second[::2, ::2],
            np.load(tmp_path / "array.npy", mmap_mode="r"),
        )
    }

    assert len(digests) == 1


def test_digests_tell_type_shape_content_and_order_apart():
    array = np.arange(6, dtype=np.int32)
    changed = array.copy()
    changed[-1] += 1

    digests = [
        files.array_digest(*arrays)
        for arrays in (
            (array,),
            (changed,),
            (array[::-1],),
            (array.view(np.uint32),),
            (array.astype(np.int64),),
            (array.reshape(2, 3),),
            (array.reshape(3, 2),),
            (array[:3], array[3:]),
            (array[3:], array[:3]),
            (array, array[:0]),
        )
    ]

    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize("text", ["[]", "3", '"name"', "null"])
def test_another_value_than_an_object_is_refused(tmp_path, text):
    path = tmp_path / "metrics.json"
    path.write_text(text)

    with pytest.raises(ValueError, match="metrics.json must hold a JSON obj"):
        files.read_object(path)


WRITER = """
import sys, time
from common.system import files
with files.atomic_write(sys.argv[1]), files.atomic_folder(sys.argv[2]) as made:
    made.mkdir()
    (made / "half").touch()
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, tmp_path / "file", tmp_path / "folder"],
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"writing\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_a_killed_writer_left_is_cleared_and_a_live_one_left_alone(
    tmp_path, writer
):
    files.clear_unfinished(tmp_path)
    assert len(os.listdir(tmp_path)) == 2
    writer.kill()
    writer.wait()

    files.clear_unfinished(tmp_path)

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    ["file", ".file", ".file.part", ".file.12345678", ".file.SHOUTING.part"],
)
def test_a_file_without_a_name_of_ours_is_not_cleared(tmp_path, name):
    (tmp_path / name).touch()

    files.clear_unfinished(tmp_path)

    assert os.listdir(tmp_path) == [name]


def test_a_folder_below_and_what_a_link_names_are_not_cleared(tmp_path):
    kept = tmp_path / "below" / ".file.abcdefgh.part"
    kept.parent.mkdir()
    kept.touch()
    (tmp_path / ".file.abcdefgh.part").symlink_to("below")

    files.clear_unfinished(tmp_path)

    assert kept.exists()
    assert sorted(os.listdir(tmp_path)) == [".file.abcdefgh.part", "below"]


def test_nothing_is_cleared_where_no_folder_is(tmp_path):
    files.clear_unfinished(tmp_path / "nowhere")


def test_a_folder_takes_the_place_of_another_as_a_whole(tmp_path):
    target = tmp_path / "deep" / "folder"
    for name in ("one", "two"):
        with files.atomic_folder(target) as made:
            made.mkdir()
            (made / name).touch()

    assert os.listdir(target) == ["two"]
    assert os.listdir(target.parent) == ["folder"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_folder_that_is_not_finished_leaves_the_old_one(tmp_path, error):
    target = tmp_path / "folder"
    target.mkdir()

    with pytest.raises(error), files.atomic_folder(target) as made:
        made.mkdir()
        raise error

    assert os.listdir(tmp_path) == ["folder"]
