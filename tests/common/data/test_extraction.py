import copy
import dataclasses
import os

import numpy as np
import pytest
from PIL import Image

from common.backbones import extractor as backbone_extractor
from common.backbones import photographs
from common.backbones import preprocessing
from common.data import extraction
from common.data import thumbnails
from tests import made_up_weights

NAMES = [f"{i}.png" for i in range(5)]
SHARD = 2


@pytest.fixture(scope="module")
def extractor(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "made_up.pth"
    made_up_weights.write(path, made_up_weights.efficientnet_lite0())
    made, path = preprocessing.current("efficientnet_lite0", str(path))
    # Small squares save time.
    return backbone_extractor.Extractor(
        dataclasses.replace(made, size=32), path
    )


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for i, name in enumerate(NAMES):
        pixels = rng.integers(0, 256, (20, 20 + i, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pictures" / name)
    return tmp_path / "pictures"


@pytest.fixture
def extract(extractor, folder, tmp_path):
    def extract(report=lambda done: None, skip=False):
        shards = tmp_path / "shards"
        return extraction.extract(
            extractor, folder, NAMES, shards, SHARD, skip, report
        )

    return extract


def _shards(tmp_path):
    """Content and inode of each shard; a new file has another inode."""
    return {
        file.name: (file.stat().st_ino, file.read_bytes())
        for file in sorted((tmp_path / "shards").iterdir())
    }


def test_every_picture_has_its_features(extract, extractor, folder):
    done = []

    found = extract(done.append)

    pixels = [photographs.read(folder / name, 32) for name in NAMES]
    expected = np.concatenate([extractor.features(p[None]) for p in pixels])
    np.testing.assert_allclose(found.values, expected, atol=1e-4)
    assert found.rows.tolist() == [0, 1, 2, 3, 4]
    assert found.unread == {}
    assert done == [2, 4, 5]


def test_a_run_that_was_cut_off_loses_one_shard_at_most(extract, tmp_path):
    whole = extract()
    first = _shards(tmp_path)
    # As if it had been stopped while it made the second shard.
    (tmp_path / "shards" / "000000002.npz").unlink()
    (tmp_path / "shards" / "000000004.npz").write_bytes(b"half a sh")

    again = extract()

    second = _shards(tmp_path)
    assert second["000000000.npz"] == first["000000000.npz"]
    assert len(second) == 3
    np.testing.assert_array_equal(again.values, whole.values)


def test_an_exception_leaves_whole_shards_behind(extract, tmp_path):
    def stop(done):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(stop)

    before = _shards(tmp_path)
    assert list(before) == ["000000000.npz", "000000002.npz"]
    extract()
    assert before.items() <= _shards(tmp_path).items()


def test_another_picture_makes_its_shard_anew(extract, folder, tmp_path):
    extract()
    before = _shards(tmp_path)
    Image.new("RGB", (9, 9), "red").save(folder / "3.png")

    found = extract()

    after = _shards(tmp_path)
    changed = [name for name in before if before[name] != after[name]]
    assert changed == ["000000002.npz"]
    assert len(found.values) == 5


def test_another_picture_of_the_same_size_and_time_is_seen(
    extract, folder, tmp_path
):
    for name in NAMES:
        Image.new("RGB", (9, 9), "blue").save(folder / name, "BMP")
    before = extract().values
    old = (folder / "3.png").stat()
    Image.new("RGB", (9, 9), "red").save(folder / "3.png", "BMP")
    os.utime(folder / "3.png", ns=(old.st_atime_ns, old.st_mtime_ns))

    after = extract().values

    assert (folder / "3.png").stat().st_size == old.st_size
    changed = (before != after).any(axis=1)
    assert changed.tolist() == [False, False, False, True, False]


def test_pictures_that_were_copied_are_not_extracted_again(
    extract, folder, tmp_path
):
    extract()
    before = _shards(tmp_path)
    for name in NAMES:
        os.utime(folder / name, (1, 1))

    extract()

    assert _shards(tmp_path) == before


def test_other_preprocessing_makes_all_shards_anew(
    extract, extractor, folder, tmp_path
):
    extract()
    before = _shards(tmp_path)
    other = copy.copy(extractor)
    other.made = dataclasses.replace(extractor.made, background="black")

    extraction.extract(
        other,
        folder,
        NAMES,
        tmp_path / "shards",
        SHARD,
        False,
        lambda done: None,
    )

    after = _shards(tmp_path)
    assert all(before[name] != after[name] for name in before)


def test_a_picture_that_cannot_be_read_is_named(extract, folder, tmp_path):
    (folder / "3.png").write_bytes(b"no picture")

    with pytest.raises(ValueError) as refused:
        extract()

    assert str(refused.value) == (
        f"{folder}/3.png cannot be decoded: it is of no known picture format. "
        "Mend it, take it out of the captions or pass --skip_unreadable."
    )
    assert list(_shards(tmp_path)) == ["000000000.npz"]


def test_pictures_that_cannot_be_read_are_skipped_on_request(extract, folder):
    (folder / "0.png").unlink()
    (folder / "3.png").write_bytes(b"no picture")

    found = extract(skip=True)

    assert found.rows.tolist() == [1, 2, 4]
    assert len(found.values) == 3
    assert found.unread == {
        "0.png": f"{folder}/0.png cannot be decoded: No such file or "
        "directory.",
        "3.png": f"{folder}/3.png cannot be decoded: it is of no known "
        "picture format.",
    }
    # What was skipped once is not forgotten.
    with pytest.raises(ValueError, match="0.png cannot be decoded"):
        extract()


def test_a_folder_without_any_picture_is_refused(extract, folder):
    for name in NAMES:
        (folder / name).unlink()

    with pytest.raises(ValueError, match="None of the 5 pictures can be read"):
        extract(skip=True)


def test_thumbnails_are_those_of_the_pictures_that_could_be_read(
    extractor, folder, tmp_path
):
    (folder / "3.png").write_bytes(b"no picture")

    def extract(side):
        return extraction.extract(
            extractor,
            folder,
            NAMES,
            tmp_path / "shards",
            SHARD,
            True,
            lambda done: None,
            side,
        )

    assert extract(0).thumbnails == {}
    # Shards without thumbnails are made again.
    np.savez(tmp_path / "small.npz", **extract(16).thumbnails)

    small = thumbnails.Thumbnails(tmp_path / "small.npz")
    assert small.rows.tolist() == [0, 1, 2, 3]
    assert small.pixels(4).shape == (4, 16, 16, 3)
    last = photographs.read(folder / "4.png", 16).mean()
    assert small.picture(3)[4:12].mean() == pytest.approx(last, abs=12)
