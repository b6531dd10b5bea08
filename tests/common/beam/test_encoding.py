import dataclasses
import json
import os

import numpy as np
import pytest

from common.beam import encoding
from common.beam import manifest
from common.beam import sources
from common.hamming import exchange

pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def model(linear):
    return linear(bits=12, seed=3)


@pytest.fixture(scope="module")
def saved_model(model, tmp_path_factory):
    from common.reports import export

    folder = tmp_path_factory.mktemp("export") / "saved_model"
    export.export(model, folder)
    return folder


@pytest.fixture
def plan(saved_model, tmp_path):
    """Plans what is in `shards-*` and goes to `made`."""

    def plan(modality="image", suffix="npy", **settings):
        shards = sources.find(str(tmp_path / f"shards-*.{suffix}"))
        return encoding.plan(
            shards, tmp_path / "made", saved_model, modality, **settings
        )

    return plan


def _encode(tasks):
    for task in tasks:
        encoding.encode_shard(task)
    return manifest.finish(tasks)


def _write_npy(folder, *shards):
    for number, values in enumerate(shards):
        np.save(folder / f"shards-{number}.npy", values)


def _letters(folder, shard):
    text = (folder / "made" / f"dead_letters-{shard}.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_codes_are_the_models_under_counted_ids(model, data, plan, tmp_path):
    _write_npy(tmp_path, data.image[:50], data.image[50:])

    made = _encode(plan())

    # A folder of Parquet files is read like one.
    index = exchange.read_parquet(tmp_path / "made" / "codes", 12)["image"]
    np.testing.assert_array_equal(index.ids, np.arange(120))
    np.testing.assert_array_equal(
        index.codes.rows, model.encode_image(data.image)
    )
    distances, ids = index.search(index.codes.take(np.array([7])), 1)
    assert distances[0, 0] == 0
    assert made["encoded"] == 120
    assert made["dead_letters"] == 0
    assert [shard["encoded"] for shard in made["shards"]] == [50, 70]
    written = json.loads((tmp_path / "made" / "encode.json").read_text())
    assert written == made


def test_the_digest_does_not_depend_on_the_shards(data, plan, tmp_path):
    _write_npy(tmp_path, data.image[:50], data.image[50:])
    two = _encode(plan())
    for file in (tmp_path / "made").glob("*/*"):
        file.unlink()
    (tmp_path / "shards-1.npy").unlink()
    _write_npy(tmp_path, data.image)

    one = _encode(plan())

    assert one["codes_sha256"] == two["codes_sha256"]
    _write_npy(tmp_path, data.image[::-1])
    assert _encode(plan())["codes_sha256"] != one["codes_sha256"]


def test_parquet_and_tfrecord_keep_their_ids(model, data, plan, tmp_path):
    import tensorflow as tf

    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("google_crc32c", reason="the extra `beam`")
    ids = np.random.default_rng(0).permutation(1000)[:120] - 500
    texts = data.text.astype(np.float32)
    parquet.write_table(
        pyarrow.table({"id": ids, "words": texts.tolist()}),
        tmp_path / "shards-0.parquet",
    )
    with tf.io.TFRecordWriter(str(tmp_path / "shards-0.tfrecord")) as writer:
        for item, text in zip(ids.tolist(), texts.tolist(), strict=True):
            example = tf.train.Example()
            example.features.feature["id"].int64_list.value.append(item)
            example.features.feature["words"].float_list.value.extend(text)
            writer.write(example.SerializeToString())
    order = np.argsort(ids)

    made = _encode(plan("text", "parquet", column="words"))

    index = exchange.read_parquet(tmp_path / "made" / "codes", 12)["text"]
    np.testing.assert_array_equal(index.ids, ids[order])
    np.testing.assert_array_equal(
        index.codes.rows, np.asarray(model.encode_text(texts))[order]
    )
    again = _encode(plan("text", "tfrecord", column="words"))
    assert again["codes_sha256"] == made["codes_sha256"]


def test_poisoned_rows_are_told_and_the_others_are_encoded(
    model, data, plan, tmp_path
):
    first = data.image.astype(np.float64)
    first[3, 2], first[8, 0], first[9, 1] = np.nan, -np.inf, 1e39
    _write_npy(tmp_path, first, data.image[:, :7], data.image)

    made = _encode(plan())

    good = np.delete(np.arange(120), [3, 8, 9])
    index = exchange.read_parquet(tmp_path / "made" / "codes", 12)["image"]
    # The second shard keeps its numbers although nothing of it is left.
    np.testing.assert_array_equal(index.ids, [*good, *range(240, 360)])
    encoded = np.asarray(model.encode_image(data.image))
    np.testing.assert_array_equal(
        index.codes.rows, np.concatenate([encoded[good], encoded])
    )
    assert made["dead_letters"] == 4
    reason = "it holds NaN or an infinite value"
    assert _letters(tmp_path, "shards-0") == [
        {"shard": "shards-0.npy", "row": row, "rows": 1, "reason": reason}
        for row in (3, 8, 9)
    ]
    (letter,) = _letters(tmp_path, "shards-1")
    assert (letter["row"], letter["rows"]) == (None, 120)
    assert "[120, 7]" in letter["reason"]
    assert not (tmp_path / "made" / "dead_letters-shards-2.jsonl").exists()


def test_an_id_that_is_there_twice_is_told(plan, data, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    for name, ids in (("0", [4, 9, 4]), ("1", [1, 2, 9])):
        table = {"id": ids, "image": data.image[:3].tolist()}
        parquet.write_table(
            pyarrow.table(table), tmp_path / f"shards-{name}.parquet"
        )
    tasks = plan(suffix="parquet")

    # In one shard it is a dead letter; between shards nobody knows which.
    with pytest.raises(ValueError, match="in common: .*received 9"):
        _encode(tasks)

    (letter,) = _letters(tmp_path, "shards-0")
    assert (letter["row"], letter["reason"]) == (2, "id 4 is row 0 already")
    assert not (tmp_path / "made" / "encode.json").exists()


def test_quantised_features_are_scaled(model, data, plan, tmp_path):
    stored = np.random.default_rng(0).integers(0, 256, (120, 12), np.uint8)
    scale = np.linspace(-1, 1, 12, dtype=np.float32)
    _write_npy(tmp_path, stored)
    np.save(tmp_path / "scale.npy", scale)

    _encode(plan(scale=str(tmp_path / "scale.npy")))

    index = exchange.read_parquet(tmp_path / "made" / "codes", 12)["image"]
    np.testing.assert_array_equal(
        index.codes.rows, model.encode_image(stored * scale)
    )
    np.save(tmp_path / "scale.npy", scale[:3])
    with pytest.raises(ValueError, match=r"a step for each .*\[12\]"):
        plan(scale=str(tmp_path / "scale.npy"))


def test_only_missing_and_changed_shards_are_done_again(data, plan, tmp_path):
    _write_npy(tmp_path, data.image[:40], data.image[40:80], data.image[80:])
    before = _encode(plan())
    made = tmp_path / "made" / "codes"
    for path in made.iterdir():
        os.utime(path, (0, 0))
    (made / "shards-1.parquet").unlink()

    after = _encode(plan())

    assert after == before
    ages = [path.stat().st_mtime for path in sorted(made.iterdir())]
    assert [age == 0 for age in ages] == [True, False, True]
    # A record that was not written yet: killed in between.
    (tmp_path / "made" / "shards" / "shards-2.json").unlink()
    _write_npy(tmp_path, data.image[1:41])
    third = _encode(plan())
    ages = [path.stat().st_mtime for path in sorted(made.iterdir())]
    assert 0 not in ages
    assert third["codes_sha256"] != before["codes_sha256"]


def test_a_shard_before_others_moves_their_counted_ids(data, plan, tmp_path):
    _write_npy(tmp_path, data.image[:40], data.image[40:])
    _encode(plan())

    _write_npy(tmp_path, data.image[:30])
    made = _encode(plan())

    assert [shard["first_id"] for shard in made["shards"]] == [0, 30]
    index = exchange.read_parquet(tmp_path / "made" / "codes", 12)["image"]
    np.testing.assert_array_equal(index.ids, np.arange(110))


def test_other_settings_are_refused_before_anything_is_done(
    linear, data, plan, saved_model, tmp_path
):
    from common.reports import export

    _write_npy(tmp_path, data.image)
    _encode(plan())
    other = tmp_path / "other"
    export.export(linear(bits=12, seed=4), other)

    with pytest.raises(ValueError, match="other settings .model_sha256 was"):
        encoding.plan(
            sources.find(str(tmp_path / "shards-*.npy")),
            tmp_path / "made",
            other,
            "image",
        )
    with pytest.raises(ValueError, match="modality was image, is text"):
        plan("text")
    with pytest.raises(ValueError, match="no exported model with encode_label"):
        plan("label")
    (tmp_path / "shards-0.npy").rename(tmp_path / "shards-1.npy")
    with pytest.raises(
        ValueError, match="shards-0.parquet is of none of these"
    ):
        plan()


def test_a_shard_of_nothing_but_poison_gives_an_empty_file(
    data, plan, tmp_path
):
    _write_npy(tmp_path, np.full((3, 12), np.nan))

    made = _encode(plan())

    assert made["encoded"] == 0
    assert made["dead_letters"] == 3
    found = exchange.read_parquet(tmp_path / "made" / "codes", 12)
    assert found == {}


def test_a_worker_with_another_model_refuses(linear, data, plan, tmp_path):
    from common.reports import export

    _write_npy(tmp_path, data.image)
    (task,) = plan()
    export.export(linear(bits=12, seed=4), tmp_path / "other")
    elsewhere = dataclasses.replace(task, model=tmp_path / "other")

    with pytest.raises(ValueError, match="is another model for this worker"):
        encoding.encode_shard(elsewhere)

    assert not task.codes_file.exists()
