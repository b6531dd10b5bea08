import dataclasses
import json

import numpy as np
import pytest

from common.data.datasets.coco_hashing import archive

# Not in the order of the ids, as in the original.
CATEGORIES = [{"id": 3, "name": "car"}, {"id": 1, "name": "person"}]
PHOTOGRAPHS = {"train2014": (9, 4, 5), "val2014": (6,)}
SHOWN = {9: [1, 1, 3], 4: [3], 6: [1]}
CAPTIONS = {
    9: ["a red bus", "a wide street"],
    4: ["a red car"],
    5: ["nothing wide"],
    6: ["street and bus"],
}


@pytest.fixture
def archives(manual_dir, pack, picture):
    annotations = {}
    for part, ids in PHOTOGRAPHS.items():
        names = {i: f"COCO_{part}_{i:012d}.jpg" for i in ids}
        pack(
            manual_dir / f"{part}.zip",
            {f"{part}/{name}": picture(i) for i, name in names.items()},
        )
        images = [{"id": i, "file_name": name} for i, name in names.items()]
        boxes = [
            {"image_id": i, "category_id": category}
            for i in ids
            for category in SHOWN.get(i, ())
        ]
        captions = [
            {"image_id": i, "id": 10 * i + n, "caption": caption}
            for i in ids
            for n, caption in enumerate(CAPTIONS[i])
        ]
        for kind, content in (
            ("instances", {"annotations": boxes, "categories": CATEGORIES}),
            ("captions", {"annotations": captions}),
        ):
            annotations[f"annotations/{kind}_{part}.json"] = json.dumps(
                {"images": images} | content
            )
    pack(manual_dir / "annotations_trainval2014.zip", annotations)


def toy(**changes):
    from common.data.datasets.coco_hashing import coco_hashing_dataset_builder

    module = coco_hashing_dataset_builder
    unchecked = tuple(
        dataclasses.replace(one, digest="") for one in archive.ARCHIVES
    )
    return module.Builder, module.Config(
        name="toy", num_labels=2, archives=unchecked, **changes
    )


def test_photographs_that_show_an_object_are_kept(archives, prepare, check):
    info, examples = prepare(*toy(items=3, num_words=3))

    # Two photographs each have bus, red and street, one has car and wide.
    assert info.metadata["vocabulary"] == ["bus", "red", "street"]
    assert info.metadata["label_names"] == ["person", "car"]
    names = [
        "train2014/COCO_train2014_000000000004.jpg",
        "train2014/COCO_train2014_000000000009.jpg",
        "val2014/COCO_val2014_000000000006.jpg",
    ]
    check(
        examples,
        names,
        [[0, 1, 0], [1, 1, 1], [1, 0, 1]],
        [[0, 1], [1, 1], [1, 0]],
        images=[4, 9, 6],
    )


def test_a_draw_keeps_names_captions_and_labels_together():
    numbers = range(20)
    part = archive.Part(
        [f"{n}.jpg" for n in numbers],
        [f"word{n}" for n in numbers],
        np.arange(20, dtype=np.uint8)[:, None],
        ["number"],
    )

    drawn = archive.draw(part, 6)

    rows = drawn.labels[:, 0].tolist()
    assert len(rows) == 6
    assert rows == sorted(rows)
    assert drawn.names == [f"{n}.jpg" for n in rows]
    assert drawn.captions == [f"word{n}" for n in rows]
