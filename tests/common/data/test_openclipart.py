import io
import itertools
import os

import numpy as np
import pytest
from PIL import Image

from common.data import readers
from common.data.openclipart.rebuild import annotations
from common.data.openclipart.rebuild import metadata

SVG = b"""<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">
  <metadata>
    <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
             xmlns:cc="http://web.resource.org/cc/"
             xmlns:dc="http://purl.org/dc/elements/1.1/">
      <cc:Work rdf:about="">
        <dc:title> Tom &amp; his Cat </dc:title>
        <dc:description>Two <b>good</b> friends</dc:description>
        <dc:subject><rdf:Bag>
          <rdf:li>animal</rdf:li><rdf:li></rdf:li><rdf:li>mammal</rdf:li>
        </rdf:Bag></dc:subject>
        <dc:creator><cc:Agent><dc:title>A. Author</dc:title></cc:Agent>
        </dc:creator>
      </cc:Work>
    </rdf:RDF>
  </metadata>
  <text>not a word of the drawing</text>
</svg>"""


@pytest.fixture(scope="module")
def arrays():
    path = readers.embedded("openclipart.npz")
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


@pytest.fixture(scope="module")
def jpegs():
    path = readers.embedded("thumbnails.npz")
    with np.load(path, allow_pickle=False) as file:
        jpeg, offset = file["jpeg"], file["offset"]
    assert jpeg.dtype == np.uint8 and offset.dtype == np.int64
    assert offset[0] == 0 and offset[-1] == len(jpeg)
    return [jpeg[a:b].tobytes() for a, b in itertools.pairwise(offset)]


def drawing(path, *keywords):
    return metadata.Drawing(path, keywords=keywords)


def test_shipped_arrays_have_the_documented_shapes_and_dtypes(arrays):
    described = {
        key: (array.dtype.kind, array.dtype.itemsize, array.shape)
        for key, array in arrays.items()
        if array.dtype.kind != "U"
    }
    texts = {k: a.shape for k, a in arrays.items() if a.dtype.kind == "U"}

    assert described == {
        "image": ("u", 1, (5102, 1280)),
        "image_scale": ("f", 4, (1280,)),
        "text": ("u", 1, (5102, 1319)),
        "labels": ("u", 1, (5102, 38)),
    }
    assert texts == {"label_names": (38,), "vocab": (1319,), "ids": (5102,)}


def test_shipped_names_are_distinct_and_no_wider_than_needed(arrays):
    for key in ("label_names", "vocab", "ids"):
        names = arrays[key]
        longest = max(map(len, names))

        assert len(set(names.tolist())) == len(names), key
        assert names.dtype == np.dtype(f"<U{longest}"), key


def test_every_shipped_row_has_a_picture_a_word_and_a_label(arrays):
    for key in ("image", "text", "labels"):
        assert arrays[key].any(axis=1).all(), key
    assert arrays["text"].max() == arrays["labels"].max() == 1


def test_no_shipped_label_belongs_to_a_single_drawing(arrays):
    assert "gradients" not in arrays["label_names"]
    assert arrays["labels"].sum(axis=0).min() > 1


def test_shipped_labels_are_folders_of_the_path(arrays):
    row = int(np.flatnonzero(arrays["labels"].sum(axis=1) == 3)[0])

    names = arrays["label_names"][arrays["labels"][row] == 1]

    assert set(names) <= set(arrays["ids"][row].split("/")[:-1])


def test_shipped_features_lie_in_the_range_of_relu6(arrays):
    feature = arrays["image"].astype(np.float32) * arrays["image_scale"]

    assert feature.min() == 0.0
    assert 5.0 < feature.max() <= 6.0


def test_readme_states_the_chance_level_of_the_shipped_labels(arrays):
    labels = arrays["labels"].astype(np.float32)
    count = len(labels)

    # A drawing shares a label with itself; the pairs are of two drawings.
    pairs = np.count_nonzero(labels @ labels.T) - count
    chance = pairs / (count * (count - 1))

    readme = readers.embedded("README.md").read_text(encoding="utf-8")
    assert f"chance level | {chance:.3f}:" in readme


def test_every_shipped_thumbnail_is_a_whole_jpeg(arrays, jpegs):
    assert len(jpegs) == len(arrays["ids"])
    assert all(file.startswith(b"\xff\xd8") for file in jpegs)
    assert all(file.endswith(b"\xff\xd9") for file in jpegs)


def test_shipped_thumbnails_decode_to_64_by_64(jpegs):
    for file in jpegs[::50]:
        with Image.open(io.BytesIO(file)) as image:
            assert np.asarray(image).shape == (64, 64, 3)


