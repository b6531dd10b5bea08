import pytest

from common.data.captions import entries
from common.data.captions import plan


@pytest.fixture
def photos(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def _written(texts, empty=()):
    return entries.Written(
        "form",
        tuple(entries.Entry(name, (text,)) for name, text in texts),
        tuple(entries.Entry(name, (), place="line 9") for name in empty),
    )


CAPTIONS = [("a.png", "red"), ("b.png", "blue"), ("./a.png", "ball")]


def test_texts_and_labels_are_gathered_by_picture(photos):
    labels = _written([("b.png", "sky"), ("./a.png", "toy"), ("a.png", "toy")])

    made = plan.make(photos, _written(CAPTIONS), labels)

    assert [p.path for p in made.pictures] == ["a.png", "b.png"]
    assert [p.texts for p in made.pictures] == [("red", "ball"), ("blue",)]
    assert [p.labels for p in made.pictures] == [("toy",), ("sky",)]
    assert made.labelled
    assert made.notes == [
        "Captions: form.",
        f"Left out: 1 picture in {photos} that no caption names: c.png.",
        "Labels: form.",
    ]


def test_missing_pictures_are_listed_together(photos):
    written = _written([*CAPTIONS, ("x.png", "x"), ("y.png", "y")])

    with pytest.raises(ValueError) as refused:
        plan.make(photos, written)
    made = plan.make(photos, written, skip=True)

    assert str(refused.value) == (
        f"2 pictures are not in {photos}: x.png, y.png; put them there, take "
        "them out of the captions or pass --skip_unreadable."
    )
    assert [p.path for p in made.pictures] == ["a.png", "b.png"]
    assert f"Left out: 2 pictures are not in {photos}: x.png, y.png." in (
        made.notes
    )


def test_records_without_a_caption_are_listed_together(photos):
    written = _written(CAPTIONS, ["b.png"])

    with pytest.raises(ValueError) as refused:
        plan.make(photos, written)
    made = plan.make(photos, written, skip=True)

    assert str(refused.value) == (
        "The file of captions has 1 of 4 records without a caption: line 9 "
        "(b.png); write one, take them out or pass --skip_unreadable."
    )
    assert "Left out: 1 record without a caption: line 9 (b.png)." in made.notes


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            [("a.png", "x"), ("b.png", "x"), ("c.png", "x")],
            "names 1 file that no caption names: c.png",
        ),
        ([("a.png", "x")], "says nothing of 1 picture: b.png"),
    ],
)
def test_labels_of_other_pictures_are_refused(photos, labels, message):
    with pytest.raises(ValueError, match=message):
        plan.make(photos, _written(CAPTIONS), _written(labels))


def test_labels_come_from_one_file(photos):
    captions = entries.Written(
        "form", (entries.Entry("a.png", ("red",), labels=("toy",)),)
    )

    with pytest.raises(ValueError, match="has labels of its own"):
        plan.make(photos, captions, _written([("a.png", "x")]))
    assert plan.make(photos, captions).labelled


def test_a_picture_in_two_parts_is_refused(photos):
    captions = entries.Written(
        "form",
        tuple(
            entries.Entry("a.png", ("red",), split=split)
            for split in ("test", "train")
        ),
    )

    with pytest.raises(ValueError, match="a.png is in 2 parts, test and train"):
        plan.make(photos, captions)
