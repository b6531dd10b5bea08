"""Image features of the drawings, and their 8-bit form."""

from collections.abc import Iterator
from collections.abc import Sequence

import numpy as np

from common.backbones import efficientnet_lite0
from common.backbones import torch_weights
from common.data.openclipart.rebuild import network
from common.data.openclipart.rebuild import pictures

BATCH = 16


def extract(pngs: Sequence[bytes], threads: int = 1) -> np.ndarray:
    """Extracts EfficientNet-Lite0's pooled features.

    Args:
        pngs: n PNG files.
        threads: Threads of the network.

    Returns:
        [n, 1280] float32 in [0, 6], rounded to half precision so that two
        copies of one drawing agree exactly. A row of zeros stands for a
        picture that could not be read.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        network.feature_graph(
            torch_weights.read_weights(torch_weights.installed_file())
        ),
        options,
        providers=["CPUExecutionProvider"],
    )
    rows = np.zeros((len(pngs), efficientnet_lite0.FEATURES), np.float16)
    for batch, images in _batches(pngs):
        if batch:
            (rows[batch],) = session.run(None, {"image": images})
    return rows.astype(np.float32)


def _batches(pngs: Sequence[bytes]) -> Iterator[tuple[list[int], np.ndarray]]:
    """Yields row numbers and network inputs of the readable pictures."""
    for start in range(0, len(pngs), BATCH):
        rows, images = [], []
        for row in range(start, min(start + BATCH, len(pngs))):
            picture = pictures.read_picture(pngs[row])
            if picture is not None:
                rows.append(row)
                images.append(pictures.network_input(picture))
        print(f"\rfeatures: {start} of {len(pngs)}", end="", flush=True)
        yield rows, np.array(images)
    print(f"\rfeatures: {len(pngs)} of {len(pngs)}")


def first_copies(features: np.ndarray) -> np.ndarray:
    """Marks the first row of each set of equal rows, [n] bool."""
    _, first = np.unique(features, axis=0, return_index=True)
    marks = np.zeros(len(features), bool)
    marks[first] = True
    return marks


def quantise(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Stores non-negative features in 8 bits, linear in each column.

    Args:
        features: [n, d] float, non-negative.

    Returns:
        q [n, d] uint8 and scale [d] float32, with features near q * scale and
        off by at most scale / 2.
    """
    top = features.max(axis=0)
    scale = np.where(top > 0, top, 1).astype(np.float32) / np.float32(255)
    return np.rint(features / scale).astype(np.uint8), scale
