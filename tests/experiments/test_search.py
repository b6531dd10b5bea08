import dataclasses

import numpy as np
import pytest
from PIL import Image

from common.backbones import preprocessing
from common.data import originals as data_originals
from common.hamming import codes
from common.runs import encoding
from common.runs import exported
from common.runs import finished as finished_runs
from experiments import search


@pytest.fixture(scope="module")
def opened(finished):
    return finished_runs.open_run(finished)


def _brute_force(opened, packed, found, count):
    """Rows and distances by comparing single bits, ties by row."""
    stored = encoding.load(opened.directory / "codes.npz")
    database = getattr(stored, f"retrieval_{found}").to_bits()
    query = codes.unpack_bits(np.asarray(packed), opened.bits)
    distances = (database != query).sum(axis=1)
    rows = opened.split.retrieval
    order = np.lexsort((rows, distances))[:count]
    return rows[order].tolist(), distances[order].tolist()


def _encoders(opened):
    return exported.load(opened.directory / "saved_model", opened.bits)


def test_a_text_finds_the_nearest_images(opened):
    answer = search.search_text(opened, "Word1, nothing and WORD4!", top_k=7)

    assert answer.query == "word1 word4"
    assert answer.query_row is None
    bag = np.zeros((1, 15), np.float32)
    bag[0, [1, 4]] = 1
    rows, distances = _brute_force(
        opened, _encoders(opened).text(bag), "image", 7
    )
    assert answer.rows.tolist() == rows
    assert answer.distances.tolist() == distances


def test_words_of_a_class_find_items_of_the_class(opened):
    # The data gives class 2 the words 2, 5, 8, 11 and 14.
    answer = search.search_text(opened, "word2 word5 word8 word11 word14")

    assert len(answer.rows) == 8
    assert (answer.rows % 3 == 2).mean() > 0.5


def test_a_text_without_a_known_word_is_refused(opened):
    with pytest.raises(ValueError) as error:
        search.search_text(opened, "nothing known")

    assert str(error.value) == (
        "None of the words of 'nothing known' is among the 15 of the "
        "vocabulary, such as word0, word1, word2, word3, word4, word5, word6, "
        "word7."
    )


def test_words_never_seen_are_taken_as_the_nearest(opened):
    named = np.array(["airplane", "airfield", *opened.data.vocabulary[2:]])
    known = dataclasses.replace(
        opened, data=dataclasses.replace(opened.data, vocabulary=named)
    )

    answer = search.search_text(known, "Airplanes, zebras and a wordd4")
    plain = search.search_text(known, "airplane word4")

    assert answer.query == "airplane word4"
    assert answer.rows.tolist() == plain.rows.tolist()
    assert search.show(known, answer).splitlines()[:4] == [
        "airplanes: taken as airplane",
        "wordd4: taken as word4",
        "zebras: not known",
        "'airplane word4': 8 nearest",
    ]
    with pytest.raises(ValueError) as error:
        search.search_text(known, "zebra fairfield")
    assert str(error.value) == (
        "None of the words of 'zebra fairfield' is among the 15 of the "
        "vocabulary, closest to fairfield: airfield."
    )


def test_a_text_needs_a_vocabulary(opened):
    plain = dataclasses.replace(
        opened, data=dataclasses.replace(opened.data, vocabulary=None)
    )

    with pytest.raises(ValueError, match="no `vocab`.*ask with an item"):
        search.search_text(plain, "word1")


@pytest.mark.parametrize(
    ("ask_with", "find", "found"),
    [
        ("image", "other", "text"),
        ("text", "other", "image"),
        ("image", "image", "image"),
        ("text", "text", "text"),
        ("text", "image", "image"),
    ],
)
def test_an_item_asks_with_one_half_and_finds_either(
    opened, ask_with, find, found
):
    answer = search.search_item(opened, "item7", ask_with, top_k=5, find=find)

    features = getattr(opened.data, f"{ask_with}_features")(slice(7, 8))
    packed = getattr(_encoders(opened), ask_with)(features)
    rows, distances = _brute_force(opened, packed, found, 5)
    assert answer.rows.tolist() == rows
    assert answer.distances.tolist() == distances
    assert (answer.query, answer.query_row) == (f"{ask_with} of item7", 7)


def test_a_picture_needs_features_of_known_making(opened):
    with pytest.raises(ValueError) as error:
        search.search_image(opened, "owl.png")

    assert str(error.value) == (
        "The data set does not tell how its features were made; extract them "
        "with experiments.extract_features, or ask with an item."
    )


def test_a_picture_is_refused_where_the_weights_have_changed(opened, tmp_path):
    weights = tmp_path / "weights.mat"
    weights.write_bytes(b"before")
    made, _ = preprocessing.current("cnn_f", str(weights))
    weights.write_bytes(b"after")
    known = dataclasses.replace(
        opened, data=dataclasses.replace(opened.data, extractor=made.text())
    )

    with pytest.raises(ValueError, match="by cnn_f with weights_sha256 '"):
        search.search_image(known, "owl.png")


def test_no_more_is_found_than_there_is(opened):
    answer = search.search_item(opened, "item7", "text", top_k=1000)

    assert sorted(answer.rows) == sorted(opened.split.retrieval)


