"""An exported model in the formats of other runtimes."""

import os

import tensorflow as tf

from common.system import extras

# The newest that the readers of the last years know.
_OPSET = 17


def signatures(directory: str | os.PathLike) -> list[str]:
    """Signatures of a SavedModel that take numbers, in alphabetical order.

    Words are looked up in tables, which neither ONNX nor TensorFlow Lite has.

    Raises:
        ValueError: The folder holds no SavedModel.
    """
    return [
        name
        for name, signature in sorted(_load(directory).signatures.items())
        if _input(signature).dtype.is_floating and name != "serving_default"
    ]


def onnx(directory: str | os.PathLike, name: str) -> bytes:
    """One signature as an ONNX model, for onnxruntime and others.

    Its input and outputs have the signature's names.

    Args:
        directory: Folder of the SavedModel.
        name: Such as `encode_text`.

    Raises:
        extras.NotInstalledError: tf2onnx is not installed.
        ValueError: The folder holds no SavedModel.
    """
    tf2onnx = extras.load("tf2onnx", "tf2onnx", "onnx")
    loaded = _load(directory)
    spec = _input(loaded.signatures[name])

    def encode(inputs):
        return loaded.signatures[name](**{spec.name: inputs})

    found, _ = tf2onnx.convert.from_function(
        tf.function(encode, input_signature=[spec]),
        input_signature=[spec],
        opset=_OPSET,
    )
    return found.SerializeToString()


def tflite(directory: str | os.PathLike) -> bytes:
    """All signatures that take numbers as one TensorFlow Lite model.

    LiteRT runs it: `Interpreter(...).get_signature_runner("encode_text")`.

    Raises:
        ValueError: The folder holds no SavedModel.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(
        os.fspath(directory), signature_keys=signatures(directory)
    )
    return converter.convert()


def _load(directory):
    try:
        return tf.saved_model.load(os.fspath(directory))
    except OSError as error:
        raise ValueError(f"{directory} holds no SavedModel: {error}") from error


def _input(signature) -> tf.TensorSpec:
    (spec,) = signature.structured_input_signature[1].values()
    return spec
