"""Reads MS COCO 2014's captions and instances.

T.-Y. Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014.
"""

import dataclasses
import json

import numpy as np

from common.data.datasets import manual

HOMEPAGE = "https://cocodataset.org/#download"

_URL = "http://images.cocodataset.org"

# Digests of TensorFlow Datasets' own `coco` builder.
ARCHIVES = (
    manual.Archive(
        "train2014.zip",
        f"{_URL}/zips/train2014.zip",
        "sha256:ede4087e640bddba550e090eae701092534b554b42b05ac33f0300b984b31775",
    ),
    manual.Archive(
        "val2014.zip",
        f"{_URL}/zips/val2014.zip",
        "sha256:fe9be816052049c34717e077d9e34aa60814a55679f804cd043e3cbee3b9fde0",
    ),
    manual.Archive(
        "annotations_trainval2014.zip",
        f"{_URL}/annotations/annotations_trainval2014.zip",
        "sha256:031296bbc80c45a1d1f76bf9a90ead27e94e99ec629208449507a4917a3bf009",
    ),
)


@dataclasses.dataclass(frozen=True)
class Part:
    """Photographs of `train2014` or `val2014` that show an object.

    Attributes:
        names: `train2014/COCO_train2014_<id>.jpg`, by increasing id.
        captions: All captions of each, one after the other.
        labels: [n, 80] uint8, categories by increasing id.
        categories: Their names.
    """

    names: list[str]
    captions: list[str]
    labels: np.ndarray
    categories: list[str]


def read_part(root, part: str) -> Part:
    """Reads the annotations of `train2014` or `val2014`."""
    instances = _read(root / f"instances_{part}.json")
    captions = _read(root / f"captions_{part}.json")
    categories = sorted(instances["categories"], key=lambda one: one["id"])
    column = {one["id"]: place for place, one in enumerate(categories)}
    shown = {}
    for box in instances["annotations"]:
        shown.setdefault(box["image_id"], set()).add(column[box["category_id"]])
    sentences = {}
    for one in sorted(captions["annotations"], key=lambda one: one["id"]):
        sentences.setdefault(one["image_id"], []).append(one["caption"])
    files = {one["id"]: one["file_name"] for one in instances["images"]}
    ids = sorted(files.keys() & shown.keys())
    labels = np.zeros((len(ids), len(categories)), np.uint8)
    for row, number in enumerate(ids):
        labels[row, list(shown[number])] = 1
    return Part(
        [f"{part}/{files[number]}" for number in ids],
        # Joined without a space, the words at the seams are lost.
        [" ".join(sentences.get(number, ())) for number in ids],
        labels,
        [one["name"] for one in categories],
    )


def join(one: Part, other: Part) -> Part:
    """Both parts' photographs, one after the other."""
    return Part(
        one.names + other.names,
        one.captions + other.captions,
        np.concatenate([one.labels, other.labels]),
        one.categories,
    )


def draw(part: Part, count: int, seed: int = 0) -> Part:
    """Some photographs, in their order; 0 takes all."""
    if not count:
        return part
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(part.names), count, replace=False))
    return Part(
        [part.names[row] for row in rows],
        [part.captions[row] for row in rows],
        part.labels[rows],
        part.categories,
    )


def _read(path) -> dict:
    return json.loads(path.read_text())
