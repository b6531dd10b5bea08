import json

import numpy as np
import pytest

from common.data.neighbours import exact
from common.system import files

pytest.importorskip("apache_beam", reason="the extra `beam`")


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Images and texts of 1,100 items in two files each, many alike."""
    folder = tmp_path_factory.mktemp("shards")
    random = np.random.default_rng(0)
    image = random.normal(size=(400, 16)).astype(np.float32)
    arrays = {
        "image": image[random.integers(400, size=1100)],
        "text": (random.random((1100, 9)) < 0.2).astype(np.uint8),
    }
    for name, array in arrays.items():
        for number, part in enumerate(np.array_split(array, 2)):
            np.save(folder / f"{name}-{number}.npy", part)
    return folder, arrays


@pytest.fixture
def find(command, shards, tmp_path):
    """Runs the command and returns what it says and `graph.json`."""

    def find(*more, output="made"):
        folder, _ = shards
        code, said, errors = command(
            "beam_graph",
            f"--image={folder}/image-*.npy",
            f"--text={folder}/text-*.npy",
            "--graph_size=5",
            "--rows_per_task=512",
            f"--output_dir={tmp_path / output}",
            *more,
        )
        assert code == 0, errors
        return said, json.loads((tmp_path / output / "graph.json").read_text())

    return find


def test_all_runners_find_the_neighbours_of_common_neighbours(
    find, portable, shards, tmp_path
):
    _, alone = find()
    _, pair = find("--workers=2", output="pair")
    said, pool = find(*portable, output="pool")

    assert pair == alone
    assert pool == alone
    assert said == (
        "5 neighbours of 1,100 rows by image and text\n"
        f"SHA-256 {alone['sha256']}\n"
    )
    found = files.read_npz(tmp_path / "pool" / "graph.npz")["neighbours"]
    assert files.array_digest(found) == alone["sha256"]
    for column, array in zip((1, 6), shards[1].values(), strict=True):
        features = array.astype(np.float32)
        expected = exact.nearest(features.__getitem__, 1100, 5, "euclidean")
        np.testing.assert_array_equal(found[:, column : column + 5], expected)


def test_a_job_goes_on_with_the_parts_that_are_missing(find, tmp_path):
    _, before = find()
    parts = sorted((tmp_path / "made" / "parts").iterdir())
    ages = [part.stat().st_mtime_ns for part in parts]
    parts[2].unlink()

    _, after = find()

    # 1,100 rows are three tasks of each modality.
    assert len(parts) == 6
    assert after == before
    same = [
        part.stat().st_mtime_ns == age
        for part, age in zip(parts, ages, strict=True)
    ]
    assert same == [True, True, False, True, True, True]


def test_without_features_the_flags_are_named(command, tmp_path):
    code, _, errors = command("beam_graph", f"--output_dir={tmp_path}")

    assert code == 1
    assert errors == "Error: Give --image, --text or both.\n"
