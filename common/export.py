"""SavedModels that load without this project."""

import os
import pathlib
import shutil
import tempfile

import keras
import tensorflow as tf

from common import encoding
from common import model as common_model


def export(
    model: common_model.HashingModel, directory: str | os.PathLike
) -> None:
    """Writes a SavedModel that hashes float features to packed bits.

    Signatures: `encode_image` takes `image` [n, d_image] float32,
    `encode_text` takes `text` [n, d_text] float32; each returns `packed`
    [n, ceil(K / 8)] uint8, in the bit order of `common.codes`.
    `serving_default` is `encode_image`.

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
        image = loaded.signatures["encode_image"]
        text = loaded.signatures["encode_text"]
    except (OSError, KeyError) as error:
        raise ValueError(
            f"{directory} holds no exported hashing model: {error}"
        ) from error
    # Signatures do not keep their model alive.
    image.owner = text.owner = loaded
    return encoding.Encoders(
        bits,
        lambda features: image(image=features)["packed"],
        lambda features: text(text=features)["packed"],
    )


def _archive(model) -> keras.export.ExportArchive:
    archive = keras.export.ExportArchive()
    archive.track(model)

    def encode_image(image):
        return {"packed": model.encode_image(image)}

    def encode_text(text):
        return {"packed": model.encode_text(text)}

    image = tf.TensorSpec([None, model.image_dim], tf.float32, name="image")
    text = tf.TensorSpec([None, model.text_dim], tf.float32, name="text")
    archive.add_endpoint("serving_default", encode_image, [image])
    archive.add_endpoint("encode_image", encode_image, [image])
    archive.add_endpoint("encode_text", encode_text, [text])
    return archive
