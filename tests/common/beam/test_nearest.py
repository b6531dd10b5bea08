import os

import numpy as np
import pytest

from common.beam import matrix
from common.beam import nearest
from common.data.neighbours import exact
from common.system import files

ROWS = exact.QUERY_BLOCK


@pytest.fixture(scope="module")
def images():
    """1,300 rows, 300 of which are copies of others."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(1000, 24)).astype(np.float32)
    copies = rows[random.integers(1000, size=300)]
    return random.permutation(np.concatenate([rows, copies]))


@pytest.fixture(scope="module")
def texts():
    random = np.random.default_rng(1)
    return (random.random((1300, 30)) < 0.1).astype(np.uint8)


def _shards(folder, name, array, *lengths):
    paths = []
    for part in np.split(array, np.cumsum(lengths)):
        paths.append(folder / f"{name}-{len(paths)}.npy")
        np.save(paths[-1], part)
    return matrix.Features(tuple(paths))


def _make(tasks):
    for task in tasks:
        nearest.find_part(task)
    return nearest.finish(tasks)


def _nearest(array, size, metric):
    features = array.astype(np.float32)
    return exact.nearest(features.__getitem__, len(features), size, metric)


def test_files_are_read_as_one_matrix(images, tmp_path):
    features = _shards(tmp_path, "image", images, 1, 0, 700)

    read = features.reader()

    for rows in (slice(0, 1300), slice(0, 1), slice(1, 2), slice(690, 1300)):
        np.testing.assert_array_equal(read(rows), images[rows])
    assert features.describe() == (_shards(tmp_path, "one", images).describe())


def test_quantised_columns_are_scaled(texts, tmp_path):
    steps = np.linspace(0.5, 2, 30, dtype=np.float32)
    np.save(tmp_path / "scale.npy", steps)
    features = matrix.Features(
        _shards(tmp_path, "text", texts).paths, str(tmp_path / "scale.npy")
    )

    np.testing.assert_array_equal(
        features.reader()(slice(5, 9)), texts[5:9] * steps
    )
    np.save(tmp_path / "scale.npy", steps[1:])
    with pytest.raises(ValueError, match=r"a step for each .*\[30\]"):
        features.reader()


def test_a_scale_may_be_that_of_a_data_set(tmp_path):
    steps = np.linspace(0.5, 2, 3, dtype=np.float32)
    np.savez(tmp_path / "set.npz", image_scale=steps, image=np.ones((2, 3)))
    np.savez(tmp_path / "other.npz", image=np.ones((2, 3)))
    (tmp_path / "empty.npy").touch()

    found = matrix.load_scale(tmp_path / "set.npz", (3,))

    np.testing.assert_array_equal(found, steps)
    with pytest.raises(ValueError, match="other.npz is no .npy, and no .npz"):
        matrix.load_scale(tmp_path / "other.npz", (3,))
    with pytest.raises(ValueError, match="empty.npy is no .npy, and no .npz"):
        matrix.load_scale(tmp_path / "empty.npy", (3,))


@pytest.mark.parametrize("metric", exact.METRICS)
@pytest.mark.parametrize("rows", (ROWS, 2 * ROWS))
def test_the_graph_is_that_of_common_neighbours_bit_for_bit(
    metric, rows, images, texts, monkeypatch, tmp_path
):
    # Several blocks of items, ragged against those of the queries.
    monkeypatch.setattr(exact, "_ITEM_BLOCK", 300)
    modalities = {
        "image": _shards(tmp_path, "image", images, 400, 500),
        "text": _shards(tmp_path, "text", texts, 1299),
    }

    _make(nearest.plan(modalities, tmp_path / "made", 7, metric, rows))

    found = files.read_npz(tmp_path / "made" / "graph.npz")["neighbours"]
    expected = np.concatenate(
        [
            np.arange(1300)[:, None],
            _nearest(images, 7, metric),
            _nearest(texts, 7, metric),
        ],
        axis=1,
    )
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, expected)


def test_the_graph_is_what_ugach_learns_from(data, tmp_path):
    from ugach import graph

    modalities = {
        "image": _shards(tmp_path, "image", data.image, 50),
        "text": _shards(tmp_path, "text", data.text, 70),
    }

    _make(nearest.plan(modalities, tmp_path / "made", 3, "cosine", ROWS))

    np.testing.assert_array_equal(
        files.read_npz(tmp_path / "made" / "graph.npz")["neighbours"],
        graph.correlation_graph(data, np.arange(120), 3, "cosine"),
    )


def test_only_missing_parts_are_made_again(images, tmp_path):
    modalities = {"image": _shards(tmp_path, "image", images)}
    arguments = (modalities, tmp_path / "made", 3, "euclidean", ROWS)
    before = _make(nearest.plan(*arguments))
    parts = sorted((tmp_path / "made" / "parts").iterdir())
    for part in parts:
        os.utime(part, (0, 0))
    parts[1].unlink()

    after = _make(nearest.plan(*arguments))

    assert len(parts) == 3
    assert [part.stat().st_mtime == 0 for part in parts] == [True, False, True]
    assert after == before


def test_parts_of_another_graph_are_refused(images, tmp_path):
    features = _shards(tmp_path, "image", images)
    plan = ({"image": features}, tmp_path / "made")
    nearest.plan(*plan, 3, "euclidean", ROWS)

    with pytest.raises(ValueError, match="with other graph_size, graph_metric"):
        nearest.plan(*plan, 4, "cosine", ROWS)
    _shards(tmp_path, "image", images[::-1])
    with pytest.raises(ValueError, match="with other modalities"):
        nearest.plan(*plan, 3, "euclidean", ROWS)


def test_what_has_no_neighbours_is_refused(images, texts, tmp_path):
    def plan(size=3, metric="cosine", rows=ROWS, **modalities):
        return nearest.plan(modalities, tmp_path / "made", size, metric, rows)

    good = _shards(tmp_path, "good", images)
    poisoned = images.copy()
    poisoned[1290, 1] = np.inf
    with pytest.raises(ValueError, match="Row 1290 of .*bad-0.npy"):
        plan(image=_shards(tmp_path, "bad", poisoned, 600))
    with pytest.raises(ValueError, match="'image': 1300, 'text': 1299"):
        plan(image=good, text=_shards(tmp_path, "text", texts[1:]))
    with pytest.raises(ValueError, match="between 1 and 1299"):
        plan(size=1300, image=good)
    with pytest.raises(ValueError, match="multiple of 512 rows, received 500"):
        plan(image=good, rows=500)
    np.save(tmp_path / "bad-1.npy", images[:, :3])
    with pytest.raises(ValueError, match=r"as many columns each; .*\[3, 24\]"):
        plan(image=matrix.Features((*good.paths, tmp_path / "bad-1.npy")))
    np.save(tmp_path / "bad-1.npy", images[0])
    with pytest.raises(ValueError, match=r"bad-1.npy holds float32 \[24\]"):
        plan(image=matrix.Features((tmp_path / "bad-1.npy",)))
    assert not (tmp_path / "made").exists()
