"""Programs that know nothing of this project load what it exports."""

import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from common.data import bow
from common.reports import conversion
from common.reports import export

PROGRAM = pathlib.Path(__file__).parent / "encode.c"


@pytest.fixture(scope="module")
def model(linear):
    return linear(bits=12, seed=3)


@pytest.fixture(scope="module")
def saved_model(model, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "saved_model"
    export.export(model, folder, data.vocabulary)
    return folder


@pytest.fixture(scope="module")
def texts(data):
    return data.text[:7].astype(np.float32)


def _saved_model_cli(*arguments):
    # The command of TensorFlow's own package.
    program = "from tensorflow.python.tools import saved_model_cli as c; "
    return subprocess.run(
        [sys.executable, "-I", "-c", f"{program}c.main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_saved_model_cli_hashes_sentences(model, data, saved_model, tmp_path):
    process = _saved_model_cli(
        "run",
        f"--dir={saved_model}",
        "--tag_set=serve",
        "--signature_def=encode_sentence",
        "--input_exprs=sentence=[b'WORD3, word7!', b'nothing']",
        f"--outdir={tmp_path}",
    )

    assert process.returncode == 0, process.stderr
    bags = bow.encode(["word3 word7", ""], data.vocabulary)
    np.testing.assert_array_equal(
        np.load(tmp_path / "packed.npy"), model.encode_text(bags)
    )


def _graph_names(saved_model, signature):
    """Input and packed output of a signature, as the C interface has them."""
    from tensorflow.python.tools import saved_model_utils

    graph = saved_model_utils.get_meta_graph_def(
        os.fspath(saved_model), "serve"
    )
    found = graph.signature_def[signature]
    (given,) = found.inputs.values()
    return given.name, found.outputs["packed"].name


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_a_c_program_hashes_texts(model, saved_model, texts, tmp_path):
    home = pathlib.Path(tf.__file__).parent
    compiled = subprocess.run(
        ["cc", str(PROGRAM), "-D_GNU_SOURCE", "-o", str(tmp_path / "encode")]
        + [f"-I{tf.sysconfig.get_include()}", f"-L{home}"]
        + ["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"]
        + [f"-Wl,-rpath,{home}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stderr

    process = subprocess.run(
        [tmp_path / "encode", saved_model]
        + [*_graph_names(saved_model, "encode_text")]
        + [str(size) for size in texts.shape],
        input=texts.tobytes(),
        capture_output=True,
        check=False,
    )

    assert process.returncode == 0, process.stderr
    np.testing.assert_array_equal(
        np.frombuffer(process.stdout, np.uint8).reshape(7, 2),
        model.encode_text(texts),
    )


def test_onnxruntime_gives_the_same_codes(model, saved_model, texts):
    pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")

    session = onnxruntime.InferenceSession(
        conversion.onnx(saved_model, "encode_text")
    )

    bits, packed = session.run(["bits", "packed"], {"text": texts})
    np.testing.assert_array_equal(packed, model.encode_text(texts))
    np.testing.assert_array_equal(np.packbits(bits, axis=1), packed)


def test_litert_gives_the_same_codes(model, data, saved_model, texts):
    litert = pytest.importorskip("ai_edge_litert.interpreter")

    interpreter = litert.Interpreter(
        model_content=conversion.tflite(saved_model)
    )

    for name, argument, inputs, encode in (
        ("encode_text", "text", texts, model.encode_text),
        ("encode_image", "image", data.image[:7], model.encode_image),
    ):
        run = interpreter.get_signature_runner(name)
        np.testing.assert_array_equal(
            run(**{argument: inputs})["packed"], encode(inputs)
        )


def test_sentences_stay_with_tensorflow(saved_model):
    assert conversion.signatures(saved_model) == ["encode_image", "encode_text"]


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no SavedModel"):
        conversion.signatures(tmp_path)
