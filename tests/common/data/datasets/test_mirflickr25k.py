import dataclasses

import pytest

from common.data.datasets import manual
from common.data.datasets.mirflickr25k import archive

TAGS = {1: "sky\r\nsea\r\n", 2: "", 3: "sea\nrare\n", 4: "sky\n", 5: "sea\n"}
ON = {"sky": "1\r\n3\r\n", "sea": "1\n2\n", "tree": "5\n"}


@pytest.fixture
def archives(manual_dir, pack, picture):
    """Five photographs, two common tags; the fourth has no label."""
    photographs = {
        f"mirflickr/im{number}.jpg": picture(number) for number in TAGS
    } | {
        f"mirflickr/meta/tags/tags{number}.txt": text
        for number, text in TAGS.items()
    }
    photographs["mirflickr/doc/common_tags.txt"] = "sky 30\r\nsea 22\r\n"
    annotations = {f"{name}.txt": ON.get(name, "") for name in archive.LABELS}
    annotations["sky_r1.txt"] = "1\n"
    annotations["README.txt"] = "labels"
    pack(manual_dir / "mirflickr25k.zip", photographs)
    pack(manual_dir / "mirflickr25k_annotations_v080.zip", annotations)


def toy(**changes):
    from common.data.datasets.mirflickr25k import mirflickr25k_dataset_builder

    module = mirflickr25k_dataset_builder
    unchecked = tuple(
        dataclasses.replace(one, digest="") for one in module.Config.archives
    )
    return module.Builder, module.Config(
        **{
            "name": "toy",
            "keep": "label_and_text",
            "items": 3,
            "photographs": 5,
            "num_words": 2,
            "label_total": 5,
            "tag_total": 5,
            "archives": unchecked,
        }
        | changes
    )


def label_row(*names):
    return [int(name in names) for name in archive.LABELS]


def test_pairs_with_a_label_and_a_common_tag_are_kept(archives, prepare, check):
    info, examples = prepare(*toy())

    assert info.metadata["vocabulary"] == ["sky", "sea"]
    assert info.metadata["label_names"] == list(archive.LABELS)
    check(
        examples,
        ["im1.jpg", "im3.jpg", "im5.jpg"],
        [[1, 1], [0, 1], [0, 1]],
        [label_row("sky", "sea"), label_row("sky"), label_row("tree")],
        images=[1, 3, 5],
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"items": 4}, "found 3 photographs, expected 4"),
        ({"tag_total": 6}, "found 5 tags, expected 6"),
        ({"label_total": 4}, "found 5 labels, expected 4"),
    ],
)
def test_other_counts_than_the_known_ones_are_refused(
    archives, prepare, changes, message
):
    with pytest.raises(ValueError, match=message):
        prepare(*toy(**changes))


def test_an_archive_with_another_digest_is_refused(archives, manual_dir):
    with pytest.raises(ValueError, match="has md5 .*, not a23d0a8564ee84cd"):
        manual.find(manual_dir, (archive.PHOTOGRAPHS,))


def test_what_to_download_is_said(manual_dir):
    with pytest.raises(FileNotFoundError) as missing:
        manual.find(manual_dir, (archive.PHOTOGRAPHS, archive.ANNOTATIONS))

    message = str(missing.value)
    assert f"{manual_dir} lacks mirflickr25k.zip, mirflickr25k_ann" in message
    assert f"mirflickr25k.zip from {archive.PHOTOGRAPHS.url}" in message
    assert "--manual_dir" in message
