import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util import tensor_util

from common.hamming import codes
from common.metrics import histograms
from common.reports import summaries


@pytest.fixture
def written(tmp_path):
    """Values of every tag that a function writes."""

    def written(write, *arguments):
        writer = tf.summary.create_file_writer(str(tmp_path))
        with writer.as_default():
            write(*arguments)
        writer.close()
        events = event_accumulator.EventAccumulator(str(tmp_path))
        events.Reload()
        return {
            tag: tensor_util.make_ndarray(events.Tensors(tag)[0].tensor_proto)
            for tag in events.Tags()["tensors"]
        }

    return written


def test_a_curve_counts_only_queries_that_have_a_relevant_item(written):
    # Five items at distances 0, 1 and 2 of two bits. The second query has
    # nothing to find.
    counts = histograms.DistanceHistograms(
        np.array([[0, 2, 3], [1, 1, 3]]), np.array([[0, 1, 1], [0, 0, 0]])
    )

    found = written(summaries.write_precision_recall, {"i2t": counts})

    # Radius 2, 1, 0. True and false positives, true and false negatives,
    # precision, recall.
    np.testing.assert_allclose(
        found["precision_recall_i2t/pr_curves"],
        [
            [2, 1, 0],
            [3, 1, 0],
            [0, 2, 3],
            [0, 1, 2],
            [2 / 5, 1 / 2, 0],
            [1, 1 / 2, 0],
        ],
    )


def test_a_direction_without_relevant_items_has_no_curve(written):
    counts = histograms.DistanceHistograms(
        np.array([[1, 2]]), np.array([[0, 0]])
    )

    assert not written(summaries.write_precision_recall, {"i2t": counts})


def test_colours_tell_how_bits_correlate(written):
    # Bit 1 is the opposite of bit 0, bit 2 has nothing to do with either.
    image = codes.PackedCodes.from_bits(
        np.array([[0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1]], bool)
    )

    found = written(summaries.write_bits, image, image)

    # A string tensor of width, height and the PNG itself.
    width, height, png = found["bit_correlation_image"]
    pixels = tf.io.decode_png(png).numpy()
    assert (width, height) == (b"24", b"24")
    red, white, blue = (255, 0, 0), (255, 255, 255), (0, 0, 255)
    np.testing.assert_array_equal(
        pixels[4::8, 4::8],
        [[red, blue, white], [blue, red, white], [white, white, red]],
    )


def test_settings_leave_out_where_things_are():
    record = {
        "method": "ugach",
        "config": {"bits": 16, "mode": "baseline"},
        "run": {"seed": 3, "output_dir": "runs/a", "cache_dir": "~"},
    }

    assert summaries.settings(record) == {
        "method": "ugach",
        "bits": 16,
        "mode": "baseline",
        "seed": 3,
    }
