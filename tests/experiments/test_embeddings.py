"""Texts that are embeddings: trained on, exported and asked with."""

import dataclasses

import numpy as np
import pytest

from common.runs import finished as finished_runs
from common.system import files
from experiments import search
from experiments import train_ssah
from experiments import train_uch
from experiments import train_ugach
from experiments.methods import trainings
from ssah import config as ssah_config
from uch import config as uch_config


@pytest.fixture(scope="module")
def embedded(data, toy, tmp_path_factory):
    """The toy data, each text turned into ten signed numbers."""
    folder = tmp_path_factory.mktemp("embedded")
    turn = np.random.default_rng(0).normal(size=(data.text_dim, 10))
    text = (data.text - data.text.mean(axis=0)) @ turn
    np.savez(
        folder / "d.npz",
        image=data.image,
        text=text.astype(np.float16),
        labels=np.arange(len(data)) % 3 + 1,
    )
    return dataclasses.replace(toy, dataset=str(folder / "d.npz"))


def _configs(ugach):
    return {
        "ugach": (train_ugach.METHOD, ugach),
        "uch": (
            train_uch.METHOD,
            uch_config.Config(
                bits=12,
                image_learning_rate=0.01,
                text_learning_rate=0.01,
                batch_size=20,
                epochs=6,
            ),
        ),
        "ssah": (
            train_ssah.METHOD,
            ssah_config.Config(
                bits=12,
                feature_units=16,
                label_hidden_units=16,
                text_hidden_units=24,
                discriminator_first_units=8,
                discriminator_second_units=6,
                labnet_learning_rate=0.01,
                imgnet_learning_rate=0.01,
                txtnet_learning_rate=0.01,
                batch_size=20,
                rounds=2,
                first_labnet_epochs=12,
                labnet_epochs=1,
                imgnet_epochs=3,
                txtnet_epochs=3,
            ),
        ),
    }


@pytest.mark.parametrize("name", ["ugach", "uch", "ssah"])
def test_every_method_learns_from_embeddings(
    config, embedded, tmp_path, capsys, name
):
    method, settings = _configs(config)[name]
    run = dataclasses.replace(embedded, output_dir=str(tmp_path / "run"))

    metrics = trainings.train(method, settings, run)

    for direction in ("i2t", "t2i"):
        found = metrics[direction]
        assert found["map_all"] > found["chance"] + 0.15
    record = files.read_json(tmp_path / "run" / "run.json")
    assert record["data"]["text_kind"] == "embedding"
    said = capsys.readouterr().out
    assert said.count("labels: 3 classes, numbered 1 to 3, one an item") == 1


@pytest.fixture(scope="module")
def opened(config, embedded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("opened") / "run"
    run = dataclasses.replace(embedded, output_dir=str(folder))
    trainings.train(train_ugach.METHOD, config, run)
    return finished_runs.open_run(folder)


@pytest.mark.parametrize("ask_with", ["image", "text"])
def test_a_vector_asks_as_its_item_does(opened, tmp_path, ask_with):
    features = getattr(opened.data, f"{ask_with}_features")
    rows = np.array([7, 3])
    np.save(tmp_path / "q.npy", features(rows))

    answers = search.search_vectors(opened, tmp_path / "q.npy", ask_with, 5)

    assert [answer.query for answer in answers] == ["q.npy 0", "q.npy 1"]
    for row, answer in zip(rows, answers, strict=True):
        expected = search.search_item(opened, str(row), ask_with, 5)
        assert answer.rows.tolist() == expected.rows.tolist()
        assert answer.distances.tolist() == expected.distances.tolist()
    np.save(tmp_path / "one.npy", features(rows)[0])
    [one] = search.search_vectors(opened, tmp_path / "one.npy", ask_with, 5)
    assert one.rows.tolist() == answers[0].rows.tolist()


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.ones(9), r"must hold numbers \[10\] or \[queries, 10\].*\(9,\)"),
        (np.array(["a"] * 10), "dtype <U1"),
        (np.full(10, 1e39), "values that float32 cannot hold"),
        (np.full(10, np.nan), "values that float32 cannot hold"),
        (np.array(1.0), r"received shape \(\)"),
    ],
)
def test_a_wrong_vector_is_refused(opened, tmp_path, vector, message):
    np.save(tmp_path / "q.npy", vector)

    with pytest.raises(ValueError, match=message):
        search.search_vectors(opened, tmp_path / "q.npy", "text")


def test_words_cannot_ask_for_embeddings(opened):
    with pytest.raises(ValueError, match="no `vocab`"):
        search.search_text(opened, "word1")


def test_an_answer_is_shown_without_words(opened):
    answer = search.search_item(opened, "3", "image", 2)

    assert "an embedding of 10 numbers" in search.show(opened, answer)
