import numpy as np
import pytest

from common.beam import rows as rows_lib
from common.beam import sources

WITH_IDS = rows_lib.Columns("image", (2,), True)
COUNTED = rows_lib.Columns("image", (2,), False)


def _read(path, columns):
    """All rows as (number, values, id), and all dead letters."""
    good, letters = [], []
    for part in sources.read(path, columns):
        if isinstance(part, rows_lib.DeadLetter):
            letters.append(part)
            continue
        ids = [None] * len(part.numbers) if part.ids is None else part.ids
        good += zip(
            part.numbers.tolist(), part.values.tolist(), list(ids), strict=True
        )
    return good, letters


def test_shards_are_found_by_name_and_are_of_one_format(tmp_path):
    for name in ("b.npy", "a.npy", "c.parquet", "d.txt"):
        (tmp_path / name).touch()
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.npy").touch()

    found = sources.find(str(tmp_path / "*.npy"))

    assert [path.name for path in found] == ["a.npy", "b.npy"]
    with pytest.raises(ValueError, match="No file fits"):
        sources.find(str(tmp_path / "*.tfrecord"))
    with pytest.raises(ValueError, match="fits .npy, .parquet"):
        sources.find(str(tmp_path / "[a-c].*"))
    with pytest.raises(ValueError, match="fits .txt"):
        sources.find(str(tmp_path / "d.*"))
    with pytest.raises(ValueError, match="two called a"):
        sources.find(str(tmp_path / "?" / "a.npy"))


def test_npy_rows_come_in_blocks_and_in_order(tmp_path):
    values = np.arange(2 * 1030, dtype=np.float32).reshape(-1, 2)
    np.save(tmp_path / "a.npy", values)

    good, letters = _read(tmp_path / "a.npy", COUNTED)

    assert sources.count(tmp_path / "a.npy") == 1030
    assert [number for number, _, _ in good] == list(range(1030))
    np.testing.assert_array_equal([row for _, row, _ in good], values)
    assert letters == []


@pytest.mark.parametrize(
    ("array", "rows", "reason"),
    (
        (np.zeros((3, 5), np.float32), 3, r"float32 \[3, 5\].*\[n, 2\]"),
        (np.full((3, 2), "a"), 3, r"<U1 \[3, 2\]"),
        (np.array(1.0), None, r"float64 \[\]"),
    ),
)
def test_an_npy_of_another_kind_is_one_dead_letter(
    array, rows, reason, tmp_path
):
    np.save(tmp_path / "a.npy", array)

    good, (letter,) = _read(tmp_path / "a.npy", COUNTED)

    assert good == []
    assert letter[:2] == (None, rows)
    with pytest.raises(ValueError, match=reason):
        raise ValueError(letter.reason)


def test_a_damaged_npy_is_one_dead_letter_and_cannot_be_counted(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((9, 2)))
    whole = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(whole[:-1])

    good, (letter,) = _read(tmp_path / "a.npy", COUNTED)

    assert good == []
    assert letter[:2] == (None, None)
    with pytest.raises(ValueError, match="nobody can tell how many rows"):
        sources.count(tmp_path / "a.npy")


