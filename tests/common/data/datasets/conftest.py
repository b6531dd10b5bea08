import io
import tarfile
import zipfile

import numpy as np
import pytest


def jpeg(number):
    """A small picture of one colour."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (9, 7), (20 * number, 90, 160)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def picture():
    return jpeg


@pytest.fixture
def pack():
    """Writes files into a new zip or tgz."""

    def pack(path, files):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path, "w") as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
            return
        with tarfile.open(path, "w:gz") as archive:
            for name, content in files.items():
                content = (
                    content.encode() if isinstance(content, str) else content
                )
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))

    return pack


@pytest.fixture
def prepare(tmp_path):
    """Prepares a configuration; reads it back without the builder's code."""

    def prepare(builder_class, config):
        import tensorflow_datasets as tfds

        builder = builder_class(config=config, data_dir=tmp_path / "prepared")
        manual_dir = tmp_path / "manual"
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(
                manual_dir=manual_dir, verify_ssl=False
            )
        )
        again = tfds.builder_from_directory(builder.data_dir)
        assert again.info.splits["full"].num_examples == config.items
        examples = list(tfds.as_numpy(again.as_dataset(split="full")))
        return again.info, examples

    return prepare


@pytest.fixture
def check():
    """Compares examples with what the archives were made of."""

    def check(examples, ids, text, labels, images=None):
        assert [one["id"].decode() for one in examples] == ids
        np.testing.assert_array_equal([one["text"] for one in examples], text)
        np.testing.assert_array_equal(
            [one["labels"] for one in examples], labels
        )
        if images is None:
            assert "image" not in examples[0]
            return
        # JPEG keeps a single colour to a few steps.
        for one, number in zip(examples, images, strict=True):
            assert one["image"].shape == (7, 9, 3)
            assert abs(int(one["image"][3, 4, 0]) - 20 * number) <= 4

    return check


@pytest.fixture
def manual_dir(tmp_path):
    folder = tmp_path / "manual"
    folder.mkdir()
    return folder
