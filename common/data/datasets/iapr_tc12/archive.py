"""Reads IAPR TC-12's descriptions and SAIAPR TC-12's region labels.

M. Grubinger, P. Clough, H. Mueller and T. Deselaers, "The IAPR TC-12
Benchmark", OntoImage 2006; H. J. Escalante et al., "The Segmented and
Annotated IAPR TC-12 Benchmark", CVIU 2010.
"""

import html
import re

import numpy as np

from common.data.datasets import manual

HOMEPAGE = "https://www.imageclef.org/photodata"

_URL = "http://www-i6.informatik.rwth-aachen.de/imageclef/resources"

PHOTOGRAPHS = manual.Archive("iaprtc12.tgz", f"{_URL}/iaprtc12.tgz")
REGIONS = manual.Archive(
    "benchmark/saiapr_tc-12",
    f"{_URL}/saiaprtc12/saiaprtc12ok.part1.rar (and part2, part3)",
    note="unpacked",
)

# Many files are no well-formed XML.
_DESCRIPTION = re.compile(r"<DESCRIPTION>(.*?)</DESCRIPTION>", re.S)


def read_description(path) -> str:
    """English description of a photograph; "" where there is no file."""
    if not path.exists():
        return ""
    found = _DESCRIPTION.search(path.read_bytes().decode("latin-1"))
    return html.unescape(found.group(1)).strip() if found else ""


def read_regions(root) -> dict[int, set[int]]:
    """Label ids on each labelled photograph, by its number.

    Raises:
        ValueError: No folder holds a `labels.txt`.
    """
    labels = {}
    for path in sorted(root.glob("*/labels.txt")):
        for line in path.read_text().splitlines():
            fields = line.split()
            if len(fields) == 3:
                photograph, _, label = map(int, fields)
                labels.setdefault(photograph, set()).add(label)
    if not labels:
        raise ValueError(
            f"{root} holds no <number>/labels.txt; unpack all three parts of "
            "saiaprtc12ok there."
        )
    return labels


def read_label_names(root) -> dict[int, str]:
    """Name of each label id from `wlist.txt`, wherever it lies; or none."""
    for folder in (root, root.parent):
        for path in (folder / "wlist.txt", folder / "features" / "wlist.txt"):
            if path.exists():
                pairs = (
                    line.split(None, 1)
                    for line in path.read_text().splitlines()
                )
                return {int(p[0]): p[1].strip() for p in pairs if len(p) == 2}
    return {}


def multi_hot(
    regions: dict[int, set[int]], most_frequent: int = 0
) -> tuple[list[int], list[int], np.ndarray]:
    """Labels of each photograph as columns.

    Args:
        regions: Label ids on each photograph.
        most_frequent: Number of the most frequent labels to keep; 0 keeps
            all. Photographs without any of those are left out.

    Returns:
        Photograph numbers and label ids, both increasing, and [n, c] uint8.
    """
    counts = {}
    for of_one in regions.values():
        for label in of_one:
            counts[label] = counts.get(label, 0) + 1
    by_count = sorted(counts, key=lambda label: (-counts[label], label))
    kept = sorted(by_count[: most_frequent or None])
    column = {label: place for place, label in enumerate(kept)}
    photographs = sorted(
        n for n in regions if not column.keys().isdisjoint(regions[n])
    )
    labels = np.zeros((len(photographs), len(kept)), np.uint8)
    for row, number in enumerate(photographs):
        for label in regions[number] & column.keys():
            labels[row, column[label]] = 1
    return photographs, kept, labels


def file_name(number: int, suffix: str) -> str:
    """Path of a photograph's file below its kind's folder: `25/25123.jpg`."""
    return f"{number // 1000:02d}/{number}.{suffix}"
