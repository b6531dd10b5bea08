import pytest

from common.data.datasets import manual

DESCRIPTIONS = {
    25: "a yellow house; and a church",
    1002: "a yellow caf\xe9 & a house",
    1003: "a church; a caf\xe9;",
}
# Image, region, label; the fourth photograph has no description.
REGIONS = {
    "00": "25 1 7\n25 2 9\n25 3 9\n",
    "01": "1002 1 9\n1003 1 12\n1004 1 7\n",
}


@pytest.fixture
def archives(manual_dir, pack, picture):
    files = {}
    for number in (25, 1002, 1003, 1004):
        folder = f"iaprtc12/images/{number // 1000:02d}"
        files[f"{folder}/{number}.jpg"] = picture(number % 1000 % 12)
    for number, description in DESCRIPTIONS.items():
        text = (
            f"<DOC>\n<DOCNO>annotations/{number}.eng</DOCNO>\n"
            # An ampersand that no XML parser takes.
            f"<DESCRIPTION>{description}</DESCRIPTION>\n<NOTES></NOTES></DOC>"
        )
        folder = f"iaprtc12/annotations_complete_eng/{number // 1000:02d}"
        files[f"{folder}/{number}.eng"] = text.encode("latin-1")
    pack(manual_dir / "iaprtc12.tgz", files)
    root = manual_dir / "benchmark" / "saiapr_tc-12"
    for folder, lines in REGIONS.items():
        (root / folder).mkdir(parents=True)
        (root / folder / "labels.txt").write_text(lines)
    (root / "wlist.txt").write_text("7\tsky\n9\thouse wall\n12\tdoor\n")


def toy(**changes):
    from common.data.datasets.iapr_tc12 import iapr_tc12_dataset_builder

    module = iapr_tc12_dataset_builder
    return module.Builder, module.Config(name="toy", **changes)


def test_region_labels_and_description_words_are_paired(
    archives, prepare, check
):
    info, examples = prepare(*toy(num_labels=3, num_words=4, items=4))

    # Of the words on two descriptions each all four stay.
    assert info.metadata["vocabulary"] == ["café", "church", "house", "yellow"]
    assert info.metadata["label_names"] == ["sky", "house wall", "door"]
    check(
        examples,
        ["00/25.jpg", "01/1002.jpg", "01/1003.jpg", "01/1004.jpg"],
        [[0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]],
        [[1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]],
        images=[1, 2, 3, 4],
    )


def test_photographs_without_one_of_the_commonest_labels_go(archives, prepare):
    # Labels 7 and 9 are on two photographs each, 12 on one.
    builder, config = toy(num_labels=2, num_words=4, items=3)

    info, examples = prepare(builder, config)

    assert info.metadata["label_names"] == ["sky", "house wall"]
    assert [one["labels"].tolist() for one in examples] == [
        [1, 1],
        [0, 1],
        [1, 0],
    ]


def test_a_count_that_is_not_certain_is_only_warned_of(caplog):
    manual.check_total("photographs", 3, 5, exact=False)

    assert "found 3 photographs, expected 5" in caplog.text
