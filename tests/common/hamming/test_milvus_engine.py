import sys

import numpy as np
import pytest

from common.hamming import milvus_engine

# What needs a server is in tests/experiments/test_milvus_index.py, so that one
# is started for all.


def test_an_entity_is_named_by_modality_and_id():
    rows = np.array([[1, 2], [255, 0]], np.uint8)

    found = milvus_engine.entities(rows, np.array([-7, 12]), "image")

    assert found == [
        {"key": "image:-7", "id": -7, "modality": "image", "code": b"\1\2"},
        {"key": "image:12", "id": 12, "modality": "image", "code": b"\xff\0"},
    ]
    assert [milvus_engine.id_of(item["key"]) for item in found] == [-7, 12]


@pytest.mark.parametrize("modality", ("", 'a" or id > 0', "a:b", "x" * 65))
def test_odd_modalities_are_refused(modality):
    with pytest.raises(ValueError, match="1 to 64 letters"):
        milvus_engine.where(modality)


def test_without_pymilvus_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymilvus", None)

    with pytest.raises(ImportError, match=r"cross-modal-hashing\[milvus\]"):
        milvus_engine.MilvusIndex("http://127.0.0.1:1", "codes", 64)


def test_a_server_that_does_not_answer_is_named():
    pytest.importorskip("pymilvus", reason="pymilvus is not installed")

    with pytest.raises(ConnectionError, match="answers at http://127.0.0.1:1"):
        milvus_engine.MilvusIndex("http://127.0.0.1:1", "codes", 64)