def test_parquet_rows_have_ids_and_the_wrong_ones_are_named(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table(
        {
            "id": pyarrow.array([50, 40, 30, None, 20, 10]),
            "image": [[1.0, 2.0], None, [3.0], [4.0, 5.0], [6.0, None], [7, 8]],
        }
    )
    path = tmp_path / "a.parquet"
    parquet.write_table(table, path, row_group_size=4)

    good, letters = _read(path, WITH_IDS)

    assert good[0] == (0, [1, 2], 50)
    assert good[2] == (5, [7, 8], 10)
    # A null among the numbers is NaN, which encoding refuses.
    np.testing.assert_equal(good[1], (4, [6, np.nan], 20))
    assert letters == [
        (1, 1, "`image` is null, not 2 numbers"),
        (2, 1, "`image` is 1 numbers, not 2 numbers"),
        (3, 1, "`id` is null"),
    ]
    # Without ids row 3 can be encoded.
    assert [row for row, _, _ in _read(path, COUNTED)[0]] == [0, 3, 4, 5]
    assert sources.count(path) == 6


def test_a_damaged_row_group_is_lost_and_the_others_are_read(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    numbers = np.random.default_rng(0).normal(size=(30, 2))
    parquet.write_table(
        pyarrow.table({"image": numbers.tolist()}),
        path,
        row_group_size=10,
        write_page_checksum=True,
        use_dictionary=False,
    )
    metadata = parquet.read_metadata(path)
    column = metadata.row_group(1).column(0)
    content = bytearray(path.read_bytes())
    end = column.data_page_offset + column.total_compressed_size
    content[end - 3] ^= 0xFF
    path.write_bytes(content)

    good, (letter,) = _read(path, COUNTED)

    assert [row for row, _, _ in good] == [*range(10), *range(20, 30)]
    np.testing.assert_array_equal(
        [row for _, row, _ in good], numbers[[*range(10), *range(20, 30)]]
    )
    assert letter[:2] == (10, 10)
    assert letter.reason.startswith("unreadable: ")


@pytest.mark.parametrize(
    ("columns", "reason"),
    (
        ({"other": [[1.0]]}, "`image` is missing"),
        ({"id": [1], "image": ["text"]}, "`image` is string"),
        ({"id": [1], "image": [["a", "b"]]}, "`image` is list<.*string>"),
        ({"image": [[1.0, 2.0]]}, "`id` is missing, not integers"),
        ({"id": ["x"], "image": [[1.0, 2.0]]}, "`id` is string"),
    ),
)
def test_a_table_of_another_kind_is_one_dead_letter(columns, reason, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")

    good, (letter,) = _read(tmp_path / "a.parquet", WITH_IDS)

    assert good == []
    assert letter[:2] == (None, None)
    with pytest.raises(ValueError, match=reason):
        raise ValueError(letter.reason)


@pytest.fixture
def tfrecord(tmp_path):
    """Writes records, bytes or features by name, to a file."""
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("google_crc32c", reason="the extra `beam`")

    def feature(values):
        if isinstance(values[0], bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        if isinstance(values[0], int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))

    def write(*records):
        path = tmp_path / "a.tfrecord"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                if not isinstance(record, bytes):
                    held = {name: feature(v) for name, v in record.items()}
                    record = tf.train.Example(
                        features=tf.train.Features(feature=held)
                    ).SerializeToString()
                writer.write(record)
        return path

    return write


def test_tfrecords_have_ids_and_the_wrong_ones_are_named(tfrecord):
    path = tfrecord(
        {"id": [7], "image": [1.5, 2.0]},
        {"id": [6], "image": [3, 4]},
        {"id": [5], "image": [1.0]},
        {"id": [4], "image": [b"ab", b"cd"]},
        {"id": [3], "other": [1.0, 2.0]},
        {"image": [1.0, 2.0]},
        b"\xff\xff\xff",
        {"id": [2], "image": [5.0, 6.0]},
    )

    good, letters = _read(path, WITH_IDS)

    assert good == [(0, [1.5, 2], 7), (1, [3, 4], 6), (7, [5, 6], 2)]
    assert letters == [
        (2, 1, "`image` is 1 numbers, not 2"),
        (3, 1, "`image` is bytes_list, not numbers"),
        (4, 1, "`image` is missing, not numbers"),
        (5, 1, "`id` is not one integer; ids can be counted"),
        (6, 1, "the bytes are no tf.train.Example"),
    ]
    assert sources.count(path) == 8


def test_a_damaged_record_is_lost_alone_and_a_damaged_length_with_the_rest(
    tfrecord,
):
    path = tfrecord(*({"image": [float(row), 0.0]} for row in range(4)))
    whole = path.read_bytes()
    size = len(whole) // 4
    damaged = bytearray(whole)
    damaged[size + 20] ^= 1
    damaged[3 * size] ^= 1
    path.write_bytes(damaged)

    good, letters = _read(path, COUNTED)

    assert [row for row, _, _ in good] == [0, 2]
    assert letters == [
        (1, 1, "the checksum does not fit the bytes"),
        (3, None, "the length of this record is damaged"),
    ]


@pytest.mark.parametrize("kept", (1, 11, 12, 20, -5, -1))
def test_a_tfrecord_file_that_ends_early_keeps_its_first_records(
    kept, tfrecord
):
    path = tfrecord(*({"image": [float(row), 0.0]} for row in range(2)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 + kept % (len(whole) // 2)])

    good, letters = _read(path, COUNTED)

    assert [row for row, _, _ in good] == [0]
    assert letters == [(1, None, "the file ends inside this record")]
    with pytest.raises(ValueError, match="ends inside record 1"):
        sources.count(path)
