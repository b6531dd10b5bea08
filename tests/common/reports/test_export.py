import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from common.data import bow
from common.hamming import packing
from common.models import base
from common.reports import export
from common.runs import encoding
from common.runs import exported

# Knows nothing of this project: `-I` leaves its folder off the path.
LOADER = """
import json, sys
import numpy as np
import tensorflow as tf

folder, inputs, outputs = sys.argv[1:]
model = tf.saved_model.load(folder)
found, described = {}, {}
with np.load(inputs) as features:
    for name, signature in sorted(model.signatures.items()):
        (argument, spec), = signature.structured_input_signature[1].items()
        described[name] = [argument, spec.shape.as_list(), spec.dtype.name]
        for result, spec in sorted(signature.structured_outputs.items()):
            described[name] += [result, spec.shape.as_list(), spec.dtype.name]
        outputs_ = signature(tf.constant(features[argument]))
        whole = outputs_["packed"]
        np.testing.assert_array_equal(
            np.packbits(outputs_["bits"], axis=1), whole)
        first = signature(tf.constant(features[argument][:1]))["packed"]
        np.testing.assert_array_equal(first, whole[:1])
        found[name] = whole
np.savez(outputs, **found)
described["modules"] = [m for m in ("common", "experiments", "ugach")
                        if m in sys.modules]
print(json.dumps(described))
"""


@pytest.fixture(scope="module")
def model(linear):
    return linear(bits=12, seed=3)


@pytest.fixture(scope="module")
def saved_model(model, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "new" / "saved_model"
    export.export(model, folder, data.vocabulary, {"note.json": "{}"})
    return folder


def test_the_model_loads_with_tensorflow_alone_and_gives_the_same_bits(
    model, data, saved_model, tmp_path
):
    features = {
        "image": data.image,
        "text": data.text.astype(np.float32),
    }
    sentences = np.array(["WORD3, word7!", "nothing else", "word14 word3"])
    np.savez(tmp_path / "inputs.npz", sentence=sentences, **features)

    process = subprocess.run(
        [
            sys.executable,
            *("-I", "-c", LOADER, str(saved_model)),
            *(str(tmp_path / "inputs.npz"), str(tmp_path / "outputs.npz")),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode == 0, process.stderr
    # 12 bits need two bytes.
    codes = ["bits", [None, 12], "uint8", "packed", [None, 2], "uint8"]
    assert json.loads(process.stdout) == {
        "encode_image": ["image", [None, 12], "float32", *codes],
        "encode_sentence": ["sentence", [None], "string", *codes],
        "encode_text": ["text", [None, 15], "float32", *codes],
        "serving_default": ["image", [None, 12], "float32", *codes],
        "modules": [],
    }
    image = np.asarray(model.encode_image(features["image"]))
    text = np.asarray(model.encode_text(features["text"]))
    with np.load(tmp_path / "outputs.npz") as outputs:
        np.testing.assert_array_equal(outputs["encode_image"], image)
        np.testing.assert_array_equal(outputs["serving_default"], image)
        np.testing.assert_array_equal(outputs["encode_text"], text)
        np.testing.assert_array_equal(
            outputs["encode_sentence"],
            model.encode_text(bow.encode(list(sentences), data.vocabulary)),
        )
    assert not np.array_equal(image, text)


def test_vocabulary_and_notes_are_files_of_the_model(data, saved_model):
    folder = saved_model / "assets.extra"

    words = (folder / "vocabulary.txt").read_text(encoding="utf-8")
    assert words.splitlines() == data.vocabulary.tolist()
    assert (folder / "note.json").read_text(encoding="utf-8") == "{}"


def test_without_a_vocabulary_there_are_no_sentences(model, tmp_path):
    export.export(model, tmp_path / "saved_model")

    loaded = tf.saved_model.load(os.fspath(tmp_path / "saved_model"))
    assert "encode_sentence" not in loaded.signatures
    assert not (tmp_path / "saved_model" / "assets.extra").exists()


def test_loaded_encoders_hash_rows_of_a_data_set(model, data, saved_model):
    rows = np.array([7, 100, 3])

    found = exported.load(saved_model, 12)

    in_memory = encoding.Encoders(12, model.encode_image, model.encode_text)
    for method in ("image_codes", "text_codes"):
        np.testing.assert_array_equal(
            getattr(found, method)(data, rows).rows,
            getattr(in_memory, method)(data, rows).rows,
        )
        assert getattr(found, method)(data, rows).bits == 12


def test_a_folder_is_replaced_whole(linear, data, tmp_path):
    folder = tmp_path / "saved_model"
    export.export(linear(seed=1), folder)
    (folder / "stale.txt").write_text("of the model before")
    second = linear(seed=2)

    export.export(second, folder)

    assert not (folder / "stale.txt").exists()
    assert os.listdir(tmp_path) == ["saved_model"]
    features = tf.constant(data.image)
    np.testing.assert_array_equal(
        exported.load(folder, 12).image(features), second.encode_image(features)
    )


def test_a_model_that_hashes_labels_exports_that_too(linear, data, tmp_path):
    class Labelled(linear):
        def encode_label(self, labels):
            return packing.pack_bits(tf.tile(labels > 0, [1, 4]))

        def signatures(self):
            label = base.Signature(self.encode_label, "label", (3,))
            return {**super().signatures(), "encode_label": label}

    model = Labelled()
    export.export(model, tmp_path / "saved_model")

    found = exported.load(tmp_path / "saved_model", 12)

    rows = np.array([5, 0])
    # Classes are row % 3, written four times: 001 001 001 001 and 100 ...
    assert found.label_codes(data, rows).rows.tolist() == [
        [0b00100100, 0b10010000],
        [0b10010010, 0b01000000],
    ]
    np.testing.assert_array_equal(
        found.image_codes(data, rows).rows,
        model.encode_image(data.image_features(rows)),
    )


def test_a_model_without_label_codes_has_no_label_encoder(data, saved_model):
    found = exported.load(saved_model, 12)

    assert found.label is None
    assert found.label_codes(data, np.arange(3)) is None


def test_exporting_leaves_the_model_able_to_train(linear, batches, tmp_path):
    model = linear()
    model.compile()
    export.export(model, tmp_path / "saved_model")
    before = model.image_kernel.numpy().copy()

    model.fit(batches, verbose=0, shuffle=False)

    assert not np.array_equal(model.image_kernel.numpy(), before)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ValueError) as error:
        exported.load(tmp_path / "nothing", 8)

    expected = f"{tmp_path}/nothing holds no exported hashing model: "
    assert str(error.value).startswith(expected)


def test_a_model_without_our_signatures_is_refused(tmp_path):
    tf.saved_model.save(tf.Module(), os.fspath(tmp_path))

    with pytest.raises(ValueError, match="holds no exported hashing model"):
        exported.load(pathlib.Path(tmp_path), 8)
