import dataclasses
import io

import numpy as np
import pytest
from matplotlib import colors
from matplotlib import figure as mpl_figure
from PIL import Image

from common import hamming
from common.data import arrays
from common.data import thumbnails
from common.data.originals import Originals
from common.hamming import codes
from common.reports import figures

RED = np.array(colors.to_rgb("#b22222"))
GREEN = np.array(colors.to_rgb("#2e8b57"))


@pytest.fixture
def pictures(thumbnail_file):
    return thumbnails.Thumbnails(thumbnail_file)


def _curves(bits=4, undefined=False):
    ranks = np.linspace(1, 0.2, 1000)
    values = {
        "micro_precision": np.linspace(1, 0.3, bits + 1),
        "micro_recall": np.linspace(0, 1, bits + 1),
        "macro_precision": np.linspace(0.9, 0.3, bits + 1),
        "macro_recall": np.linspace(0, 1, bits + 1),
        "precision_at": np.full(1000, np.nan) if undefined else ranks,
    }
    return {"i2t": values, "t2i": values}


def _size(figure):
    """Width and height of what a PNG reader sees."""
    content = figures.png(figure)
    assert content.startswith(b"\x89PNG")
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image.size


def _colours(figure, line):
    """Frame colours of a line's results, without the query's."""
    width = figure.axes[0].get_subplotspec().get_gridspec().ncols
    axes = figure.axes[line * width + 1 : (line + 1) * width]
    return [axis.spines["left"].get_edgecolor()[:3] for axis in axes]


@pytest.mark.parametrize(
    "draw", [figures.precision_recall, figures.precision_at]
)
@pytest.mark.parametrize("undefined", [False, True])
def test_curves_are_drawn_for_both_directions(draw, undefined):
    figure = draw(
        _curves(undefined=undefined), {"i2t": 0.2, "t2i": 0.4}, "Method, data"
    )

    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["image → text", "text → image"]
    assert figure.get_suptitle() == "Method, data"
    # 9 by 4 inches at 110 dots each.
    assert _size(figure) == (990, 440)


def test_chance_is_drawn_beside_each_curve():
    figure = figures.precision_at(_curves(), {"i2t": 0.2, "t2i": 0.4}, "")

    for axis, rate in zip(figure.axes, (0.2, 0.4), strict=True):
        heights = {line.get_label(): line.get_ydata() for line in axis.lines}
        np.testing.assert_allclose(heights["chance"], rate)


def test_chance_that_is_undefined_is_not_drawn():
    figure = figures.precision_at(_curves(), {"i2t": None, "t2i": 0.4}, "")

    lines = [{line.get_label() for line in axis.lines} for axis in figure.axes]
    assert lines == [{"precision@N"}, {"precision@N", "chance"}]


def test_precision_recall_shows_both_averages():
    figure = figures.precision_recall(_curves(), {"i2t": 0.2, "t2i": 0.2}, "")

    drawn = {line.get_label(): line for line in figure.axes[0].lines}
    for kind in ("micro", "macro"):
        line = drawn[f"{kind} average"]
        np.testing.assert_allclose(
            line.get_ydata(), _curves()["i2t"][f"{kind}_precision"]
        )
        np.testing.assert_allclose(line.get_xdata(), np.linspace(0, 1, 5))


QUERIES = np.array([0, 4])
# Classes are row % 3, so row 0 shares its label with rows 6 and 12 only.
FOUND = np.array([[6, 2, 12], [10, 3, 5]])
DISTANCES = np.array([[0, 1, 2], [0, 0, 7]])
RELEVANT = [[GREEN, RED, GREEN], [GREEN, RED, RED]]


@pytest.mark.parametrize(
    "draw", [figures.text_query_sheet, figures.image_query_sheet]
)
def test_sheets_frame_green_what_shares_a_label(data, pictures, draw):
    figure = draw(data, pictures, QUERIES, FOUND, DISTANCES)

    assert len(figure.axes) == 8
    for line, expected in enumerate(RELEVANT):
        np.testing.assert_allclose(_colours(figure, line), expected)
    below = [axis.get_xlabel() for axis in figure.axes]
    assert below == [
        *("", "distance 0", "distance 1", "distance 2"),
        *("", "distance 0", "distance 0", "distance 7"),
    ]
    # 1.15 (3 + 1) by 1.3 * 2 inches at 110 dots each.
    # Earlier releases of Matplotlib cut the last dot off, which is a fraction.
    assert _size(figure) == pytest.approx((506, 286), abs=1)


def test_labels_go_by_name_or_by_number(data):
    both = np.array([[1, 0, 1]] * len(data))
    named = dataclasses.replace(data, labels=both)

    assert figures.labels(named, 5) == "class0, class2"
    unnamed = dataclasses.replace(named, label_names=None)
    assert figures.labels(unnamed, 5) == "0, 2"
    bare = dataclasses.replace(unnamed, labels=None)
    assert figures.labels(bare, 5) == ""


