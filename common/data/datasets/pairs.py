"""What the builders share: features, metadata and examples of pairs."""

from collections.abc import Iterator
from collections.abc import Sequence

import numpy as np
import tensorflow_datasets as tfds


def info(
    builder: tfds.core.DatasetBuilder,
    num_words: int,
    num_labels: int,
    homepage: str,
    with_image: bool = True,
) -> tfds.core.DatasetInfo:
    """Description of pairs of a picture and a bag of words with labels.

    Examples keep the archive's order, which stored splits count on. The words
    and labels of the columns are in `metadata`.
    """
    features = {
        "id": tfds.features.Text(),
        "text": tfds.features.Tensor(shape=(num_words,), dtype=np.uint8),
        "labels": tfds.features.Tensor(shape=(num_labels,), dtype=np.uint8),
    }
    if with_image:
        features["image"] = tfds.features.Image(
            shape=(None, None, 3), encoding_format="jpeg"
        )
    return builder.dataset_info_from_configs(
        features=tfds.features.FeaturesDict(features),
        homepage=homepage,
        metadata=tfds.core.MetadataDict(),
        disable_shuffling=True,
    )


def name_columns(
    builder: tfds.core.DatasetBuilder,
    vocabulary: Sequence[str],
    label_names: Sequence[str],
) -> None:
    """Stores the word and the label of each column with the data."""
    builder.info.metadata["vocabulary"] = list(map(str, vocabulary))
    builder.info.metadata["label_names"] = list(map(str, label_names))


def examples(
    ids: Sequence[str],
    text: np.ndarray,
    labels: np.ndarray,
    images: Sequence | None = None,
) -> Iterator[tuple[int, dict]]:
    """Numbered examples; images are paths of JPEG files, copied as they are."""
    for row, name in enumerate(ids):
        example = {"id": name, "text": text[row], "labels": labels[row]}
        if images is not None:
            example["image"] = images[row]
        yield row, example
