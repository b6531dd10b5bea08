import numpy as np
import pytest

from common.data import arrays
from common.system import files
from ugach import graph


def _data(image, text):
    return arrays.CrossModalData(
        image=np.array(image, np.float32), text=np.array(text, np.float32)
    )


LINE = _data([[0], [1], [3], [7]], [[9, 0], [0, 2], [10, 1], [1, 10]])


def test_eq_5_lists_the_nearest_of_either_modality_after_the_pair():
    # Images: 0 and 1 are each other's nearest; 2, at 3, is 2 from 1 and 3
    # from 0; 3, at 7, is 4 from 2.
    # Texts, squared: 0 and 2 are 1 + 1 = 2 apart, 1 and 3 are 1 + 64 = 65,
    # 0 and 1 are 81 + 4 = 85, all others more than 100.
    rows = np.arange(4)

    found = graph.correlation_graph(LINE, rows, 1, "euclidean")

    expected = [[0, 1, 2], [1, 0, 3], [2, 1, 0], [3, 2, 1]]
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.int32


def test_the_metrics_differ_where_lengths_do():
    # From (1, 1): (2, 2) is at distance sqrt(2) with no angle; (1, 0) at
    # distance 1 with 45 degrees.
    points = [[1, 1], [2, 2], [1, 0]]
    data = _data(points, points)
    rows = np.arange(3)

    euclidean = graph.correlation_graph(data, rows, 1, "euclidean")
    cosine = graph.correlation_graph(data, rows, 1, "cosine")

    np.testing.assert_array_equal(euclidean[0], [0, 2, 2])
    np.testing.assert_array_equal(cosine[0], [0, 1, 1])


@pytest.mark.parametrize("metric", ("euclidean", "cosine"))
def test_equal_vectors_do_not_push_an_item_into_its_own_neighbours(metric):
    # Items 0, 1 and 2 are the same; the item itself must not use up a place,
    # whichever of the three a tie would have put first.
    points = [[1, 2], [1, 2], [1, 2], [5, 0]]
    data = _data(points, points)

    found = graph.correlation_graph(data, np.arange(4), 2, metric)

    np.testing.assert_array_equal(found[0], [0, 1, 2, 1, 2])
    np.testing.assert_array_equal(found[1], [1, 0, 2, 0, 2])
    np.testing.assert_array_equal(found[2], [2, 0, 1, 0, 1])


def test_positions_count_within_the_training_rows():
    # Rows 3, 1, 0 hold images 7, 1, 0: positions 0, 1, 2. Nearest by image:
    # 0 -> 1, 1 -> 2, 2 -> 1. By text, with row 2 gone, rows 3 and 1 are each
    # other's and row 0 has row 1.
    rows = np.array([3, 1, 0])

    found = graph.correlation_graph(LINE, rows, 1, "euclidean")

    np.testing.assert_array_equal(found, [[0, 1, 1], [1, 2, 0], [2, 1, 1]])


def test_the_graph_agrees_with_a_full_sort(data):
    rows = np.arange(10, 90)

    found = graph.correlation_graph(data, rows, 4, "euclidean")

    for column, features in ((1, data.image), (5, data.text.astype(float))):
        points = features[rows]
        distances = ((points[:, None] - points[None]) ** 2).sum(axis=2)
        np.fill_diagonal(distances, np.inf)
        expected = np.argsort(distances, axis=1, kind="stable")[:, :4]
        np.testing.assert_array_equal(found[:, column : column + 4], expected)


def test_a_baseline_has_only_the_pair():
    np.testing.assert_array_equal(graph.pairs_only(3), [[0], [1], [2]])


def test_a_graph_too_large_for_the_rows_is_refused():
    with pytest.raises(ValueError, match="between 1 and 3.*received 4"):
        graph.correlation_graph(LINE, np.arange(4), 4, "euclidean")


def test_progress_names_both_modalities():
    seen = []

    graph.correlation_graph(
        LINE, np.arange(4), 1, "cosine", lambda *part: seen.append(part)
    )

    assert seen == [("image", 4), ("text", 4)]


