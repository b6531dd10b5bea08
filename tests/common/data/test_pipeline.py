import dataclasses
import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from common.data import draws
from common.data import pipeline


def test_batches_hold_the_drawn_rows_in_order(data):
    rows = np.arange(20, 60)
    pairs = draws.PairDraws(40, 8, seed=4)

    batches = list(pipeline.batches(data, rows, pairs, 0, 5))

    assert len(batches) == 5
    for step, batch in enumerate(batches):
        chosen = rows[pairs(step)["index"]]
        np.testing.assert_allclose(batch["image"], data.image[chosen])
        np.testing.assert_array_equal(batch["text"], data.text[chosen])
        assert batch["text"].dtype == tf.float32


def test_data_live_as_long_as_their_batches_and_no_longer(data):
    own = dataclasses.replace(data)
    alive = weakref.ref(own)
    rows = np.arange(20)
    batches = iter(
        pipeline.batches(own, rows, draws.PairDraws(20, 5, seed=0), 0, 4)
    )
    del own
    gc.collect()

    assert len(list(batches)) == 4
    del batches
    gc.collect()
    assert alive() is None


def test_quantised_images_are_decoded_in_the_pipeline(data):
    image = np.arange(len(data) * 2).reshape(-1, 2).astype(np.uint8)
    scale = np.array([0.5, 2.0], np.float32)
    quantised = dataclasses.replace(data, image=image, image_scale=scale)
    pairs = draws.PairDraws(len(data), 6, seed=0)

    batch = next(
        iter(pipeline.batches(quantised, np.arange(len(data)), pairs, 0, 1))
    )

    np.testing.assert_array_equal(
        batch["image"], image[pairs(0)["index"]] * scale
    )


def test_graph_batches_stack_queries_neighbours_and_candidates(data):
    neighbours = np.stack([np.arange(120), np.arange(120)[::-1]], axis=1)
    graph = draws.GraphDraws(neighbours.astype(np.int32), 8, 10, seed=1)

    batch = next(iter(pipeline.batches(data, np.arange(120), graph, 3, 4)))

    drawn = graph(3)
    stacked = np.concatenate([drawn["index"], drawn["positive"], drawn["pool"]])
    assert batch["image"].shape == (26, 12)
    np.testing.assert_allclose(batch["image"], data.image[stacked])
    np.testing.assert_array_equal(batch["known"], drawn["known"])


def test_a_resumed_pipeline_goes_on_with_the_same_batches(data):
    rows = np.arange(len(data))
    pairs = draws.PairDraws(len(data), 16, seed=2)

    whole = list(pipeline.batches(data, rows, pairs, 0, 20))
    resumed = list(pipeline.batches(data, rows, pairs, 11, 20))

    for one, other in zip(whole[11:], resumed, strict=True):
        np.testing.assert_array_equal(one["image"], other["image"])


def test_encoding_keeps_the_order_over_blocks():
    features = np.arange(10, dtype=np.float32)[:, None]

    encoded = pipeline.encode(
        lambda block: 2 * block, lambda block: features[block], 10, batch_size=4
    )

    np.testing.assert_array_equal(encoded[:, 0], 2 * np.arange(10))


def test_pixels_stay_bytes_until_the_batch(data, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (120, 4, 5, 3), np.uint8)
    np.save(tmp_path / "image.npy", pixels)
    mapped = np.load(tmp_path / "image.npy", mmap_mode="r")
    pictured = dataclasses.replace(data, image=mapped)
    rows = np.arange(0, 120, 3)
    drawn = draws.PairDraws(40, 8, 1)

    (batch,) = pipeline.batches(pictured, rows, drawn, 2, 3)

    assert batch["image"].dtype == tf.float32
    expected = pixels[rows[batch["index"].numpy()]]
    np.testing.assert_array_equal(batch["image"], expected)


@pytest.mark.parametrize(
    ("shape", "blocks"), [((3,), [130]), ((2, 2, 3), [64, 64, 2])]
)
def test_pixels_are_encoded_in_smaller_blocks(shape, blocks):
    values = np.arange(130 * np.prod(shape), dtype=np.float32)
    images = values.reshape(130, *shape)
    seen = []

    def encoder(block):
        seen.append(len(block))
        return -block

    encoded = pipeline.encode(encoder, lambda block: images[block], 130)

    np.testing.assert_array_equal(encoded, -images)
    assert seen == blocks
