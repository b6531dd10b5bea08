import pytest

from common.data import captions

READ = {"b/1.png": ["A red ball", "A ball, red"], "a.png": ['Its "name"']}


@pytest.mark.parametrize(
    ("ending", "content"),
    [
        (
            ".tsv",
            "filename\tcaption\nb/1.png\tA red ball\n\n"
            'a.png\tIts "name"\nb/1.png\tA ball, red\n',
        ),
        (
            ".csv",
            '\ufeffFilename,Caption\r\nb/1.png,A red ball\r\na.png,"Its '
            '""name"""\r\nb/1.png,"A ball, red"',
        ),
        (
            ".jsonl",
            '{"filename": "b/1.png", "caption": ["A red ball", "A ball, red"]}'
            '\n{"filename": "a.png", "caption": "Its \\"name\\""}\n',
        ),
    ],
)
def test_captions_are_gathered_by_picture(tmp_path, ending, content):
    path = tmp_path / f"captions{ending}"
    path.write_text(content, encoding="utf-8")

    assert captions.read(path, "caption") == READ


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.xml", b"<a/>", "c.xml must end in .tsv, .txt, .csv, .jsonl"),
        ("c.tsv", b"", "c.tsv holds no caption"),
        ("c.tsv", b"filename\tcaption\n", "c.tsv holds no caption"),
        (
            "c.tsv",
            b"a.png\tred\nb.png red\n",
            r"line 2: expected filename<TAB>caption; received \"\['b.png red'",
        ),
        ("c.csv", b"a.png,red,blue\n", "line 1: expected filename,caption"),
        ("c.csv", b"a.png,\n", "line 1: expected filename,caption"),
        ("c.tsv", b"a.png\t\xff\xfe\n", "c.tsv is not UTF-8 text"),
        ("c.csv", b"a.png," + b"x" * 200_000, "line 1: field larger than"),
        ("c.jsonl", b'{"filename": "a.png"}\n', "line 1: expected"),
        ("c.jsonl", b"\n[1, 2]\n", "line 2: expected"),
        ("c.jsonl", b'{"filename": "a.png", "caption": 3}', "line 1: expected"),
        ("c.jsonl", b'{"filename": 3, "caption": "a"}', "line 1: expected"),
        ("c.jsonl", b'{"filename": "a.png", "caption"', "line 1: expected"),
    ],
)
def test_what_are_no_captions_is_refused_in_one_sentence(
    tmp_path, name, content, message
):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ValueError, match=message) as refused:
        captions.read(tmp_path / name, "caption")

    assert str(refused.value).startswith(str(tmp_path / name))
    assert "\n" not in str(refused.value)


def test_labels_become_columns_in_alphabetical_order():
    labels = {"a": ["sky", "bird"], "b": ["bird", "bird"], "c": ["tree"]}

    matrix, names = captions.multi_hot(["c", "a", "b"], labels)

    assert names.tolist() == ["bird", "sky", "tree"]
    assert matrix.tolist() == [[0, 0, 1], [1, 1, 0], [1, 0, 0]]
