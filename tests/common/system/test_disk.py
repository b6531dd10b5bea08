import numpy as np
import pytest

from common.system import disk


@pytest.fixture
def whole(tmp_path):
    """A [7, 3] array and the same on disk, memory-mapped."""
    array = np.arange(21, dtype=np.float32).reshape(7, 3)
    np.save(tmp_path / "a.npy", array)
    return array, np.load(tmp_path / "a.npy", mmap_mode="r")


@pytest.mark.parametrize(
    "rows",
    [
        np.array([3, 0, 6, 3, 4, 5]),
        np.array([-1, 2], np.int32),
        np.array([], np.int64),
        np.array([6], np.uint8),
        slice(2, 5),
        slice(None, None, -2),
        np.array([True, False, True, False, False, False, True]),
        slice(5, 100),
    ],
    ids=str,
)
def test_rows_on_disk_are_those_in_memory(whole, rows):
    array, mapped = whole

    found = disk.take(mapped, rows)

    np.testing.assert_array_equal(found, array[rows])
    assert not isinstance(found, np.memmap) or found.base is None


def test_a_part_of_a_map_is_read_at_its_own_place(whole):
    array, mapped = whole

    np.testing.assert_array_equal(
        disk.take(mapped[2:], np.array([1, 0])), array[[3, 2]]
    )
    np.testing.assert_array_equal(
        disk.take(mapped.T, np.array([2])), array.T[[2]]
    )


def test_pictures_keep_their_axes(tmp_path):
    array = np.arange(48, dtype=np.uint8).reshape(4, 2, 2, 3)
    np.save(tmp_path / "a.npy", array)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")

    rows = np.array([3, 1])

    np.testing.assert_array_equal(disk.take(mapped, rows), array[rows])


@pytest.mark.parametrize("row", [7, -8])
def test_rows_outside_the_array_are_refused(whole, row):
    with pytest.raises(IndexError, match="but the array has 7"):
        disk.take(whole[1], np.array([0, row]))


def test_a_file_that_became_shorter_is_noticed(whole, tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(path.read_bytes()[:-4])

    with pytest.raises(OSError, match="became shorter"):
        disk.take(whole[1], np.array([0, 6]))


def test_blocks_are_all_rows_in_order(whole):
    array, mapped = whole

    found = list(disk.blocks(mapped, 3))

    assert [len(block) for block in found] == [3, 3, 1]
    np.testing.assert_array_equal(np.concatenate(found), array)
