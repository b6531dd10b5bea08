import dataclasses

import numpy as np
import pytest
from PIL import Image

from common.data import thumbnails
from common.data.originals import Originals
from common.hamming import codes
from common.reports import projector


@pytest.fixture
def packed(data):
    """Image and text codes of all items."""
    bits = np.random.default_rng(0).random((2, len(data), 10)) < 0.5
    return [codes.PackedCodes.from_bits(side) for side in bits]


def _metadata(directory):
    lines = (directory / "projector/metadata.tsv").read_text().split("\n")
    assert lines.pop() == ""
    return [line.split("\t") for line in lines]


def _points(directory):
    return np.loadtxt(directory / "projector/codes.tsv", delimiter="\t")


def test_a_large_database_is_thinned_evenly(
    data, packed, tmp_path, monkeypatch
):
    monkeypatch.setattr(projector, "_MOST_ITEMS", 7)

    projector.write(tmp_path, data, np.arange(len(data)), *packed)

    # 120 items, 120 / 7 = 17.14 apart.
    shown = [0, 17, 34, 51, 68, 85, 102]
    rows = [int(line[3]) for line in _metadata(tmp_path)[1:]]
    bits = np.concatenate([side.take(shown).to_bits() for side in packed])
    assert rows == shown * 2
    np.testing.assert_array_equal(_points(tmp_path), 2 * bits - 1)


def test_names_end_no_line_and_no_cell(data, packed, tmp_path):
    hostile = np.array([f"a\tb\r\nc\u2028{i}" for i in range(len(data))])
    named = dataclasses.replace(
        data,
        ids=hostile,
        vocabulary=np.array([f"x\ty{i}" for i in range(data.text_dim)]),
        label_names=np.array(["one\n", "two\t2", "three"]),
    )

    projector.write(tmp_path, named, np.arange(len(data)), *packed)

    lines = _metadata(tmp_path)
    assert len(lines) == 1 + 2 * len(data)
    assert {len(line) for line in lines} == {5}
    assert lines[2][1:] == ["two 2", "a b c 1", "1", "image"]
    assert lines[2][0].startswith("x y")


def test_captions_and_paths_stand_beside_the_points(data, packed, tmp_path):
    texts = [f"Row\t{row}\nas is" for row in range(len(data))]
    kept = dataclasses.replace(data, originals=Originals(texts, texts))

    projector.write(tmp_path, kept, np.arange(len(data)), *packed)

    heading, _, second, *_ = _metadata(tmp_path)
    assert heading == ["caption", "labels", "item", "path", "row", "modality"]
    assert second[0] == second[3] == "Row 1 as is"


def test_data_without_labels_and_words_names_items_only(data, packed, tmp_path):
    bare = dataclasses.replace(
        data, labels=None, label_names=None, vocabulary=None
    )

    projector.write(tmp_path, bare, np.arange(len(data)), *packed)

    lines = _metadata(tmp_path)
    assert lines[0] == ["item", "row", "modality"]
    assert lines[-1] == ["119", "119", "text"]
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert "codes.tsv" in config and "sprite" not in config


def test_a_damaged_thumbnail_leaves_its_tile_white(
    data, packed, damaged_thumbnail_file, tmp_path
):
    projector.write(
        tmp_path,
        data,
        np.arange(len(data)),
        *packed,
        thumbnails.Thumbnails(damaged_thumbnail_file),
    )

    # Pictures of rows 0, 2 and 4; that of row 2 is damaged.
    with Image.open(tmp_path / "projector/sprite.jpg") as sprite:
        colours = [sprite.getpixel((48 * place + 24, 24)) for place in range(3)]
    assert colours[1] == (255, 255, 255)
    np.testing.assert_allclose(colours[0], (0, 40, 200), atol=12)
    np.testing.assert_allclose(colours[2], (8, 40, 200), atol=12)