@pytest.mark.parametrize(
    "draw", [figures.text_query_sheet, figures.image_query_sheet]
)
def test_sheets_of_unlabelled_data_have_plain_frames(data, pictures, draw):
    bare = dataclasses.replace(data, labels=None, label_names=None)

    figure = draw(bare, pictures, QUERIES, FOUND, DISTANCES)

    for line in range(2):
        np.testing.assert_array_equal(_colours(figure, line), np.zeros((3, 3)))


def _shown(axis):
    """Mean red of the picture in an axis, or the text in it."""
    if axis.images:
        return axis.images[0].get_array()[..., 0].mean()
    return " ".join(text.get_text() for text in axis.texts)


def test_a_text_query_shows_words_and_finds_pictures(data, pictures):
    figure = figures.text_query_sheet(data, pictures, QUERIES, FOUND, DISTANCES)

    asked, first, second = (_shown(axis) for axis in figure.axes[:3])
    assert "word0" in asked
    # The fixture colours row r with a red of 2 r: rows 6 and 2.
    assert first == pytest.approx(12, abs=4)
    assert second == pytest.approx(4, abs=4)
    # Rows 3 and 5 have no thumbnail.
    assert [_shown(axis) for axis in figure.axes[6:]] == ["", ""]


def test_what_no_font_can_write_is_drawn_without_a_warning(recwarn):
    # Of a script that died out, and what is no formula.
    axis = (drawn := mpl_figure.Figure()).subplots()
    figures._show(axis, None, "\U00012000 $5 and $6_^{")

    assert figures.png(drawn).startswith(b"\x89PNG")
    assert not [one for one in recwarn if "Glyph" in str(one.message)]


def test_captions_are_shown_as_they_were_written(data, pictures):
    captions = [f'Row {row}, "as is"' for row in range(len(data))]
    kept = dataclasses.replace(data, originals=Originals(captions))

    asked = figures.text_query_sheet(kept, pictures, QUERIES, FOUND, DISTANCES)
    found = figures.image_query_sheet(kept, pictures, QUERIES, FOUND, DISTANCES)

    row, first = QUERIES[0], FOUND[0, 0]
    assert _shown(asked.axes[0]).split() == f'Row {row}, "as is"'.split()
    assert _shown(found.axes[1]).split() == f'Row {first}, "as is"'.split()
    paths_only = dataclasses.replace(data, originals=Originals(paths=captions))
    assert figures.caption(paths_only, 3) == figures.words(data, 3)


def test_an_image_query_shows_a_picture_and_finds_words(data, pictures):
    figure = figures.image_query_sheet(
        data, pictures, QUERIES, FOUND, DISTANCES
    )

    assert _shown(figure.axes[4]) == pytest.approx(8, abs=4)
    assert "word1" in _shown(figure.axes[5])


@pytest.mark.parametrize(
    "draw", [figures.text_query_sheet, figures.image_query_sheet]
)
def test_a_damaged_picture_leaves_its_place_empty(
    data, damaged_thumbnail_file, draw
):
    pictures = thumbnails.Thumbnails(damaged_thumbnail_file)

    figure = draw(data, pictures, np.array([2]), np.array([[2]]), np.eye(1))

    # The query's half, or the found one, is the picture of row 2.
    assert "" in [_shown(axis) for axis in figure.axes]
    assert not any(axis.images for axis in figure.axes)


def test_a_search_without_labels_has_plain_frames(pictures):
    figure = figures.picture_sheet(
        [("red flower", None)], FOUND[:1], DISTANCES[:1], pictures
    )

    np.testing.assert_array_equal(_colours(figure, 0), np.zeros((3, 3)))
    assert _shown(figure.axes[0]) == "red flower"
    assert _size(figure) == pytest.approx((506, 143), abs=1)


def test_long_texts_are_cut(pictures):
    figure = figures.picture_sheet(
        [(" ".join(["many"] * 200), None)], FOUND[:1], DISTANCES[:1], pictures
    )

    shown = _shown(figure.axes[0])
    assert shown.endswith("…")
    assert len(shown.splitlines()) == 7


def test_retrieve_returns_rows_then_distances():
    bits = np.eye(3, dtype=bool)
    index = hamming.HammingIndex(3)
    index.add(codes.PackedCodes.from_bits(bits), np.array([70, 50, 60]))

    rows, distances = figures.retrieve(
        index, codes.PackedCodes.from_bits(bits[1:2]), 2
    )

    # Item 50 is the query; the other two are 2 bits away, 60 before 70.
    assert rows.tolist() == [[50, 60]]
    assert distances.tolist() == [[0, 2]]


def test_words_are_those_of_the_vocabulary_or_their_number():
    text = np.array([[1, 0, 1], [0, 0, 0]])
    named = arrays.CrossModalData(
        image=np.ones((2, 1)),
        text=text,
        vocabulary=np.array(["red", "sky", "flower"]),
    )
    plain = arrays.CrossModalData(image=np.ones((2, 1)), text=text)

    assert figures.words(named, 0) == "red flower"
    assert figures.words(named, 1) == ""
    assert figures.words(plain, 0) == "2 words"
