import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from common.data import readers

RNG = np.random.default_rng(0)
IMAGE = RNG.normal(size=(36, 8)).astype(np.float16)
TEXT = RNG.normal(size=(36, 8)).astype(np.float16)
PATHS = [f"p/{i // 3}.jpg" for i in range(36)]
LABELS = [["sea", "sky"] if i // 3 % 2 else ["cat"] for i in range(36)]


@pytest.fixture
def folder(tmp_path):
    # Twelve shards: by their names, 10 would come before 2.
    for name in ("img_emb", "text_emb", "metadata"):
        (tmp_path / name).mkdir()
    for shard in range(12):
        rows = slice(3 * shard, 3 * shard + 3)
        np.save(tmp_path / f"img_emb/img_emb_{shard}.npy", IMAGE[rows])
        np.save(tmp_path / f"text_emb/text_emb_{shard}.npy", TEXT[rows])
        table = pyarrow.table(
            {
                "image_path": PATHS[rows],
                "caption": [f"text {i}" for i in range(36)][rows],
                "labels": LABELS[rows],
            }
        )
        pyarrow.parquet.write_table(
            table, tmp_path / f"metadata/metadata_{shard}.parquet"
        )
    return tmp_path


def test_shards_are_read_in_the_order_of_their_numbers(folder):
    found = readers.read(folder)

    np.testing.assert_array_equal(found.image[:], IMAGE)
    order = np.array([35, 0, 11, 12, 0])
    np.testing.assert_array_equal(found.text_features(order), TEXT[order])
    assert found.text_kind == "embedding"
    assert found.ids.tolist() == PATHS
    assert found.label_names.tolist() == ["cat", "sea", "sky"]
    assert found.originals.captions[35] == "text 35"
    assert found.labels[3].tolist() == [0, 1, 1]


def test_texts_of_one_picture_are_kept_together(folder):
    found = readers.read(folder)

    np.testing.assert_array_equal(found.groups, np.arange(36) // 3)
    assert any("36 texts belong to 12 pictures" in n for n in found.notes)


def test_the_digest_is_that_of_one_file(folder, tmp_path):
    np.savez(tmp_path / "one.npz", image=IMAGE, text=TEXT)

    found = readers.read(folder)

    assert found.digest() == readers.read(tmp_path / "one.npz").digest()


def test_a_missing_shard_is_named(folder):
    (folder / "text_emb/text_emb_4.npy").unlink()

    with pytest.raises(readers.DataError, match="text_emb/.* number 4 is miss"):
        readers.read(folder)


def test_a_shard_of_another_width_is_named(folder):
    np.save(folder / "img_emb/img_emb_7.npy", IMAGE[:3, :5])

    with pytest.raises(readers.DataError, match=r"img_emb_7.npy.*\(3, 5\)"):
        readers.read(folder)


def test_embeddings_and_metadata_must_pair_up(folder):
    np.save(folder / "img_emb/img_emb_11.npy", IMAGE[:2])

    with pytest.raises(readers.DataError, match="image: 35, text: 36"):
        readers.read(folder)
