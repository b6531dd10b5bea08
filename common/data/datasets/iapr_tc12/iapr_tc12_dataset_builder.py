"""TensorFlow Datasets builder of IAPR TC-12."""

import dataclasses

import tensorflow_datasets as tfds

from common.data import bow
from common.data.datasets import manual
from common.data.datasets import pairs
from common.data.datasets.iapr_tc12 import archive


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """Which labels and how many words stay.

    Attributes:
        num_labels: Labels that stay, the most frequent ones.
        num_words: Words of the vocabulary, the most frequent ones. The
            papers' own vocabularies were not published.
        items: Photographs that the paper counts.
        exact: Whether another count than `items` is refused.
        archives: The files.
    """

    num_labels: int = 0
    num_words: int = 0
    items: int = 0
    exact: bool = True
    archives: tuple[manual.Archive, ...] = (
        archive.PHOTOGRAPHS,
        archive.REGIONS,
    )


class Builder(tfds.core.GeneratorBasedBuilder):
    """Photographs with bags of description words and region labels."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual.instructions(Config.archives)
    BUILDER_CONFIGS = [
        Config(
            name="dcmh",
            description="All labelled photographs, 255 labels: DCMH, UCCH.",
            num_labels=255,
            num_words=2912,
            items=20000,
        ),
        Config(
            name="uch",
            description="Photographs with one of the 22 commonest labels: UCH.",
            num_labels=22,
            num_words=2000,
            items=18571,
            # How the paper counts the 22 labels is not said.
            exact=False,
        ),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        return pairs.info(
            self, config.num_words, config.num_labels, archive.HOMEPAGE
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        config = self.builder_config
        photographs, regions = manual.find(
            dl_manager.manual_dir, config.archives
        ).values()
        root = dl_manager.extract(photographs) / "iaprtc12"
        numbers, kept, labels = archive.multi_hot(
            archive.read_regions(regions), config.num_labels
        )
        manual.check_total("labels", len(kept), config.num_labels)
        manual.check_total(
            "photographs", len(numbers), config.items, config.exact
        )
        folder = root / "annotations_complete_eng"
        text, vocabulary = bow.fit(
            [
                archive.read_description(
                    folder / archive.file_name(number, "eng")
                )
                for number in numbers
            ],
            config.num_words,
        )
        manual.check_total("words", len(vocabulary), config.num_words)
        names = archive.read_label_names(regions)
        pairs.name_columns(
            self, vocabulary, [names.get(label, label) for label in kept]
        )
        return {"full": self._generate_examples(root, numbers, text, labels)}

    def _generate_examples(self, root, numbers, text, labels):
        names = [archive.file_name(number, "jpg") for number in numbers]
        images = [root / "images" / name for name in names]
        return pairs.examples(names, text, labels, images)
