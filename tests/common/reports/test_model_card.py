import json
import re

import pytest

from common.reports import model_card


@pytest.fixture
def record():
    return {
        "method": "ugach",
        "config": {"bits": 12, "epochs": 3},
        "run": {"dataset": "folder/toy.npz"},
        "data": {"items": 120, "sha256": "ab" * 32},
        "split": {"query": 20, "retrieval": 100, "sha256": "cd" * 32},
    }


@pytest.fixture
def metrics():
    found = {"map_all": 0.5, "map_at_50": 0.625, "chance": 0.25}
    return {"i2t": found, "t2i": found | {"map_all": 0.75}}


@pytest.fixture
def signatures(linear):
    return model_card.entries(linear(bits=12), sentences=True)


def test_every_signature_is_described(record, metrics, signatures):
    card = model_card.render(record, metrics, signatures)

    # 12 bits are two bytes.
    outputs = "`bits` [n, 12] uint8 of 0 and 1, `packed` [n, 2] uint8 |"
    assert f"| `encode_image` | `image` [n, 12] float32 | {outputs}" in card
    assert f"| `encode_text` | `text` [n, 15] float32 | {outputs}" in card
    assert f"| `encode_sentence` | `sentence` [n] string | {outputs}" in card


def test_the_request_names_a_signature_and_its_input(
    record, metrics, signatures
):
    card = model_card.render(record, metrics, signatures)

    path, request = re.search(r"POST (\S+)\n(.*)\n", card).groups()
    assert path == "/v1/models/ugach:predict"
    assert json.loads(request) == {
        "signature_name": "encode_sentence",
        "instances": [{"sentence": "red flower"}],
    }


def test_figures_stand_with_chance_and_in_the_head(record, metrics, signatures):
    card = model_card.render(record, metrics, signatures)

    head = card.split("---\n")[1]
    assert "{type: map_all_t2i, value: 0.7500}" in head
    assert "| image to text | 0.5000 | 0.6250 | 0.2500 |" in card
    assert "20 query, 100 retrieval rows" in card


def test_a_model_without_scores_claims_none(record, signatures):
    card = model_card.render(record, {}, signatures)

    assert "value:" not in card
    assert "| image to text |  |  |  |" in card
