import importlib
import sys

import numpy as np
import pytest

from common import hamming
from common.hamming import exchange
from tests import hamming_cases as cases


def _index(length, ids=None, seed=0):
    index = hamming.HammingIndex(length)
    index.add(cases.pack(cases.bits(20, length, seed)), ids)
    return index


def _assert_same(found, expected):
    assert found.bits == expected.bits
    np.testing.assert_array_equal(found.ids, expected.ids)
    np.testing.assert_array_equal(found.codes.rows, expected.codes.rows)


def test_npy_holds_the_packed_rows(tmp_path):
    index = _index(12)

    exchange.write_npy(index, tmp_path / "codes.npy")

    rows = np.load(tmp_path / "codes.npy", allow_pickle=False)
    np.testing.assert_array_equal(rows, index.codes.rows)
    _assert_same(exchange.read_npy(tmp_path / "codes.npy", 12), index)


@pytest.mark.parametrize("bits", (11, 24))
def test_npy_of_another_length_is_refused(tmp_path, bits):
    exchange.write_npy(_index(12), tmp_path / "codes.npy")

    with pytest.raises(ValueError, match=f"{bits}-bit codes"):
        exchange.read_npy(tmp_path / "codes.npy", bits)


def test_parquet_keeps_ids_and_modalities(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    ids = np.random.default_rng(0).permutation(500)[:20] - 100
    indexes = {"image": _index(20, ids), "text": _index(20, seed=1)}

    exchange.write_parquet(indexes, tmp_path / "codes.parquet")

    found = exchange.read_parquet(tmp_path / "codes.parquet", 20)
    assert list(found) == ["image", "text"]
    for modality, index in indexes.items():
        _assert_same(found[modality], index)
    table = parquet.read_table(tmp_path / "codes.parquet")
    assert table.column_names == ["id", "code", "modality"]
    assert table["code"][0].as_py() == indexes["image"].codes.rows[0].tobytes()


def test_parquet_of_another_kind_is_refused(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"id": [1]}), tmp_path / "other.parquet")
    exchange.write_parquet({"image": _index(20)}, tmp_path / "codes.parquet")
    (tmp_path / "text").write_text("not a table")

    with pytest.raises(ValueError, match="needs the columns id, code, modal"):
        exchange.read_parquet(tmp_path / "other.parquet", 20)
    with pytest.raises(ValueError, match="not 4 bytes long"):
        exchange.read_parquet(tmp_path / "codes.parquet", 32)
    with pytest.raises(ValueError, match="[Pp]arquet"):
        exchange.read_parquet(tmp_path / "text", 20)


@pytest.mark.parametrize("kind", ("binary", "large_binary", "binary_width_3"))
def test_parquet_of_other_programs_is_read_in_all_its_forms(tmp_path, kind):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    index = _index(20)
    rows = [row.tobytes() for row in index.codes.rows]
    column = pyarrow.array(
        rows,
        pyarrow.binary(3) if kind.endswith("3") else getattr(pyarrow, kind)(),
    )
    count = len(rows)
    table = pyarrow.table(
        {
            "id": index.ids,
            "code": pyarrow.chunked_array([column[:7], column[7:]]),
            "modality": ["text", "image"] * (count // 2),
        }
    )
    parquet.write_table(table, tmp_path / "codes.parquet", row_group_size=5)

    found = exchange.read_parquet(tmp_path / "codes.parquet", 20)

    assert list(found) == ["image", "text"]
    for name, first in (("text", 0), ("image", 1)):
        np.testing.assert_array_equal(found[name].ids, index.ids[first::2])
        np.testing.assert_array_equal(
            found[name].codes.rows, index.codes.rows[first::2]
        )


@pytest.mark.parametrize("codes", ([b"abc", None], [b"abc", b"abcd"], [1, 2]))
def test_parquet_with_a_code_of_another_length_is_refused(tmp_path, codes):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    table = {"id": [0, 1], "code": codes, "modality": ["image", "image"]}
    parquet.write_table(pyarrow.table(table), tmp_path / "codes.parquet")

    with pytest.raises(ValueError, match="not 3 bytes long"):
        exchange.read_parquet(tmp_path / "codes.parquet", 24)


def test_parquet_without_a_row_holds_no_index(tmp_path):
    pytest.importorskip("pyarrow")
    empty = hamming.HammingIndex(24)
    exchange.write_parquet({"image": empty}, tmp_path / "codes.parquet")

    assert exchange.read_parquet(tmp_path / "codes.parquet", 24) == {}


def test_a_damaged_page_of_parquet_is_found(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "codes.parquet"
    exchange.write_parquet({"image": _index(64)}, path)
    content = bytearray(path.read_bytes())
    # The ids' page comes first, after the magic and its header.
    content[60] ^= 1
    path.write_bytes(content)

    with pytest.raises(ValueError, match="codes.parquet is not a readable"):
        exchange.read_parquet(path, 64)


def test_without_pyarrow_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(ImportError, match=r"cross-modal-hashing\[parquet\]"):
        exchange.write_parquet({"image": _index(8)}, tmp_path / "codes")


def test_faiss_reads_what_was_written_and_back(tmp_path):
    faiss = pytest.importorskip("faiss")
    ids = np.random.default_rng(0).permutation(500)[:20]
    index = _index(12, ids)

    exchange.write_faiss(index, tmp_path / "codes.faiss")

    stored = faiss.read_index_binary(str(tmp_path / "codes.faiss"))
    distances, found = stored.search(index.codes.rows, 1)
    assert distances.ravel().tolist() == [0] * 20
    assert found.ravel().tolist() == index.ids.tolist()
    _assert_same(exchange.read_faiss(tmp_path / "codes.faiss", 12), index)
    assert exchange.read_faiss(tmp_path / "codes.faiss").bits == 16


def test_other_faiss_files_are_refused(tmp_path):
    faiss = pytest.importorskip("faiss")
    faiss.write_index_binary(
        faiss.IndexBinaryHNSW(16, 4), str(tmp_path / "hnsw")
    )
    (tmp_path / "text").write_text("not an index")

    with pytest.raises(ValueError, match="holds a IndexBinaryHNSW"):
        exchange.read_faiss(tmp_path / "hnsw")
    with pytest.raises(ValueError, match="not a readable FAISS"):
        exchange.read_faiss(tmp_path / "text")