def test_shipped_thumbnails_belong_to_their_rows(arrays, jpegs):
    # The names of these drawings say what their colour is.
    colours = {"yellow": (1, 1, 0), "green": (0, 1, 0), "red": (1, 0, 0)}
    agree = []
    for file, path in zip(jpegs, arrays["ids"], strict=True):
        name = path.rsplit("/")[-1]
        for colour, rgb in colours.items():
            if path.startswith("shapes/") and f"{colour}_benji" in name:
                image = Image.open(io.BytesIO(file)).convert("RGB")
                pixels = np.asarray(image, float).mean(axis=(0, 1))
                pixels -= pixels.mean()
                agree.append(pixels @ (np.array(rgb) - np.mean(rgb)) > 0)

    assert len(agree) >= 5
    assert np.mean(agree) > 0.9


def test_shipped_arrays_and_thumbnails_take_at_most_12_mb():
    names = ("openclipart.npz", "thumbnails.npz")

    size = sum(os.path.getsize(readers.embedded(name)) for name in names)

    assert size <= 12_000_000


def test_metadata_holds_title_description_and_keywords():
    found = metadata.parse_svg("animals/cat_01.svg", SVG)

    # The second title is an author, the second key word is empty.
    assert found == metadata.Drawing(
        "animals/cat_01.svg",
        title="Tom & his Cat",
        description="Two good friends",
        keywords=("animal", "mammal"),
    )
    assert found.directories == ("animals",)


def test_file_without_metadata_has_only_its_path():
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><title>Cat</title></svg>'

    found = metadata.parse_svg("cat.svg", svg)

    assert found == metadata.Drawing("cat.svg")


def test_broken_svg_is_named_in_the_error():
    with pytest.raises(ValueError, match=r"cat\.svg is not well-formed"):
        metadata.parse_svg("cat.svg", b"<svg>")


def test_drawings_follow_the_order_of_folders_then_names():
    names = [
        "food/b.svg",
        "food/a.svg",
        "animals/c.svg",
        "animals/unseen.svg",
        "animals/d.svg_by_e.svg",
        "unsorted/f.svg",
        "shapes/stars/g.svg",
    ]
    svg = dict.fromkeys(names, SVG)
    pictures_of = {metadata.png_path(name): b"" for name in names}
    del pictures_of["animals/unseen.png"]

    found = metadata.read_drawings(svg, pictures_of, ["food", "animals"])

    paths = [drawing.path for drawing in found]
    assert paths == ["food/a.svg", "food/b.svg", "animals/c.svg"]


def test_drawing_in_an_unknown_folder_is_refused():
    with pytest.raises(ValueError, match="tools"):
        metadata.read_drawings({"tools/a.svg": SVG}, {"tools/a.png": b""}, [])


def test_row_order_fits_the_shipped_ids(arrays):
    order = metadata.row_order()
    rank = {folder: place for place, folder in enumerate(order)}

    keys = [
        (rank[path.rpartition("/")[0]], path) for path in arrays["ids"].tolist()
    ]

    assert keys == sorted(keys)
    assert len(rank) == len(order)


def test_labels_are_frequent_folders_that_name_a_subject():
    drawings = [
        drawing("food/fruit/a.svg"),
        drawing("food/icons/b.svg"),
        drawing("food/icons/c.svg"),
        drawing("tools/fruit/d.svg"),
    ]

    labels, names = annotations.label_matrix(drawings, min_drawings=2)

    # food 3, fruit 2, icons 2 but no subject, tools 1.
    assert names == ["food", "fruit"]
    np.testing.assert_array_equal(labels, [[1, 1], [1, 0], [1, 0], [0, 1]])
    assert labels.dtype == np.uint8


def test_words_are_distinct_letter_runs_without_stop_words():
    found = annotations.words(
        metadata.Drawing(
            "food/red-apple_nicu_01.svg",
            title="The Apple",
            description="svg of 2 ripe fruits.",
            keywords=("fruit", "apple pie"),
        )
    )

    # "nicu", "the" and "svg" are stop words, "of" has two letters.
    assert found == ["apple", "fruit", "fruits", "pie", "red", "ripe"]


def test_vocabulary_is_the_frequent_words_most_frequent_first():
    drawings = [
        drawing("f/a.svg", "pear", "kiwi"),
        drawing("f/b.svg", "plum", "kiwi", "lime"),
        drawing("f/c.svg", "pear", "kiwi", "plum"),
    ]

    text, vocabulary = annotations.bag_of_words(drawings, min_drawings=2)

    # kiwi 3, pear 2 seen before plum 2, lime 1.
    assert vocabulary == ["kiwi", "pear", "plum"]
    np.testing.assert_array_equal(text, [[1, 1, 0], [1, 0, 1], [1, 1, 1]])


def test_vocabulary_stops_at_its_largest_size():
    drawings = [drawing("f/a.svg", "pear", "kiwi"), drawing("f/b.svg", "kiwi")]

    text, vocabulary = annotations.bag_of_words(
        drawings, min_drawings=1, max_words=1
    )

    assert vocabulary == ["kiwi"]
    np.testing.assert_array_equal(text, [[1], [1]])
