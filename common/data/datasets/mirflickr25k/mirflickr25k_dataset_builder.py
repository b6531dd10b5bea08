"""TensorFlow Datasets builder of MIRFlickr-25K."""

import dataclasses

import tensorflow_datasets as tfds

from common.data.datasets import manual
from common.data.datasets import pairs
from common.data.datasets.mirflickr25k import archive


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """Which photographs stay, and what the archives are known to hold.

    Attributes:
        keep: See `archive.keep`.
        items: Photographs that stay.
        photographs: Photographs of the archive.
        num_words: Common tags of the archive.
        label_total: Ones among all labels; 0 is unknown.
        tag_total: Ones among all tags; 0 is unknown.
        archives: The files.
    """

    keep: str = "all"
    items: int = 0
    photographs: int = 25000
    num_words: int = 1386
    label_total: int = 92902
    tag_total: int = 94281
    archives: tuple[manual.Archive, ...] = (
        archive.PHOTOGRAPHS,
        archive.ANNOTATIONS,
    )


class Builder(tfds.core.GeneratorBasedBuilder):
    """Photographs with bags of 1,386 tags and 24 labels."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual.instructions(Config.archives)
    BUILDER_CONFIGS = [
        Config(
            name="dcmh",
            description="Pairs with a label and a common tag: DCMH, SSAH, UCH.",
            keep="label_and_text",
            items=20015,
        ),
        Config(
            name="labelled",
            description="Photographs with a label.",
            keep="label",
            items=24581,
        ),
        Config(
            name="ugach_paper",
            description="All photographs, as the text of UGACH has it.",
            keep="all",
            items=25000,
        ),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        return pairs.info(
            self,
            self.builder_config.num_words,
            len(archive.LABELS),
            archive.HOMEPAGE,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        config = self.builder_config
        photographs, annotations = (
            dl_manager.extract(path)
            for path in manual.find(
                dl_manager.manual_dir, config.archives
            ).values()
        )
        root = photographs / "mirflickr"
        vocabulary = archive.read_vocabulary(root)
        manual.check_total("common tags", len(vocabulary), config.num_words)
        tags = archive.read_tags(root, vocabulary, config.photographs)
        labels = archive.read_labels(annotations, config.photographs)
        manual.check_total("tags", int(tags.sum()), config.tag_total)
        manual.check_total("labels", int(labels.sum()), config.label_total)
        rows = archive.keep(tags, labels, config.keep)
        manual.check_total("photographs", len(rows), config.items)
        pairs.name_columns(self, vocabulary, archive.LABELS)
        return {
            "full": self._generate_examples(
                root, tags[rows], labels[rows], rows
            )
        }

    def _generate_examples(self, root, tags, labels, rows):
        names = [f"im{row + 1}.jpg" for row in rows]
        return pairs.examples(
            names, tags, labels, [root / name for name in names]
        )