def test_an_unknown_item_is_refused(opened):
    with pytest.raises(ValueError) as error:
        search.search_item(opened, "item1000", "image")

    assert str(error.value) == (
        "No item 'item1000' in the data set; ids look like 'item0'."
    )


def _answer(opened):
    return search.Answer(
        "word1", 7, rows=np.array([4, 9]), distances=np.array([0, 11])
    )


def test_an_answer_is_shown_with_ids_labels_and_words(opened):
    words = [f"word{i}" for i in np.flatnonzero(opened.data.text[4])]

    lines = search.show(opened, _answer(opened)).splitlines()

    assert lines[0] == "'word1': 2 nearest"
    # Classes are row % 3.
    assert lines[1] == f"  1.   0 bits  item4  [class1]  {' '.join(words)}"
    assert lines[2].startswith("  2.  11 bits  item9  [class0]  word0")


def test_an_answer_is_shown_as_it_was_written(opened):
    kept = data_originals.Originals(
        [f'Row {row},\n"as is"' for row in range(120)],
        [f"/photos/{row}.jpg" for row in range(120)],
    )
    known = dataclasses.replace(
        opened, data=dataclasses.replace(opened.data, originals=kept)
    )

    lines = search.show(known, _answer(opened)).splitlines()

    assert lines[1:5] == [
        "  1.   0 bits  item4  [class1]",
        "     Row 4,",
        '     "as is"',
        "     /photos/4.jpg",
    ]


def test_without_labels_and_vocabulary_an_answer_is_shown_too(opened):
    plain = dataclasses.replace(
        opened,
        data=dataclasses.replace(
            opened.data, labels=None, label_names=None, vocabulary=None
        ),
    )

    count = opened.data.text[4].sum()

    line = search.show(plain, _answer(opened)).splitlines()[1]

    assert line == f"  1.   0 bits  item4  {count} words"


def test_without_thumbnails_nothing_is_drawn(opened, tmp_path):
    path = tmp_path / "search.png"

    assert search.draw(opened, _answer(opened), path) is False
    assert not path.exists()


@pytest.fixture
def pictured(opened, tmp_path):
    """The run with one red picture for all of rows 4, 7 and 9."""
    Image.new("RGB", (8, 8), (200, 30, 30)).save(tmp_path / "red.jpg")
    jpeg = np.frombuffer((tmp_path / "red.jpg").read_bytes(), np.uint8)
    np.savez(
        tmp_path / "pictures.npz",
        jpeg=np.tile(jpeg, 3),
        offset=np.arange(4) * len(jpeg),
        index=[4, 7, 9],
    )
    run = {
        **opened.record["run"],
        "thumbnails": str(tmp_path / "pictures.npz"),
    }
    return dataclasses.replace(opened, record={**opened.record, "run": run})


def test_an_answer_is_drawn_with_its_thumbnails(pictured, tmp_path):
    drawn = search.draw(pictured, _answer(pictured), tmp_path / "search.png")

    assert drawn is True
    with Image.open(tmp_path / "search.png") as sheet:
        # The query and two results: 1.15 * 3 by 1.3 inches at 110 dots.
        assert sheet.size == (379, 143)
        red = np.asarray(sheet.convert("RGB")).astype(int)
    assert ((red[..., 0] > 180) & (red[..., 1] < 60)).mean() > 0.2


def test_a_picture_that_asks_is_shown(pictured, tmp_path):
    asking = dataclasses.replace(
        _answer(pictured),
        query_row=None,
        picture=np.full((9, 9, 3), (0, 0, 255), np.uint8),
    )

    search.draw(pictured, asking, tmp_path / "search.png")

    with Image.open(tmp_path / "search.png") as sheet:
        blue = np.asarray(sheet.convert("RGB"))[:, :126].astype(int)
    assert ((blue[..., 2] > 240) & (blue[..., 0] < 20)).mean() > 0.5


def test_a_picture_that_was_asked_for_and_cannot_be_drawn_is_an_error(
    opened, pictured, tmp_path
):
    taken = tmp_path / "taken.png"
    taken.mkdir()

    with pytest.raises(ValueError) as without:
        search.draw_where(opened, _answer(opened), str(tmp_path / "p.png"))
    with pytest.raises(OSError) as refused:
        search.draw_where(pictured, _answer(opened), str(taken))

    assert str(without.value) == (
        "--picture draws thumbnails, and this run has none; train with "
        "--thumbnails, or leave --picture out."
    )
    assert refused.value.filename == str(taken)


def test_a_run_that_cannot_be_written_to_is_searched_all_the_same(
    pictured, tmp_path, capsys
):
    (tmp_path / "figures").write_bytes(b"no folder")
    closed = dataclasses.replace(pictured, directory=tmp_path)

    search.draw_where(closed, _answer(closed), "")

    assert capsys.readouterr().out == (
        f"Warning: no picture: [Errno 17] File exists: '{tmp_path}/figures'\n"
    )


def test_the_command_prints_the_answer_and_nothing_else(
    command, opened, finished
):
    code, output, errors = command(
        "search", f"--run={finished}", "--text=word1 nothing", "--top_k=3"
    )

    answer = search.search_text(opened, "word1", top_k=3)
    assert (code, errors) == (0, "")
    assert output == search.show(opened, answer) + "\n"
