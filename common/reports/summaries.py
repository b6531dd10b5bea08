"""What TensorBoard shows of a finished run, for the default summary writer."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorboard.plugins.hparams import api
from tensorboard.plugins.pr_curve import summary as pr_curve_summary

from common.hamming import codes
from common.metrics import diagnostics
from common.metrics import histograms
from common.metrics import retrieval
from common.reports import figures

# Settings of a run that say where things are, and change no figure.
_PLACES = ("trust_pickle", "output_dir", "resume", "cache_dir", "thumbnails")
# Pixels of the side of a pair of bits.
_SQUARE = 8


def settings(record: dict) -> dict[str, Any]:
    """A run's settings as hyperparameters, by name.

    Args:
        record: Its `run.json`.
    """
    shared = {
        name: value
        for name, value in record["run"].items()
        if name not in _PLACES
    }
    return {"method": record["method"], **record["config"], **shared}


def write_trial(
    hyperparameters: Mapping[str, Any],
    name: str,
    metrics: dict,
    shown: Iterable[str] = ("map_all",),
) -> None:
    """Writes one training for the HParams page: settings and what they gave.

    Args:
        hyperparameters: Booleans, numbers and strings, by name.
        name: Tells the training from others; equal names are one trial.
        metrics: Metrics of each direction that there is.
        shown: Which metrics to write, as scalars too.
    """
    api.hparams(dict(hyperparameters), trial_id=name)
    for direction in filter(metrics.__contains__, figures.DIRECTIONS):
        for metric in shown:
            value = metrics[direction][metric]
            if value is not None:
                tf.summary.scalar(f"{metric}_{direction}", value, step=0)


def write_pairs(scores: dict[str, dict]) -> None:
    """Writes how the own pair is found, of `common.metrics.pairs.scores`."""
    for direction, found in scores.items():
        for name, value in found.items():
            if name != "pairs":
                tf.summary.scalar(f"{name}_{direction}", value, step=0)


def write_pictures(pictures: Mapping[str, bytes]) -> None:
    """Writes PNG files' bytes, by name."""
    for name, picture in pictures.items():
        image = tf.io.decode_png(picture, channels=3)
        tf.summary.image(name, image[None], step=0)


def write_bits(image: codes.PackedCodes, text: codes.PackedCodes) -> None:
    """Writes how balanced bits are, and how far they repeat one another.

    Shares of ones become a histogram of each modality. The correlation of all
    pairs of bits becomes three pictures, inside and between the modalities,
    with a square for each pair: red is 1, white 0, blue -1. On the diagonal of
    `bit_correlation_image_text` stands how far the codes of an item agree.

    Args:
        image: n image codes of K bits.
        text: n text codes of K bits, of the same items.
    """
    for modality, packed in (("image", image), ("text", text)):
        balance = diagnostics.bit_balance(packed)
        tf.summary.histogram(f"bit_balance_{modality}", balance, step=0)
    for name, first, second in (
        ("image", image, image),
        ("text", text, text),
        ("image_text", image, text),
    ):
        correlation = diagnostics.bit_correlation(first, second)
        picture = _red_and_blue(correlation).repeat(_SQUARE, 0)
        tf.summary.image(
            f"bit_correlation_{name}", picture.repeat(_SQUARE, 1)[None], step=0
        )


def _red_and_blue(values: np.ndarray) -> np.ndarray:
    """Colours of values in -1..1, [..., 3] uint8."""
    red = 1 - np.maximum(-values, 0)
    blue = 1 - np.maximum(values, 0)
    colours = np.stack([red, np.minimum(red, blue), blue], axis=-1)
    return np.rint(255 * colours).astype(np.uint8)


def write_precision_recall(
    counts: Mapping[str, histograms.DistanceHistograms],
) -> None:
    """Writes the micro average over radius K..0 for the PR curves page.

    Threshold t of the page stands for the radius (1 - t) K: what shares at
    least that part of its bits with the query is found. The page's counts are
    sums over queries that have a relevant item.

    Args:
        counts: Counts per distance, by direction; one without any relevant
            item has no curve.
    """
    for direction, found in counts.items():
        if not found.relevant.any():
            continue
        curve = pr_curve_summary.raw_data_pb(
            f"precision_recall_{direction}",
            *(
                column[::-1]
                for column in _by_radius(found.items, found.relevant)
            ),
            num_thresholds=found.items.shape[1],
        )
        tf.summary.experimental.write_raw_pb(curve.SerializeToString(), step=0)


def _by_radius(items: np.ndarray, relevant: np.ndarray) -> tuple:
    """True and false positives and negatives, precision and recall.

    Each is [K + 1], for look-ups with radius 0..K.
    """
    kept = relevant.sum(axis=1) > 0
    found = np.cumsum(items[kept].sum(axis=0))
    hits = np.cumsum(relevant[kept].sum(axis=0))
    missed = hits[-1] - hits
    left_out = found[-1] - found - missed
    curves = retrieval.precision_recall_by_radius(items, relevant)
    # The page leaves radii out that find nothing, but NaN is no JSON.
    precision = np.nan_to_num(curves.micro_precision)
    return hits, found - hits, left_out, missed, precision, curves.micro_recall
