import dataclasses
import json

import numpy as np
import pytest

from common.data import checkup


def examine(data, **changes):
    return checkup.examine(dataclasses.replace(data, **changes))


def said(data, **changes):
    """What is amiss, as one text."""
    findings = examine(data, **changes).findings()
    return " ".join(finding.what for finding in findings)


def changed(array, where, value):
    array = array.copy()
    array[where] = value
    return array


def test_sound_data_has_no_findings(data):
    assert examine(data).findings() == []


def test_a_set_that_is_too_small_to_expect_anything_is_named(data):
    few = {
        name: getattr(data, name)[:99]
        for name in ("image", "text", "labels", "ids")
    }

    assert "There are 99 pairs only" in said(data, **few)
    assert "pairs only" not in said(data)


def test_the_report_counts_what_is_there(data):
    report = examine(data).report()

    assert report["items"] == 120
    assert report["text"]["zeros"] == pytest.approx(1 - data.text.mean())
    assert report["text"]["words_per_item"] == pytest.approx(
        data.text.sum(axis=1).mean()
    )
    assert report["image"]["minimum"] == pytest.approx(data.image.min())
    assert report["image"]["row_norm"]["maximum"] == pytest.approx(
        np.linalg.norm(data.image, axis=1).max()
    )
    assert report["labels"]["items_per_label"] == {
        "class0": 40,
        "class1": 40,
        "class2": 40,
    }
    assert report["known_as"] == []
    json.dumps(report, allow_nan=False)


def test_benchmarks_are_known_by_their_size():
    assert checkup.known_as(20015) == ["mirflickr25k"]


def test_cca_finds_what_is_out_of_order(data):
    order = np.random.default_rng(1).permutation(120)

    pairing = examine(data).pairing

    # A third of the items shares the one label of a query.
    assert pairing.chance == pytest.approx(1 / 3, abs=0.1)
    assert min(pairing.i2t, pairing.t2i) > 0.75
    assert pairing.matched > 0.75
    assert "nearer to its own text" in said(data, text=data.text[order])
    assert "nearer to its own text" not in said(data, labels=data.labels[order])
    assert "no more than the" in said(data, labels=data.labels[order])


def test_pairs_are_compared_without_labels_too(data):
    pairing = examine(data, labels=None, label_names=None).pairing

    assert pairing.matched > 0.75
    assert pairing.i2t is None


@pytest.mark.parametrize(
    ("field", "where", "value", "expected"),
    [
        ("image", [4, 9], 0, "2 images have only zeros, the first is row 4."),
        ("image", (slice(None), 3), 7, "1 image columns never change."),
        ("image", 5, 1e6, "The largest image norm is"),
        ("text", [7], 0, "1 texts have no words, the first is row 7."),
        ("text", (slice(None), 2), 0, "1 words are in no text or in every"),
        ("labels", [3, 8], 0, "2 items have no label, the first is row 3."),
        ("labels", (slice(None), 1), 0, "1 labels are on no item."),
        ("labels", (slice(None), 1), 1, "A label is on every item."),
    ],
)
def test_what_is_amiss_is_found(data, field, where, value, expected):
    array = changed(getattr(data, field), where, value)

    assert expected in said(data, **{field: array})


def test_missing_labels_fractions_and_pixels_are_named(data):
    image = (np.abs(data.image) * 20).astype(np.uint8)

    message = said(data, labels=None, label_names=None, image=image)

    assert "There are no labels." in message
    assert "Image features are whole numbers up to" in message
    assert "Texts hold fractions" in said(data, text=data.text * 0.5)


def test_pixels_are_described_and_no_features_to_complain_of(data):
    pixels = np.random.default_rng(0).integers(1, 256, (120, 2, 5, 3), np.uint8)
    pixels[3] = 0
    pixels[9] = pixels[8]

    checked = examine(data, image=pixels)

    image = checked.report()["image"]
    assert (image["shape"], image["columns"]) == ([2, 5, 3], 30)
    assert (image["minimum"], image["maximum"]) == (0, pixels.max())
    assert image["mean"] == pytest.approx(pixels.mean())
    assert image["repeated_rows"] == 1
    # What linear CCA makes of raw pixels tells nothing of the order.
    assert checked.pairing is None
    assert [finding.what for finding in checked.findings()] == [
        "1 images have only zeros, the first is row 3."
    ]


def test_items_that_share_no_label_are_found(data):
    own = np.eye(120, dtype=np.uint8)
    names = np.array([f"name{i}" for i in range(120)])
    some = np.concatenate([data.labels, own[:, :2]], axis=1)
    some[:2, :3] = 0

    every = examine(data, labels=own, label_names=names).findings()

    assert [finding.severity for finding in every] == ["wrong"]
    assert every[0].what == (
        "120 items share a label with no other item, the first is row 0."
    )
    assert "so there is no MAP" in every[0].mend
    found = examine(data, labels=some, label_names=names[:5]).findings()
    assert [finding.severity for finding in found] == ["odd"]
    assert found[0].what.startswith("2 items share a label with no other item")


def test_queries_are_held_against_the_retrieval_rows_alone(data):
    rows = np.arange(120)
    labels = data.labels.copy()
    # Row 3 and 117 have what no retrieval row has.
    labels = np.concatenate([labels, np.zeros((120, 1), np.uint8)], axis=1)
    labels[[3, 117]] = [0, 0, 0, 1]
    names = np.array(["a", "b", "c", "d"])
    parts = {"query": rows[100:], "retrieval": rows[4:100], "train": rows[4:99]}

    message = said(data, labels=labels, label_names=names, parts=parts)

    assert message == (
        "1 queries share a label with no retrieval item, the first is row 117."
    )


def test_copies_across_a_split_are_found(data):
    rows = np.arange(120)
    parts = {"query": rows[:20], "retrieval": rows[19:], "train": rows[30:]}
    image, text = data.image.copy(), data.text.copy()
    image[60], text[60] = image[5], text[5]
    # The same image alone is no copy.
    image[70] = image[6]

    checked = examine(data, image=image, text=text, parts=parts)

    assert checked.image.num_repeated == 2
    assert checked.report()["repeated_pairs"] == 1
    what = [finding.what for finding in checked.findings()]
    assert what[0].startswith("1 rows are query and retrieval at once, the fir")
    # Row 19 is on both sides, and row 5 has its copy in row 60.
    assert what[1].startswith("2 queries have a copy in the retrieval set, the")
