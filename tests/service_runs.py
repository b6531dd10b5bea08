"""A small finished run on pictures with captions, whose codes are known.

Its model is fitted, not trained: a caption with a flower has a code of zeros
but for what its other words change, one with a bird a code of ones, and a
picture that the run has seen has the code of its caption.
"""

import io
import pathlib

import numpy as np
from PIL import Image

from common.data import bow
from common.data import originals
from common.data import readers
from common.data import thumbnails
from common.hamming import codes
from common.runs import encoding
from common.runs import run as common_run
from common.system import files
from tests import made_up_weights
from ugach import config as ugach_config

BITS = 24
WORDS = ("flower", "bird")
_EACH = 12


def drawings():
    """Pictures as arrays, captions and words of 12 flowers and 12 birds."""
    data = readers.read(readers.OPENCLIPART)
    pictures = thumbnails.for_dataset(readers.OPENCLIPART)
    found = []
    for word in WORDS:
        other = WORDS[1 - WORDS.index(word)]
        has, lacks = (
            data.text[:, data.vocabulary.tolist().index(one)] != 0
            for one in (word, other)
        )
        for row in np.flatnonzero(has & ~lacks)[:_EACH]:
            words = data.vocabulary[np.flatnonzero(data.text[row])]
            found.append((pictures.picture(row), " ".join(words), word))
    return found


def make(folder: pathlib.Path) -> pathlib.Path:
    """Writes pictures, a data set and a finished run; returns its folder."""
    from common.backbones import extractor as backbone_extractor
    from common.backbones import photographs
    from common.backbones import preprocessing

    weights = folder / "lite0.pth"
    made_up_weights.write(weights, made_up_weights.efficientnet_lite0())
    extractor = backbone_extractor.Extractor(
        *preprocessing.current("efficientnet_lite0", str(weights))
    )
    (folder / "photos").mkdir()
    squares, captions, names, labels, jpegs = [], [], [], [], []
    for number, (pixels, caption, word) in enumerate(drawings()):
        names.append(f"{word}{number}.png")
        path = folder / "photos" / names[-1]
        Image.fromarray(pixels).save(path)
        picture = photographs.open_file(path)
        squares.append(photographs.squeeze(picture, extractor.made.size))
        small = photographs.thumbnail(picture, 96)
        jpegs.append(np.frombuffer(small, np.uint8))
        captions.append(caption)
        labels.append([word == one for one in WORDS])
    bags, vocabulary = bow.fit(captions)
    features = extractor.features(np.stack(squares))
    data = folder / "photos.npz"
    files.write_npz(
        data,
        image=features,
        text=bags,
        labels=np.array(labels, np.uint8),
        label_names=np.array(WORDS),
        ids=np.array(names),
        vocab=vocabulary,
        extractor=np.array(extractor.made.text()),
        jpeg=np.concatenate(jpegs),
        offset=np.cumsum([0, *map(len, jpegs)]),
        **originals.arrays(
            captions,
            names,
            "photos",
            {"shelf": [str(number % 3) for number in range(len(names))]},
        ),
    )
    run = common_run.Run(dataset=str(data), output_dir=str(folder / "run"))
    prepared = common_run.prepare(
        run, "ugach", ugach_config.Config(bits=BITS, pool_size=10)
    )
    encoders = _export(
        prepared.directory / "saved_model", features, bags, vocabulary
    )
    split = prepared.split
    encoding.encode_split(
        encoders, prepared.data, split.query, split.retrieval
    ).save(prepared.directory / "codes.npz")
    files.write_json(prepared.directory / "metrics.json", {})
    return prepared.directory


def _export(path, features, bags, vocabulary):
    """Fits and saves a model; returns its encoders."""
    import tensorflow as tf

    from common.runs import exported

    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(len(vocabulary), BITS))
    for sign, word in zip((-1, 1), WORDS, strict=True):
        kernel[vocabulary.tolist().index(word)] = 2 * sign
    wanted = np.where(bags @ kernel > 0, 1.0, -1.0)
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    fitted = np.linalg.pinv((features - mean) / scale) @ wanted
    constants = [
        tf.constant(value.astype(np.float32))
        for value in (kernel, mean, scale, fitted)
    ]
    weights = np.array([128, 64, 32, 16, 8, 4, 2, 1])

    def packed(real):
        octets = tf.reshape(tf.cast(real > 0, tf.int32), [-1, BITS // 8, 8])
        rows = tf.cast(tf.reduce_sum(octets * weights, axis=2), tf.uint8)
        return {"packed": rows, "bits": real > 0}

    class Fitted(tf.Module):
        @tf.function(
            input_signature=[
                tf.TensorSpec([None, len(vocabulary)], name="text")
            ]
        )
        def encode_text(self, text):
            return packed(tf.matmul(text, constants[0]))

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, features.shape[1]], name="image")
            ]
        )
        def encode_image(self, image):
            scaled = (image - constants[1]) / constants[2]
            return packed(tf.matmul(scaled, constants[3]))

    model = Fitted()
    signatures = {
        name: getattr(model, name) for name in ("encode_text", "encode_image")
    }
    tf.saved_model.save(model, str(path), signatures)
    return exported.load(path, BITS)


def nearest(stored: encoding.SplitCodes, half: str, code: np.ndarray):
    """Distances of a packed code to those of a half, query items first."""
    rows = np.concatenate(
        [
            getattr(stored, f"{part}_{half}").rows
            for part in ("query", "retrieval")
        ]
    )
    bits = codes.unpack_bits(rows, BITS)
    return (bits != codes.unpack_bits(code[None], BITS)).sum(axis=1)


def png(pixels: np.ndarray) -> bytes:
    """A PNG file's content of RGB pixels."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
