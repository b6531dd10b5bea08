import numpy as np
import pytest

from common.data.datasets.nus_wide import archive

CONCEPTS = ["airport", *archive.TEN_CONCEPTS]
# Concepts of each of six photographs, and their tags.
ON = [
    ["sky", "water"],
    ["airport"],
    ["sky"],
    ["water", "toy"],
    ["sky"],
    [],
]
TAGS = [[1, 0], [0, 1], [0, 0], [1, 1], [0, 1], [1, 0]]


@pytest.fixture
def archives(manual_dir, picture):
    """Unpacks made-up archives; photographs lie in Flickr/."""
    files = {
        "ConceptsList/Concepts81.txt": "\n".join(CONCEPTS) + "\n",
        "ImageList/Imagelist.txt": "".join(
            f"C:\\ImageData\\Flickr\\actor\\000{i}_7{i}.jpg\r\n"
            for i in range(len(ON))
        ),
        "NUS_WID_Tags/TagList1k.txt": "nature\r\nblue\r\n",
        "NUS_WID_Tags/AllTags1k.txt": "".join(
            "\t".join(map(str, row)) + "\t\r\n" for row in TAGS
        ),
    }
    for concept in CONCEPTS:
        files[f"Groundtruth/AllLabels/Labels_{concept}.txt"] = "".join(
            f"{int(concept in on)}\n" for on in ON
        )
    for name, text in files.items():
        (manual_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (manual_dir / name).write_bytes(text.encode())
    (manual_dir / "Flickr" / "actor").mkdir(parents=True)
    for number in range(len(ON)):
        path = manual_dir / "Flickr" / "actor" / f"000{number}_7{number}.jpg"
        path.write_bytes(picture(number))


def toy(**changes):
    from common.data.datasets.nus_wide import nus_wide_dataset_builder as module

    return module.Builder, module.Config(name="toy", num_words=2, **changes)


def ids(rows):
    return [f"actor/000{row}_7{row}.jpg" for row in rows]


def test_the_most_frequent_concepts_are_kept(archives, prepare, check):
    # sky is on three photographs, water on two.
    info, examples = prepare(*toy(concepts=2, items=4))

    assert info.metadata["vocabulary"] == ["nature", "blue"]
    assert info.metadata["label_names"] == ["sky", "water"]
    rows = [0, 2, 3, 4]
    labels = [[1, 1], [1, 0], [0, 1], [1, 0]]
    check(examples, ids(rows), np.array(TAGS)[rows], labels)


def test_photographs_may_be_held_and_untagged_ones_left_out(
    archives, prepare, check
):
    builder, config = toy(concepts=2, items=3, tagged=True, with_image=True)

    _, examples = prepare(builder, config)

    rows = [0, 3, 4]
    labels = [[1, 1], [0, 1], [1, 0]]
    check(examples, ids(rows), np.array(TAGS)[rows], labels, images=rows)


def test_a_fixed_number_of_single_label_photographs_is_drawn():
    # Three photographs of each of the ten concepts, and one of two.
    labels = np.zeros((31, 11), np.uint8)
    labels[np.arange(30), 1 + np.arange(30) % 10] = 1
    labels[30, 1:3] = 1

    rows, columns = archive.ten_thousand(labels, CONCEPTS, per_concept=2)

    assert columns.tolist() == list(range(1, 11))
    assert labels[np.ix_(rows, columns)].sum(axis=0).tolist() == [2] * 10
    assert 30 not in rows
    with pytest.raises(ValueError, match="only 3 photographs have animal"):
        archive.ten_thousand(labels, CONCEPTS, per_concept=4)
