import dataclasses

import numpy as np
import pytest

from common.data import arrays
from common.data import splits
from common.hamming import codes
from common.metrics import evaluation
from common.runs import encoding


def _encoders():
    """Codes of 9 bits: those of the image's first column, of the text's sum."""
    return encoding.Encoders(
        9,
        lambda image: _pack(np.asarray(image)[:, 0]),
        lambda text: _pack(np.asarray(text).sum(axis=1)),
    )


def _pack(numbers):
    """The number's lowest 9 bits, lowest first."""
    whole = numbers.astype(np.int64)
    return codes.pack_bits((whole[:, None] >> np.arange(9)) & 1 == 1)


def _numbers(packed):
    return packed.to_bits() @ (1 << np.arange(9))


def _numbered(count):
    """Item i has an image whose first column is i, and a text of sum i % 7."""
    text = np.zeros((count, 6), np.uint8)
    for column in range(6):
        text[:, column] = np.arange(count) % 7 > column
    image = np.stack([np.arange(count), np.ones(count)], axis=1)
    return arrays.CrossModalData(image=image, text=text)


def test_codes_stand_in_the_order_of_the_rows():
    data = _numbered(50)
    rows = np.array([41, 3, 3, 17])

    image = _encoders().image_codes(data, rows)
    text = _encoders().text_codes(data, rows)

    assert _numbers(image).tolist() == [41, 3, 3, 17]
    # 41 % 7, 3 % 7, 17 % 7.
    assert _numbers(text).tolist() == [6, 3, 3, 3]
    assert image.bits == text.bits == 9


def test_rows_are_encoded_in_blocks_without_a_seam():
    data = _numbered(2100)
    rows = np.arange(2100)[::-1]

    packed = _encoders().image_codes(data, rows)

    # 9 bits hold a number modulo 512.
    np.testing.assert_array_equal(_numbers(packed), rows % 512)


def test_encoders_see_float32():
    seen = []

    def watching(features):
        seen.append(features.dtype)
        return np.zeros((len(features), 2), np.uint8)

    encoding.Encoders(9, watching, watching).text_codes(
        _numbered(4), np.arange(4)
    )

    assert seen == [np.float32]


def test_both_modalities_of_both_parts_are_encoded():
    found = encoding.encode_split(
        _encoders(), _numbered(30), np.array([5, 20]), np.array([1, 2, 29])
    )

    assert _numbers(found.query_image).tolist() == [5, 20]
    assert _numbers(found.query_text).tolist() == [5, 6]
    assert _numbers(found.retrieval_image).tolist() == [1, 2, 29]
    assert _numbers(found.retrieval_text).tolist() == [1, 2, 1]


def _split_codes():
    return encoding.encode_split(
        _encoders(), _numbered(40), np.arange(10), np.arange(10, 40)
    )


def test_saved_codes_come_back(tmp_path):
    found = _split_codes()
    path = tmp_path / "codes.npz"

    found.save(path)
    again = encoding.load(path)

    for part in ("query_image", "query_text", "retrieval_image"):
        assert getattr(again, part).bits == 9
        np.testing.assert_array_equal(
            getattr(again, part).rows, getattr(found, part).rows
        )


@pytest.mark.parametrize("kept", [0, 1, 400])
def test_a_truncated_file_of_codes_is_refused(tmp_path, kept):
    path = tmp_path / "codes.npz"
    _split_codes().save(path)
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(ValueError) as error:
        encoding.load(path)

    assert str(path) in str(error.value)
    assert "codes of a run" in str(error.value)


def test_a_changed_bit_of_a_code_is_found(tmp_path):
    path = tmp_path / "codes.npz"
    _split_codes().save(path)
    with np.load(path) as archive:
        changed = dict(archive)
    changed["query_text"][0, 0] ^= 1
    np.savez(path, **changed)

    with pytest.raises(ValueError, match="does not fit its own SHA-256"):
        encoding.load(path)


def test_a_file_without_codes_is_refused(tmp_path):
    np.savez(tmp_path / "codes.npz", bits=np.array(9))

    with pytest.raises(ValueError, match="codes.npz does not hold the codes"):
        encoding.load(tmp_path / "codes.npz")


def test_a_file_whose_codes_have_another_length_is_refused(tmp_path):
    found = _split_codes()
    rows = {
        part: getattr(found, part).rows
        for part in (
            "query_image",
            "query_text",
            "retrieval_image",
            "retrieval_text",
        )
    }
    np.savez(tmp_path / "codes.npz", bits=np.array(64), **rows)

    with pytest.raises(ValueError, match="64-bit codes"):
        encoding.load(tmp_path / "codes.npz")


def test_the_evaluation_pairs_each_modality_with_the_other():
    found = _split_codes()
    labels = np.eye(7, dtype=int)[np.arange(40) % 7]

    metrics = found.evaluation(labels[:10], labels[10:]).metrics()

    assert (
        metrics
        == evaluation.Evaluation(
            query_image=found.query_image,
            query_text=found.query_text,
            database_image=found.retrieval_image,
            database_text=found.retrieval_text,
            query_labels=labels[:10],
            database_labels=labels[10:],
        ).metrics()
    )


def _with_labels():
    """Codes of 30 items, where a label's code is its number."""
    data = _numbered(30)
    labels = np.eye(7, dtype=np.uint8)[np.arange(30) % 7]
    labelled = dataclasses.replace(data, labels=labels)
    encoders = dataclasses.replace(
        _encoders(),
        label=lambda label: _pack(np.asarray(label).argmax(axis=1)),
    )
    found = encoding.encode_split(
        encoders, labelled, np.arange(8), np.arange(8, 30)
    )
    return found, labels


def test_label_codes_are_made_stored_and_scored(tmp_path):
    found, labels = _with_labels()
    found.save(tmp_path / "codes.npz")

    again = encoding.load(tmp_path / "codes.npz")

    assert _numbers(again.query_label).tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    assert _numbers(again.retrieval_label)[:3].tolist() == [1, 2, 3]
    scores = again.label_directions(labels[:8], labels[8:])["directions"]
    assert set(scores) == {a + "2" + b for a in "itl" for b in "itl"}
    # Items of a class have one label code, so the class is found first.
    assert scores["l2l"]["map_all"] == 1.0
    two = again.evaluation(labels[:8], labels[8:]).metrics()
    for direction in ("i2t", "t2i"):
        assert scores[direction]["map_all"] == two[direction]["map_all"]
        assert scores[direction]["chance"] == two[direction]["chance"]


def test_without_label_codes_there_are_two_directions_only():
    found = _split_codes()
    labels = np.eye(7, dtype=int)[np.arange(40) % 7]

    assert found.query_label is None
    assert found.label_directions(labels[:10], labels[10:]) == {}


def test_labels_are_those_of_query_and_retrieval(data):
    split = splits.make(np.arange(len(data)), 20, seed=1)

    query, retrieval = encoding.split_labels(data, split)

    np.testing.assert_array_equal(query, data.labels[split.query])
    np.testing.assert_array_equal(retrieval, data.labels[split.retrieval])


def test_missing_labels_are_named():
    data = _numbered(12)

    with pytest.raises(ValueError, match="no `labels`, and a MAP needs them"):
        encoding.split_labels(data, splits.make(np.arange(12), 3))
