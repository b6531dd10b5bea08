import json
import re

import pytest
import yaml

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


def _head(card):
    """What a model hub reads."""
    start, head, _ = card.split("---\n", 2)
    assert start == ""
    return yaml.safe_load(head)


@pytest.mark.parametrize(
    "name",
    [
        "toy.npz, type: other}\nlicense: mit",
        "toy.npz\n---\nlicense: mit\n",
        "a'b\"c: [d] #e",
        "\\",
        "{x: y}",
        "toy\n",
        "toy\n---\n",
        "- toy",
        "yes",
        "1e3",
        "",
        "*toy &toy !!python/name:os.system",
        "tab\tand\r\x85\u2028\x07\x7f",
        "fleur \U0001f33a \xe9t\xe9",
        "x" * 300 + " y",
    ],
)
def test_no_name_adds_to_the_head(record, metrics, signatures, name):
    usual = _head(model_card.render(record, metrics, signatures))
    hostile = record | {"run": {"dataset": f"folder/{name}"}}

    card = model_card.render(hostile, metrics, signatures)

    expected = name.rpartition("/")[2]
    (result,) = usual["model-index"][0]["results"]
    result["dataset"] = {"name": expected, "type": expected}
    assert _head(card) == usual
    (data,) = re.findall("^## Data\n\n(.*)$", card, re.MULTILINE)
    assert data.startswith("`") and data.count("`") == 6


def test_figures_stand_with_chance_and_in_the_head(record, metrics, signatures):
    card = model_card.render(record, metrics, signatures)

    (model,) = _head(card)["model-index"]
    assert model["results"][0]["metrics"] == [
        {"type": "map_all_i2t", "value": 0.5},
        {"type": "map_all_t2i", "value": 0.75},
    ]
    assert "| image to text | 0.5000 | 0.6250 | 0.2500 |" in card
    assert "20 query, 100 retrieval rows" in card


def test_a_model_without_scores_claims_none(record, signatures):
    card = model_card.render(record, {}, signatures)

    (model,) = _head(card)["model-index"]
    assert model["results"][0]["metrics"] == []
    assert "| image to text |  |  |  |" in card
