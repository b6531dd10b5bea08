"""TensorFlow Datasets builder of MS COCO for cross-modal hashing."""

import dataclasses

import tensorflow_datasets as tfds

from common.data import bow
from common.data.datasets import manual
from common.data.datasets import pairs
from common.data.datasets.coco_hashing import archive


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """How many photographs and words stay.

    Attributes:
        num_train: Photographs drawn of `train2014`; 0 takes all that show an
            object.
        num_val: The same of `val2014`.
        items: Photographs that stay.
        num_words: Words of the vocabulary, the most frequent ones.
        num_labels: Categories.
        archives: The files.
    """

    num_train: int = 0
    num_val: int = 0
    items: int = 0
    num_words: int = 2000
    num_labels: int = 80
    archives: tuple[manual.Archive, ...] = archive.ARCHIVES


class Builder(tfds.core.GeneratorBasedBuilder):
    """Photographs with bags of caption words and 80 categories."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual.instructions(Config.archives)
    BUILDER_CONFIGS = [
        Config(
            name="uch",
            description="All photographs that show an object: UCH, UCCH.",
            items=122218,
        ),
        Config(
            name="ssah",
            description="80,000 of train2014 and 5,000 of val2014: SSAH. "
            "Drawn with a fixed seed; the paper's draw was not published.",
            num_train=80000,
            num_val=5000,
            items=85000,
        ),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        return pairs.info(
            self, config.num_words, config.num_labels, archive.HOMEPAGE
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        config = self.builder_config
        train, val, annotations = (
            dl_manager.extract(path)
            for path in manual.find(
                dl_manager.manual_dir, config.archives
            ).values()
        )
        parts = [
            archive.draw(
                archive.read_part(annotations / "annotations", name), count
            )
            for name, count in (
                ("train2014", config.num_train),
                ("val2014", config.num_val),
            )
        ]
        whole = archive.join(*parts)
        manual.check_total("photographs", len(whole.names), config.items)
        text, vocabulary = bow.fit(whole.captions, config.num_words)
        manual.check_total("words", len(vocabulary), config.num_words)
        pairs.name_columns(self, vocabulary, whole.categories)
        images = [train / name for name in parts[0].names]
        images += [val / name for name in parts[1].names]
        return {"full": self._generate_examples(whole, text, images)}

    def _generate_examples(self, whole, text, images):
        return pairs.examples(whole.names, text, whole.labels, images)
