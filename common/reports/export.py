"""SavedModels that load without this project."""

import os
from collections.abc import Callable
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from common.hamming import packing
from common.models import base
from common.reports import sentences
from common.system import files


def export(
    model: base.HashingModel,
    directory: str | os.PathLike,
    vocabulary: np.ndarray | None = None,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Writes a SavedModel that hashes float inputs, and sentences, to codes.

    Signatures: `encode_image` takes `image` [n, d_image] float32, or pixels
    [n, height, width, 3] float32 in 0..255 where the model reads them,
    `encode_text` takes `text` [n, d_text] float32, `encode_sentence` takes
    `sentence` [n] strings of UTF-8 where there is a vocabulary. Each returns
    `packed` [n, ceil(K / 8)] uint8, in the bit order of `common.hamming.codes`,
    and `bits` [n, K] uint8 of 0 and 1. `serving_default` is `encode_image`. A
    model may offer more, such as `encode_label`, which takes `label` [n, c]
    float32.

    The folder appears whole or not at all.

    Args:
        model: The model.
        directory: Where to write.
        vocabulary: Word of each text column, [d_text] strings; written to
            `assets.extra/vocabulary.txt`, a word a line.
        notes: More files of `assets.extra`, texts by name.
    """
    texts = dict(notes or {})
    if vocabulary is not None:
        texts["vocabulary.txt"] = "".join(f"{word}\n" for word in vocabulary)
    with files.atomic_folder(directory) as written:
        _archive(model, vocabulary).write_out(os.fspath(written), verbose=False)
        for name, text in texts.items():
            with files.atomic_write(written / "assets.extra" / name) as file:
                file.write(text.encode("utf-8"))


def _archive(model, vocabulary) -> keras.export.ExportArchive:
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
        endpoint = _endpoint(signature.encode, model.bits)
        archive.add_endpoint(name, endpoint, [spec])
    if vocabulary is not None:
        bag = sentences.BagOfWords(vocabulary)
        archive.track(bag)
        spec = tf.TensorSpec([None], tf.string, name="sentence")
        encode = signatures["encode_text"].encode
        archive.add_endpoint(
            "encode_sentence",
            _endpoint(lambda texts: encode(bag(texts)), model.bits),
            [spec],
        )
    return archive


def _endpoint(encode, bits) -> Callable:
    def encoded(inputs):
        packed = encode(inputs)
        return {"bits": packing.unpack_bits(packed, bits), "packed": packed}

    return encoded
