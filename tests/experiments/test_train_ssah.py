import dataclasses
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from common.hamming import codes
from common.runs import finished as finished_runs
from common.system import files
from experiments import evaluate
from experiments import search
from experiments import train_ssah
from experiments import train_uch
from experiments import train_ugach
from experiments.methods import trainings
from ssah import config as ssah_config
from uch import config as uch_config
from ugach import config as ugach_config


@pytest.fixture(scope="module")
def config():
    """Settings that learn the toy data in 26 short epochs."""
    return ssah_config.Config(
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
    )


@pytest.fixture(scope="module")
def trained(config, toy, tmp_path_factory):
    """A whole run by the command's own function, its folder and metrics."""
    folder = tmp_path_factory.mktemp("ssah") / "run"
    run = dataclasses.replace(toy, output_dir=str(folder))
    return folder, trainings.train(train_ssah.METHOD, config, run)


def test_a_run_beats_chance_and_scores_all_nine_directions(trained):
    folder, metrics = trained

    for direction in ("i2t", "t2i"):
        found = metrics[direction]
        assert found["map_all"] > found["chance"] + 0.3
    directions = {f"{q}2{d}" for q in "itl" for d in "itl"}
    assert set(metrics["directions"]) == directions
    assert files.read_json(folder / "metrics.json")["bits"] == 12
    assert files.read_json(folder / "run.json")["method"] == "ssah"


def test_the_exported_model_hashes_images_texts_and_labels(trained, data):
    folder, _ = trained
    stored = np.load(folder / "codes.npz", allow_pickle=False)
    query = np.load(folder / "split.npz", allow_pickle=False)["query"]

    model = tf.saved_model.load(str(folder / "saved_model"))

    for modality, inputs in (
        ("image", data.image_features(query)),
        ("text", data.text_features(query)),
    ):
        packed = model.signatures[f"encode_{modality}"](**{modality: inputs})[
            "packed"
        ]
        np.testing.assert_array_equal(packed, stored[f"query_{modality}"])
    labels = data.labels[query].astype(np.float32)
    packed = model.signatures["encode_label"](label=labels)["packed"]
    bits = codes.unpack_bits(packed.numpy(), 12)
    classes = labels.argmax(axis=1)
    for one in np.unique(classes):
        assert (bits[classes == one] == bits[classes == one][0]).all()


def test_a_cut_off_run_ends_like_a_whole_one(trained, config, toy, tmp_path):
    folder, metrics = trained
    directory = tmp_path / "run"
    shutil.copytree(folder, directory)
    for name in ("metrics.json", "codes.npz"):
        (directory / name).unlink()
    run = dataclasses.replace(toy, output_dir=str(directory), resume=True)

    again = trainings.train(train_ssah.METHOD, config, run)

    for direction in ("i2t", "t2i"):
        assert again[direction] == metrics[direction]
    assert pathlib.Path(directory / "codes.npz").exists()


def test_a_model_without_labnet_is_called_ssah_1(config):
    reduced = dataclasses.replace(config, labnet=False, adversarial=False)

    assert train_ssah.METHOD.label(config) == "SSAH"
    assert train_ssah.METHOD.label(reduced) == "SSAH-1, SSAH-3"


@pytest.fixture
def pictured(toy, thumbnail_file, tmp_path):
    """A run on the pictures of the even rows."""
    return dataclasses.replace(
        toy,
        image_input="pixels",
        thumbnails=str(thumbnail_file),
        output_dir=str(tmp_path / "run"),
    )


def test_a_run_on_pixels_exports_what_it_hashed(config, pictured, tmp_path):
    shorter = dataclasses.replace(
        config,
        backbone="small",
        rounds=1,
        first_labnet_epochs=1,
        imgnet_epochs=1,
        txtnet_epochs=1,
    )

    trainings.train(train_ssah.METHOD, shorter, pictured)

    finished = finished_runs.open_run(tmp_path / "run")
    assert finished.data.image_shape == (8, 12, 3)
    assert len(finished.split.retrieval) == 50
    model = tf.saved_model.load(str(tmp_path / "run" / "saved_model"))
    encode = model.signatures["encode_image"]
    query = finished.split.query
    pixels = tf.constant(finished.data.image_features(query))
    stored = np.load(tmp_path / "run" / "codes.npz", allow_pickle=False)
    np.testing.assert_array_equal(
        encode(image=pixels)["packed"], stored["query_image"]
    )
    again = evaluate.evaluate(finished, "saved_model")
    with pytest.raises(ValueError, match="'item41' has no picture"):
        search.search_item(finished, "item41", "image")
    metrics = files.read_json(tmp_path / "run" / "metrics.json")
    assert again["i2t"] == metrics["i2t"]


def _refused(method, config, run):
    with pytest.raises(ValueError) as error:
        method.prepare(config, run)
    assert not pathlib.Path(run.output_dir).exists()
    return str(error.value)


def test_images_and_backbone_must_fit_before_anything_is_written(
    config, pictured
):
    small = dataclasses.replace(config, backbone="small")
    features = dataclasses.replace(pictured, image_input="features")
    absent = dataclasses.replace(
        config, backbone="cnn_f", backbone_weights="absent.mat"
    )
    method = train_ssah.METHOD

    assert "pass --backbone=small" in _refused(method, config, pictured)
    assert "needs pixels" in _refused(method, small, features)
    assert "no weights file absent.mat" in _refused(method, absent, pictured)


def test_a_method_without_image_networks_refuses_pixels(pictured):
    message = _refused(train_ugach.METHOD, ugach_config.Config(), pictured)

    assert "learns from image features" in message
    assert "leave --image_input=pixels out" in message


def test_uch_wants_a_backbone_for_pixels_as_well(pictured):
    message = _refused(train_uch.METHOD, uch_config.Config(), pictured)

    assert "pass --backbone=small" in message
