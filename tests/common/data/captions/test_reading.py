import codecs
import json

import pytest

from common.data.captions import headings
from common.data.captions import reading

READ = {"b/1.png": ["A red ball", "A ball, red"], "a.png": ['Its "name"']}


def _texts(written):
    """Texts by name, in the order of the file."""
    found = {}
    for entry in written.entries:
        found.setdefault(entry.name, []).extend(entry.texts)
    return found


def _write(folder, name, content):
    path = folder / name
    if isinstance(content, str):
        content = content.encode()
    path.write_bytes(content)
    return path


CAPTIONS = {
    "heading.tsv": "filename\tcaption\nb/1.png\tA red ball\n\n"
    'a.png\tIts "name"\nb/1.png\tA ball, red\n',
    "mark.csv": '\ufeffFilename,Caption\r\nb/1.png,A red ball\r\na.png,"Its '
    '""name"""\r\nb/1.png,"A ball, red"',
    "bare.csv": 'b/1.png,A red ball\na.png,"Its ""name"""\nb/1.png,"A ball, '
    'red"\n',
    "semicolon.csv": 'b/1.png;A red ball\na.png;"Its ""name"""\nb/1.png;A '
    "ball, red\n",
    "bars.txt": "image_name| comment\nb/1.png| A red ball\na.png| "
    '"Its ""name"""\nb/1.png| A ball, red\n'.replace('| "', '|"'),
    "lines.jsonl": '{"filename": "b/1.png", "caption": ["A red ball", "A ball,'
    ' red"]}\n{"filename": "a.png", "caption": "Its \\"name\\""}\n',
    "list.json": json.dumps(
        [
            {"image": "b/1.png", "caption": ["A red ball", "A ball, red"]},
            {"image": "a.png", "caption": 'Its "name"'},
        ]
    ),
    "names.json": json.dumps(READ),
    "flickr.token": 'b/1.png#0\tA red ball\r\na.png#0\tIts "name"\r\n'
    "b/1.png#1\tA ball, red\r\n",
    "Flickr8k.token.txt": "b/1.png#0\tA red ball\nb/1.png#1\tA ball, red\n"
    'a.png#0\tIts "name"\n',
    "coco.json": json.dumps(
        {
            "images": [
                {"id": 7, "file_name": "b/1.png"},
                {"id": 8, "file_name": "a.png"},
            ],
            "annotations": [
                {"id": 1, "image_id": 7, "caption": "A red ball"},
                {"id": 2, "image_id": 8, "caption": 'Its "name"\n'},
                {"id": 3, "image_id": 7, "caption": "A ball, red"},
            ],
        }
    ),
    "karpathy.json": json.dumps(
        {
            "images": [
                {
                    "filepath": "b",
                    "filename": "1.png",
                    "split": "test",
                    "sentences": [
                        {"raw": "A red ball"},
                        {"raw": "A ball, red"},
                    ],
                },
                {
                    "filename": "a.png",
                    "split": "train",
                    "sentences": [{"raw": 'Its "name"'}],
                },
            ]
        }
    ),
}


@pytest.mark.parametrize("name", CAPTIONS)
def test_captions_are_read_from_every_form(tmp_path, name):
    written = reading.read(_write(tmp_path, name, CAPTIONS[name]))

    assert _texts(written) == READ
    assert written.names == list(READ)
    assert written.empty == ()


@pytest.mark.parametrize(
    "codec", ["utf-8-sig", "utf-16", "utf-32", "utf-16-be"]
)
def test_a_byte_order_mark_tells_the_encoding(tmp_path, codec):
    mark = codecs.BOM_UTF16_BE if codec == "utf-16-be" else b""
    content = mark + "é.png,Zoë\r\n".encode(codec)

    written = reading.read(_write(tmp_path, "c.csv", content))

    assert _texts(written) == {"é.png": ["Zoë"]}
    assert written.form.endswith("UTF-16") == ("16" in codec)


