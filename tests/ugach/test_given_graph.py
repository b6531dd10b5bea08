import hashlib

import numpy as np
import pytest

from common.data import arrays
from common.data.neighbours import exact
from common.system import files
from ugach import given_graph
from ugach import graph


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    return arrays.CrossModalData(
        image=random.normal(size=(60, 12)).astype(np.float32),
        text=random.random((60, 9)).astype(np.float32),
    )


ROWS = np.random.default_rng(1).permutation(60)[:50]
FORM = 4, "cosine"


def _write(folder, data, rows, size=4, metric="cosine"):
    """What `experiments.beam_graph` writes for these rows."""
    readers = {"image": data.image_features, "text": data.text_features}
    found = [np.arange(len(rows), dtype=np.int32)[:, None]]
    modalities = {}
    for name, read in readers.items():
        features = read(rows)
        found.append(
            exact.nearest(features.__getitem__, len(rows), size, metric)
        )
        modalities[name] = {"sha256": hashlib.sha256(features).hexdigest()}
    neighbours = np.hstack(found)
    files.write_npz(folder / "graph.npz", neighbours=neighbours)
    settings = {
        "graph_size": size,
        "graph_metric": metric,
        "modalities": modalities,
    }
    manifest = {"settings": settings, "sha256": files.array_digest(neighbours)}
    files.write_json(folder / "graph.json", manifest)
    return folder / "graph.npz"


def test_a_graph_of_the_training_rows_is_the_one_that_is_found(data, tmp_path):
    path = _write(tmp_path, data, ROWS)

    found = given_graph.read(path, data, ROWS, *FORM)

    expected = graph.correlation_graph(data, ROWS, *FORM)
    np.testing.assert_array_equal(found, expected)


def test_the_nearest_of_a_larger_graph_are_taken(data, tmp_path):
    path = _write(tmp_path, data, ROWS, size=7)

    found = given_graph.read(path, data, ROWS, *FORM)

    expected = graph.correlation_graph(data, ROWS, *FORM)
    np.testing.assert_array_equal(found, expected)


def test_a_graph_of_all_rows_leaves_out_what_is_not_trained_on(data, tmp_path):
    path = _write(tmp_path, data, np.arange(60), size=14)

    found = given_graph.read(path, data, ROWS, *FORM)

    expected = graph.correlation_graph(data, ROWS, *FORM)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.int32


def _refusal(path, data, rows=ROWS, form=FORM):
    with pytest.raises(ValueError) as error:
        given_graph.read(path, data, rows, *form)
    message = str(error.value)
    assert message.endswith(".")
    return message


def test_a_graph_of_all_rows_with_too_few_neighbours_is_refused(data, tmp_path):
    path = _write(tmp_path, data, np.arange(60))

    assert "with a larger --graph_size" in _refusal(path, data)


def test_another_metric_is_refused(data, tmp_path):
    path = _write(tmp_path, data, ROWS, metric="euclidean")

    assert "pass --graph_metric=euclidean" in _refusal(path, data)


def test_fewer_neighbours_are_refused(data, tmp_path):
    path = _write(tmp_path, data, ROWS, size=3)

    assert "pass --graph_size=3" in _refusal(path, data)


def test_another_number_of_rows_is_refused(data, tmp_path):
    path = _write(tmp_path, data, ROWS[:40])

    message = _refusal(path, data)
    assert "40 rows; there are 50 training rows, and 60" in message


def test_rows_in_another_order_are_refused(data, tmp_path):
    path = _write(tmp_path, data, ROWS[::-1])

    assert "other image features" in _refusal(path, data)


def test_other_texts_are_refused(data, tmp_path):
    path = _write(tmp_path, data, ROWS)
    other = arrays.CrossModalData(image=data.image, text=data.text + 1)

    assert "other text features" in _refusal(path, other)


def test_a_graph_that_its_json_does_not_tell_of_is_refused(data, tmp_path):
    path = _write(tmp_path, data, ROWS)
    found = files.read_npz(path)["neighbours"]
    files.write_npz(path, neighbours=found[::-1])

    assert "is not the graph that" in _refusal(path, data)


@pytest.mark.parametrize(
    "about",
    ({}, {"settings": 3}, {"settings": {"graph_size": 4, "modalities": {}}}),
)
def test_a_json_of_something_else_is_refused(data, tmp_path, about):
    path = _write(tmp_path, data, ROWS)
    files.write_json(tmp_path / "graph.json", about)

    assert "make it again with both" in _refusal(path, data)


@pytest.mark.parametrize("content", (b"", b"PK\x03\x04 cut short"))
def test_a_damaged_graph_is_refused(data, tmp_path, content):
    path = _write(tmp_path, data, ROWS)
    path.write_bytes(content)

    assert "graph.npz" in _refusal(path, data)
