"""TensorFlow Datasets builder of NUS-WIDE."""

import dataclasses

import numpy as np
import tensorflow_datasets as tfds

from common.data.datasets import manual
from common.data.datasets import pairs
from common.data.datasets.nus_wide import archive

_PHOTOGRAPHS = "Flickr"


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """Which photographs and concepts stay.

    Attributes:
        concepts: Number of the most frequent concepts that stay; 0 takes the
            ten of `archive.TEN_CONCEPTS`.
        tagged: Whether photographs without any of the 1,000 tags go.
        items: Photographs that stay.
        per_concept: Photographs drawn of each concept; 0 keeps all.
        with_image: Whether the photographs are there, in `Flickr/`.
        num_words: Tags of the archive.
        archives: The files.
    """

    concepts: int = 0
    tagged: bool = False
    items: int = 0
    per_concept: int = 0
    with_image: bool = False
    num_words: int = archive.TAG_COLUMNS
    archives: tuple[manual.Archive, ...] = archive.ARCHIVES

    @property
    def num_labels(self) -> int:
        """Number of label columns."""
        return self.concepts or len(archive.TEN_CONCEPTS)


def _configs() -> list[Config]:
    """Each cut, with and without the photographs."""
    cuts = [
        Config(
            name="tc10",
            description="10 most frequent concepts: UGACH, DJSRH, UCCH.",
            concepts=10,
            items=186577,
        ),
        Config(
            name="tc21",
            description="21 most frequent concepts: DCMH.",
            concepts=21,
            items=195834,
        ),
        Config(
            name="tc21_tagged",
            description="21 most frequent concepts, with a tag: SSAH.",
            concepts=21,
            tagged=True,
            items=190421,
        ),
        Config(
            name="10k",
            description="1,000 photographs of each of 10 concepts.",
            per_concept=1000,
            items=10000,
        ),
    ]
    return cuts + [
        dataclasses.replace(cut, name=f"{cut.name}_images", with_image=True)
        for cut in cuts
    ]


class Builder(tfds.core.GeneratorBasedBuilder):
    """Flickr photographs with bags of 1,000 tags and concept labels.

    The archives hold no photographs; configurations without `_images` need
    none.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual.instructions(archive.ARCHIVES) + (
        "\nConfigurations *_images also need the photographs in "
        f"{_PHOTOGRAPHS}/<folder>/<name>.jpg; ask the authors for them."
    )
    BUILDER_CONFIGS = _configs()

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        return pairs.info(
            self,
            config.num_words,
            config.num_labels,
            archive.HOMEPAGE,
            config.with_image,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        config = self.builder_config
        root = dl_manager.manual_dir
        needed = config.archives
        if config.with_image:
            needed += (manual.Archive(_PHOTOGRAPHS, archive.HOMEPAGE),)
        manual.find(root, needed)
        concepts = archive.read_concepts(root)
        labels = archive.read_labels(root, concepts)
        tags = archive.read_tags(root)
        names = archive.read_names(root)
        for what, rows in (("tag rows", tags), ("image names", names)):
            manual.check_total(what, len(rows), len(labels))
        rows, columns = self._choose(labels, tags, concepts)
        manual.check_total("photographs", len(rows), config.items)
        pairs.name_columns(
            self,
            archive.read_tag_names(root),
            [concepts[column] for column in columns],
        )
        chosen = labels[np.ix_(rows, columns)]
        names = [names[row] for row in rows]
        return {
            "full": self._generate_examples(root, names, tags[rows], chosen)
        }

    def _choose(self, labels, tags, concepts):
        config = self.builder_config
        if config.per_concept:
            return archive.ten_thousand(labels, concepts, config.per_concept)
        columns = archive.top_concepts(labels, config.concepts)
        stays = labels[:, columns].any(axis=1)
        if config.tagged:
            stays &= tags.any(axis=1)
        return np.flatnonzero(stays), columns

    def _generate_examples(self, root, names, tags, labels):
        images = None
        if self.builder_config.with_image:
            images = [root / _PHOTOGRAPHS / name for name in names]
        return pairs.examples(names, tags, labels, images)