def test_another_encoding_is_named_and_then_read(tmp_path):
    path = _write(tmp_path, "c.csv", "a.png,x\nb.png,Zoë\n".encode("cp1252"))

    with pytest.raises(ValueError) as refused:
        reading.read(path)
    written = reading.read(path, encoding="cp1252")

    assert str(refused.value) == (
        f"{path} is not UTF-8 text: line 2 holds the byte 0xeb; name its "
        "--encoding. The line reads 'b.png,Zoë' as cp1252."
    )
    assert _texts(written)["b.png"] == ["Zoë"]
    assert written.form == "CSV without a heading row, cp1252"
    with pytest.raises(ValueError, match="--encoding=latin-99 is none"):
        reading.read(path, encoding="latin-99")


def test_a_quoted_caption_may_hold_lines(tmp_path):
    content = 'a.png,"One\r\ntwo, a ""third"""\r\nb.png,four\r\n'

    written = reading.read(_write(tmp_path, "c.csv", content))

    assert _texts(written) == {
        "a.png": ['One\r\ntwo, a "third"'],
        "b.png": ["four"],
    }


def test_a_heading_tells_the_columns_and_nothing_is_lost(tmp_path):
    content = (
        "id,Image Path,caption,labels,split,author\n"
        "1,a.png,red,toy|ball,test,Zoë\n"
        "2,b.png,blue,,train,,\n"
    )

    written = reading.read(_write(tmp_path, "c.csv", content))

    first, second = written.entries
    assert (first.name, first.texts) == ("a.png", ("red",))
    assert (first.labels, second.labels) == (("toy", "ball"), ())
    assert (first.split, second.split) == ("test", "train")
    assert first.columns == {"id": "1", "author": "Zoë"}
    assert written.form == (
        "CSV with a heading row: picture from `Image Path`, caption from "
        "`caption`, labels from `labels`, split from `split`, kept as they "
        "are: `id`, `author`"
    )


def test_columns_of_other_names_are_named(tmp_path):
    path = _write(tmp_path, "c.csv", "datei,bild,text\nx,a.png,rot\n")
    with pytest.raises(ValueError) as refused:
        reading.read(path)

    chosen = headings.Chosen("bild", "datei")
    written = reading.read(path, chosen=chosen)

    assert str(refused.value) == (
        f"{path}, line 1: there is no column known to hold the picture among "
        "`datei`, `bild`, `text`; name it with --image_column."
    )
    assert _texts(written) == {"a.png": ["x"]}
    with pytest.raises(ValueError, match="there is no column `no` among"):
        reading.read(path, chosen=headings.Chosen("no", "text"))


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        # Nothing closes it; a later quote does; a later row's opening does.
        ('a.png,x\nb.png,"red\nc.png,blue\n', (2, 3)),
        ('a.png,x\nb.png,"red\nc.png,"blue"\n', (2, 3)),
        ('a.png,x\nb.png,"red\nc.png,blue\nd.png,"\ne.png,y\n', (2, 4)),
    ],
)
def test_a_quote_that_never_closes_is_refused(tmp_path, content, lines):
    with pytest.raises(ValueError) as refused:
        reading.read(_write(tmp_path, "c.csv", content))

    first, last = lines
    assert f"c.csv, line {first}: a quote that opens here" in str(refused.value)
    assert f"would swallow lines up to {last}" in str(refused.value)


def test_in_tabs_quotes_mean_nothing_unless_they_must(tmp_path):
    plain = 'a.png\t"red\nb.png\tblue\n'
    quoted = 'a.png\t"red\tball\nof two lines"\nb.png\tblue\n'

    read = [
        _texts(reading.read(_write(tmp_path, "c.tsv", content)))
        for content in (plain, quoted)
    ]

    assert read[0] == {"a.png": ['"red'], "b.png": ["blue"]}
    assert read[1]["a.png"] == ["red\tball\nof two lines"]


