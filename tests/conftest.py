import io
import os
import shutil

# Before any test imports TensorFlow.
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import numpy as np
import pytest

from common.data import arrays


def clustered(count=120, classes=3, image_dim=12, text_dim=15, seed=0):
    """Items of a few classes; either view alone tells the class."""
    rng = np.random.default_rng(seed)
    member = np.arange(count) % classes
    centres = rng.normal(size=(classes, image_dim)) * 3
    image = centres[member] + rng.normal(size=(count, image_dim))
    share = np.where(np.arange(text_dim) % classes == member[:, None], 0.7, 0.1)
    text = (rng.random((count, text_dim)) < share).astype(np.uint8)
    text[np.arange(count), member] = 1
    return arrays.CrossModalData(
        image=image.astype(np.float32),
        text=text,
        labels=np.eye(classes, dtype=np.uint8)[member],
        vocabulary=np.array([f"word{i}" for i in range(text_dim)]),
        label_names=np.array([f"class{i}" for i in range(classes)]),
    )


@pytest.fixture(scope="session")
def data():
    return clustered()


@pytest.fixture
def data_file(data, tmp_path):
    path = tmp_path / "data.npz"
    np.savez(
        path,
        image=data.image,
        text=data.text,
        labels=data.labels,
        ids=data.ids,
        vocab=data.vocabulary,
        label_names=data.label_names,
        some_rows=np.arange(0, len(data), 2),
    )
    return path


@pytest.fixture(scope="session")
def even_thumbnails(data, tmp_path_factory):
    """JPEGs of the even rows, each of one colour: red is twice the row."""
    from PIL import Image

    rows = np.arange(0, len(data), 2)
    files = []
    for row in rows:
        buffer = io.BytesIO()
        Image.new("RGB", (12, 8), (2 * row, 40, 200)).save(
            buffer, "JPEG", quality=95
        )
        files.append(np.frombuffer(buffer.getvalue(), np.uint8))
    path = tmp_path_factory.mktemp("thumbnails") / "even.npz"
    np.savez(
        path,
        jpeg=np.concatenate(files),
        offset=np.cumsum([0, *map(len, files)]),
        index=rows,
    )
    return path


@pytest.fixture
def thumbnail_file(even_thumbnails, tmp_path):
    """A copy of `even_thumbnails`, to change at will."""
    return shutil.copy(even_thumbnails, tmp_path / "thumbnails.npz")


@pytest.fixture
def damaged_thumbnail_file(thumbnail_file):
    """The same with a damaged picture of row 2."""
    with np.load(thumbnail_file) as archive:
        stored = dict(archive)
    start, stop = stored["offset"][1:3]
    stored["jpeg"][start:stop] = 0
    np.savez(thumbnail_file, **stored)
    return thumbnail_file
