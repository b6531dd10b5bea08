import hashlib
import json

import pytest

from common.backbones import preprocessing


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "weights.mat"
    path.write_bytes(b"some weights")
    return str(path)


def test_the_weights_are_known_by_their_content(weights):
    made, path = preprocessing.current("cnn_f", weights)

    assert path == made.weights == weights
    digest = hashlib.sha256(b"some weights").hexdigest()
    assert made.weights_sha256 == digest


def test_what_was_stored_can_be_repeated(weights):
    made, _ = preprocessing.current("cnn_f", weights)

    assert preprocessing.repeat(made.text()) == (made, weights)


def test_weights_may_move(weights, tmp_path):
    made, _ = preprocessing.current("cnn_f", weights)
    moved = tmp_path / "moved.mat"
    (tmp_path / "weights.mat").rename(moved)

    with pytest.raises(OSError, match="weights.mat"):
        preprocessing.repeat(made.text())
    _, path = preprocessing.repeat(made.text(), str(moved))

    assert path == str(moved)


def test_other_weights_are_refused(weights, tmp_path):
    made, _ = preprocessing.current("cnn_f", weights)
    (tmp_path / "weights.mat").write_bytes(b"other weights")

    with pytest.raises(ValueError, match="by cnn_f with weights_sha256 '"):
        preprocessing.repeat(made.text())


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("size", 192, "with size 192, not 224: other features would come out"),
        ("background", "black", "with background 'black', not 'white'"),
        ("resizing", "central crop", "with resizing 'central crop', not '"),
        ("scaling", "rgb / 255", "with scaling 'rgb / 255', not '"),
        ("backbone", "resnet", "are of 'resnet'; known are efficientnet_lite0"),
        ("colour", 1, "is not what experiments.extract_features writes"),
    ],
)
def test_features_of_another_making_are_refused(weights, field, value, message):
    made, _ = preprocessing.current("cnn_f", weights)
    stored = json.loads(made.text()) | {field: value}

    with pytest.raises(ValueError, match=message):
        preprocessing.repeat(json.dumps(stored))


@pytest.mark.parametrize("text", ["", "{", "3", "[]", "null", "{}"])
def test_what_is_no_record_is_refused(text):
    with pytest.raises(ValueError, match="extract the features again"):
        preprocessing.repeat(text)


@pytest.mark.parametrize(
    ("backbone", "weights", "message"),
    [
        ("cnn_f", "", "cnn_f needs its weights: pass --weights, a .mat file"),
        ("vgg19", "", "vgg19 needs .* --weights, imagenet or a .h5 file"),
        ("cnn_f", "imagenet", "is for vgg19; name a file for cnn_f"),
    ],
)
def test_weights_that_nobody_publishes_must_be_named(
    backbone, weights, message
):
    with pytest.raises(ValueError, match=message):
        preprocessing.current(backbone, weights)