def test_records_without_a_text_are_told_apart(tmp_path):
    path = _write(tmp_path, "c.csv", "a.png,red\nb.png,\n")

    (empty,) = reading.read(path).empty

    assert (empty.name, empty.place) == ("b.png", "line 2")


def test_classes_of_coco_are_labels(tmp_path):
    content = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 3, "name": "cat"}, {"id": 4, "name": "dog"}],
        "annotations": [
            {"image_id": 1, "category_id": number} for number in (4, 3, 4)
        ],
    }
    path = _write(tmp_path, "instances.json", json.dumps(content))

    assert _texts(reading.read(path, "label")) == {"a.png": ["dog", "cat"]}


@pytest.mark.parametrize(
    ("separator", "content", "labels"),
    [
        ("", "a.png\tcat;black dog\n", ["cat", "black dog"]),
        (",", "a.png\tcat, dog\n", ["cat", "dog"]),
        ("none", "a.png\tcat, dog\n", ["cat, dog"]),
        ("none", "a.png\tcat;dog\n", ["cat;dog"]),
    ],
)
def test_labels_of_a_cell_are_taken_apart(tmp_path, separator, content, labels):
    path = _write(tmp_path, "l.tsv", content)

    written = reading.read(path, "label", label_separator=separator)

    assert _texts(written) == {"a.png": labels}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a.png\tcat, dog\n", "line 1: the label 'cat, dog' holds a comma"),
        ("a.png\tcat|dog;owl\n", r"separated by both \| and ;"),
    ],
)
def test_doubtful_labels_are_asked_about(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        reading.read(_write(tmp_path, "l.tsv", content), "label")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.xml", b"<a/>", "c.xml must end in .tsv, .txt, .csv, .token"),
        ("c.tsv", b"", "c.tsv holds no caption"),
        ("c.tsv", b"filename\tcaption\n", "c.tsv holds no caption"),
        ("c.csv", b"a.png,\n", "c.csv holds no caption"),
        (
            "c.tsv",
            b"a.png\tred\nb.png red\n",
            r"line 2: expected filename<TAB>caption; received \"\['b.png red'",
        ),
        (
            "c.csv",
            b"a.png,red,blue\n",
            "line 1: expected filename,caption; .*quote a text that holds",
        ),
        ("c.csv", b",red\n", "line 1: it names no picture"),
        ("c.tsv", b"a.png\t\xff\xfe\n", "c.tsv is not UTF-8 text"),
        ("c.csv", b"a.png," + b"x" * 200_000, "line 1: field larger than"),
        ("c.csv", b'a.png,"red" ball\n', "line 1: a quote is not closed"),
        ("c.token", b"a.png#0\tx\na.png\ty", "line 2: expected filename#0"),
        ("c.jsonl", b'{"filename": "a.png"}\n', "line 1: there is no column"),
        ("c.jsonl", b"\n[1, 2]\n", "line 2: expected"),
        ("c.jsonl", b'{"filename": "a.png", "caption": 3}', "line 1: expected"),
        ("c.jsonl", b'{"filename": 3, "caption": "a"}', "line 1: expected"),
        ("c.jsonl", b'{"filename": "a.png", "caption"', "line 1: expected"),
        ("c.json", b'{"a.png": "red"', "line 1: Expecting"),
        ("c.json", b"[3]", "record 1: expected"),
        ("c.json", b"3", "c.json has not all that its form needs"),
        (
            "c.json",
            b'{"images": [], "annotations": [{"image_id": 1, "caption": "x"}]}',
            "annotations speak of 1 pictures that `images` does not list",
        ),
        (
            "c.json",
            b'{"images": [{"sentences": [{"raw": "x"}]}]}',
            "not all that its form needs: KeyError..filename",
        ),
    ],
)
def test_what_are_no_captions_is_refused_in_one_sentence(
    tmp_path, name, content, message
):
    path = _write(tmp_path, name, content)

    with pytest.raises(ValueError, match=message) as refused:
        reading.read(path, "caption")

    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)