def test_the_cache_gives_back_what_was_stored(tmp_path):
    rows = np.arange(4)

    fresh = graph.cached_correlation_graph(tmp_path, LINE, rows, 1, "cosine")
    (stored,) = tmp_path.iterdir()
    files.write_npz(stored, neighbours=fresh[::-1])
    again = graph.cached_correlation_graph(tmp_path, LINE, rows, 1, "cosine")

    np.testing.assert_array_equal(
        fresh, graph.correlation_graph(LINE, rows, 1, "cosine")
    )
    np.testing.assert_array_equal(again, fresh[::-1])


def test_a_cache_of_an_earlier_release_is_read_with_a_note(tmp_path, caplog):
    arguments = (tmp_path, LINE, np.arange(4), 1, "cosine")
    fresh = graph.cached_correlation_graph(*arguments)
    (stored,) = tmp_path.iterdir()
    np.savez(stored, neighbours=fresh[::-1])

    again = graph.cached_correlation_graph(*arguments)

    np.testing.assert_array_equal(again, fresh[::-1])
    assert "is of an earlier release" in caplog.text


def _no_graphs(fresh):
    wrong = fresh.copy()
    wrong[1, 1] = 4
    return {
        "range": wrong,
        "negative": -wrong,
        "shape": fresh[:3],
        "type": fresh.astype(float),
    }


@pytest.mark.parametrize("kind", ("range", "negative", "shape", "type"))
def test_a_cache_that_is_no_graph_is_made_again(tmp_path, kind, caplog):
    arguments = (tmp_path, LINE, np.arange(4), 1, "cosine")
    fresh = graph.cached_correlation_graph(*arguments)
    (stored,) = tmp_path.iterdir()
    files.write_npz(stored, neighbours=_no_graphs(fresh)[kind])

    again = graph.cached_correlation_graph(*arguments)

    np.testing.assert_array_equal(again, fresh)
    assert "The graph is made again." in caplog.text


@pytest.mark.parametrize("content", (b"", b"PK\x03\x04 cut short"))
def test_a_damaged_cache_is_made_again(tmp_path, content, caplog):
    arguments = (tmp_path, LINE, np.arange(4), 1, "cosine")
    fresh = graph.cached_correlation_graph(*arguments)
    (stored,) = tmp_path.iterdir()
    stored.write_bytes(content)

    again = graph.cached_correlation_graph(*arguments)

    np.testing.assert_array_equal(again, fresh)
    assert stored.name in caplog.text
    with np.load(stored) as archive:
        np.testing.assert_array_equal(archive["neighbours"], fresh)


@pytest.mark.parametrize(
    "changed",
    (
        {"size": 2},
        {"metric": "euclidean"},
        {"rows": np.array([0, 1, 3])},
        {"rows": np.array([1, 0, 2, 3])},
        {"data": _data(LINE.image, LINE.text + 1)},
        {"data": _data(LINE.image + 1, LINE.text)},
    ),
    ids=("size", "metric", "rows", "order", "texts", "images"),
)
def test_other_inputs_do_not_meet_in_the_cache(tmp_path, changed):
    arguments = {
        "data": LINE,
        "rows": np.arange(4),
        "size": 1,
        "metric": "cosine",
    }

    graph.cached_correlation_graph(tmp_path, **arguments)
    graph.cached_correlation_graph(tmp_path, **(arguments | changed))

    assert len(list(tmp_path.iterdir())) == 2


def test_the_approximate_builder_has_a_place_of_its_own_in_the_cache(tmp_path):
    arguments = (tmp_path, LINE, np.arange(4), 1, "cosine", None)

    exact = graph.cached_correlation_graph(*arguments, "exact")
    approximate = graph.cached_correlation_graph(*arguments, "approximate")

    assert len(list(tmp_path.iterdir())) == 2
    # Few rows are all compared.
    np.testing.assert_array_equal(approximate, exact)
