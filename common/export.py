"""SavedModels that load without this project."""

import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable

import keras
import tensorflow as tf

from common import encoding
from common import model as common_model


def export(
    model: common_model.HashingModel, directory: str | os.PathLike
) -> None:
    """Writes a SavedModel that hashes float inputs to packed bits.

    Signatures: `encode_image` takes `image` [n, d_image] float32, or pixels
    [n, height, width, 3] float32 in 0..255 where the model reads them,
    `encode_text` takes `text` [n, d_text] float32; each returns `packed`
    [n, ceil(K / 8)] uint8, in the bit order of `common.codes`.
    `serving_default` is `encode_image`. A model may offer more, such as
    `encode_label`, which takes `label` [n, c] float32.

    The folder appears whole or not at all.
    """
    target = pathlib.Path(directory)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        written = pathlib.Path(folder) / "saved_model"
        _archive(model).write_out(os.fspath(written), verbose=False)
        if target.exists():
            shutil.rmtree(target)
        os.replace(written, target)


def load(directory: str | os.PathLike, bits: int) -> encoding.Encoders:
    """Loads an exported model's encoders.

    Args:
        directory: Folder of the SavedModel.
        bits: K, the code length it was trained for.

    Raises:
        ValueError: The folder holds no such model.
    """
    try:
        loaded = tf.saved_model.load(os.fspath(directory))
        image = _encoder(loaded, "encode_image", "image")
        text = _encoder(loaded, "encode_text", "text")
    except (OSError, KeyError) as error:
        raise ValueError(
            f"{directory} holds no exported hashing model: {error}"
        ) from error
    label = None
    if "encode_label" in loaded.signatures:
        label = _encoder(loaded, "encode_label", "label")
    return encoding.Encoders(bits, image, text, label)


def _encoder(loaded, name, argument) -> Callable:
    signature = loaded.signatures[name]
    # Signatures do not keep their model alive.
    signature.owner = loaded
    return lambda features: signature(**{argument: features})["packed"]


def _archive(model) -> keras.export.ExportArchive:
    archive = keras.export.ExportArchive()
    archive.track(model)
    signatures = model.signatures()
    for name, key in (
        ("serving_default", "encode_image"),
        *((name, name) for name in signatures),
    ):
        signature = signatures[key]
        spec = tf.TensorSpec(
            [None, *signature.shape], tf.float32, name=signature.argument
        )
        archive.add_endpoint(name, _endpoint(signature.encode), [spec])
    return archive


def _endpoint(encode) -> Callable:
    return lambda features: {"packed": encode(features)}
