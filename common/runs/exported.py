"""Encoders of a SavedModel that `common.reports.export` wrote."""

import os
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from common.runs import encoding

_SHOWN = 300


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
    except Exception as error:
        raise ValueError(
            f"{directory} holds no exported hashing model: {_reason(error)}"
        ) from error
    label = None
    if "encode_label" in loaded.signatures:
        label = _encoder(loaded, "encode_label", "label")
    return encoding.Encoders(bits, image, text, label)


class LoadedEncoder(NamedTuple):
    """One signature of an exported model.

    Attributes:
        encode: Maps [n, *shape] float32 to [n, ceil(K / 8)] uint8.
        shape: Shape of an item.
        bits: K, the code length.
    """

    encode: Callable
    shape: tuple[int, ...]
    bits: int


def load_encoder(directory: str | os.PathLike, modality: str) -> LoadedEncoder:
    """Loads what hashes one modality, `image`, `text` or `label`.

    Raises:
        ValueError: The folder holds no model that does.
    """
    name = f"encode_{modality}"
    try:
        loaded = tf.saved_model.load(os.fspath(directory))
        encode = _encoder(loaded, name, modality)
    except Exception as error:
        raise ValueError(
            f"{directory} holds no exported model with {name}: {_reason(error)}"
        ) from error
    signature = loaded.signatures[name]
    inputs = signature.structured_input_signature[1][modality]
    bits = signature.structured_outputs["bits"].shape[1]
    return LoadedEncoder(encode, tuple(inputs.shape[1:]), bits)


def _reason(error: Exception) -> str:
    """What TensorFlow says of a folder; of damage it has many exceptions."""
    return " ".join(str(error).split())[:_SHOWN] or type(error).__name__


def _encoder(loaded, name, argument) -> Callable:
    signature = loaded.signatures[name]
    # Signatures do not keep their model alive.
    signature.owner = loaded
    return lambda features: signature(**{argument: features})["packed"]
