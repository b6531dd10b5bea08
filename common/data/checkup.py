"""What is wrong or odd with a data set, and how to mend it."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from common.data import arrays
from common.data import correlation
from common.data import statistics
from common.data import thumbnails
from common.data.protocols import papers

_WORDS = arrays.BAG_OF_WORDS
# What chance alone reaches; above it little is left to learn.
_HIGH_CHANCE = 0.8
# With fewer pairs not even the shortest trainings were measured.
_FEW_ITEMS = 100
# A MAP that is not this much above chance tells of a wrong order.
_MAP_MARGIN = 0.01


@dataclasses.dataclass(frozen=True)
class Finding:
    """One sentence on what is amiss and one on what to do.

    Attributes:
        severity: `wrong` would spoil a result, `odd` may be meant.
        what: What was found.
        mend: What to do about it.
    """

    severity: str
    what: str
    mend: str


@dataclasses.dataclass(frozen=True)
class Checkup:
    """Everything that is known of a data set.

    Attributes:
        data: The data set.
        image: Its image features or pixels.
        text: Its bags of words.
        pairing: What CCA reaches, or None.
        damaged: Rows whose thumbnail cannot be decoded, [m] int64.
    """

    data: arrays.CrossModalData
    image: statistics.Columns
    text: statistics.Columns
    pairing: correlation.Pairing | None
    damaged: np.ndarray

    def findings(self) -> list[Finding]:
        """All that is amiss, what is wrong first."""
        found = [
            *_size(len(self.data)),
            *_images(self.image, self.data.has_pixels),
            *_texts(self.text, self.data.text_kind),
            *_labels(self.data),
            *_pairing(self.pairing),
            *_parts(self),
            *_pictures(self.damaged),
        ]
        return sorted(found, key=lambda finding: finding.severity != "wrong")

    def report(self) -> dict:
        """Numbers and findings for a JSON file."""
        data = self.data
        parts = data.parts or {}
        return {
            "items": len(data),
            "known_as": known_as(len(data)),
            "image": {
                "shape": list(data.image_shape),
                "columns": math.prod(data.image_shape),
                **self.image.summary(),
            },
            "text": {
                "columns": data.text_dim,
                "kind": data.text_kind,
                "words_per_item": self.text.mean * data.text_dim
                if self.text.maximum <= 1 and data.text_kind == _WORDS
                else None,
                "has_vocabulary": data.vocabulary is not None,
                **self.text.summary(),
            },
            "labels": None
            if data.labels is None
            else statistics.label_summary(data),
            "pictures": None
            if data.groups is None
            else int(data.groups.max()) + 1,
            "notes": list(data.notes),
            "parts": {part: len(rows) for part, rows in parts.items()},
            "repeated_pairs": len(data) - len(np.unique(self.same_pair())),
            "cca": None
            if self.pairing is None
            else dataclasses.asdict(self.pairing),
            "findings": [dataclasses.asdict(f) for f in self.findings()],
        }

    def same_pair(self) -> np.ndarray:
        """First row whose image and text are both the same, [n] int64."""
        return statistics.repeated_pairs(self.image, self.text)


def examine(
    data: arrays.CrossModalData, pictures: thumbnails.Thumbnails | None = None
) -> Checkup:
    """Reads the whole data set and its thumbnails once and checks them."""
    return Checkup(
        data,
        statistics.of_images(data),
        statistics.of_texts(data),
        correlation.check_pairing(data),
        np.zeros(0, np.int64) if pictures is None else pictures.damaged(),
    )


def known_as(items: int) -> list[str]:
    """Benchmarks with just that number of items, as the protocols name them."""
    cuts = (cut for cuts in papers.CUTS.values() for cut in cuts)
    return sorted({cut.dataset for cut in cuts if cut.items == items})


def _size(items: int) -> Iterator[Finding]:
    if items < _FEW_ITEMS:
        yield Finding(
            "odd",
            f"There are {items} pairs only, too few to learn much from; scores "
            "of so few queries are luck.",
            f"Bring {_FEW_ITEMS} at the least; the defaults were chosen on 500 "
            "and more.",
        )


def _images(image: statistics.Columns, pixels: bool) -> Iterator[Finding]:
    if len(image.empty_rows):
        yield Finding(
            "wrong",
            f"{len(image.empty_rows)} images have only zeros, the first is row "
            f"{image.empty_rows[0]}.",
            "Make them anew from the pictures, or leave these rows out.",
        )
    if pixels:
        return
    if len(image.constant):
        yield Finding(
            "odd",
            f"{len(image.constant)} image columns never change.",
            "They tell nothing; dead units are common in ReLU layers.",
        )
    if image.whole and image.maximum > 1:
        yield Finding(
            "odd",
            f"Image features are whole numbers up to {image.maximum:g}.",
            "If they are quantised, store `image_scale`; if they are pixels, "
            "extract features first.",
        )
    smallest, median, largest = image.row_norm
    if largest > 100 * max(median, 1e-12):
        yield Finding(
            "odd",
            f"The largest image norm is {largest:.3g}, the median "
            f"{median:.3g}.",
            "Look for values that overflowed, or scale every row to one norm.",
        )


def _texts(text: statistics.Columns, kind: str) -> Iterator[Finding]:
    is_bag = kind == _WORDS
    if len(text.empty_rows):
        nothing = "have no words" if is_bag else "are all zeros"
        yield Finding(
            "odd",
            f"{len(text.empty_rows)} texts {nothing}, the first is row "
            f"{text.empty_rows[0]}.",
            "All of them get one code; leave them out as most papers do, or "
            "say so beside the figures.",
        )
    if len(text.constant) and not is_bag:
        yield Finding(
            "odd",
            f"{len(text.constant)} text columns never change.",
            "They tell nothing.",
        )
    elif len(text.constant):
        yield Finding(
            "odd",
            f"{len(text.constant)} words are in no text or in every one.",
            "Choose the vocabulary from these texts.",
        )
    if not text.whole and is_bag:
        yield Finding(
            "odd",
            "Texts hold fractions, so they are no counts of words.",
            "Weights such as tf-idf train as well, but cannot be asked for by "
            "words.",
        )


def _labels(data: arrays.CrossModalData) -> Iterator[Finding]:
    if data.labels is None:
        yield Finding(
            "odd",
            "There are no labels.",
            "UGACH and UCH train without; SSAH and every MAP need `labels` "
            "[n, c] of 0 and 1.",
        )
        return
    per_item = data.labels.sum(axis=1, dtype=np.int64)
    frequency = data.labels.sum(axis=0, dtype=np.int64)
    if (per_item == 0).any():
        yield Finding(
            "wrong",
            f"{(per_item == 0).sum()} items have no label, the first is row "
            f"{np.flatnonzero(per_item == 0)[0]}.",
            "Nothing is relevant to them; leave them out (--rows).",
        )
    if (frequency == 0).any():
        yield Finding(
            "odd",
            f"{(frequency == 0).sum()} labels are on no item.",
            "Drop these columns, or look whether labels were cut off.",
        )
    if (frequency == len(data)).any():
        yield Finding(
            "wrong",
            "A label is on every item.",
            "Everything is relevant to everything; drop the column.",
        )
    yield from _strangers(data, frequency)


def _strangers(
    data: arrays.CrossModalData, frequency: np.ndarray
) -> Iterator[Finding]:
    """Labelled items that share no label with what a search could find."""
    rows, least = np.arange(len(data)), 2
    if data.parts:
        rows, least = data.parts["query"], 1
        retrieval = data.labels[data.parts["retrieval"]]
        frequency = retrieval.sum(axis=0, dtype=np.int64)
    asked = data.labels[rows]
    labelled = asked.any(axis=1)
    alone = labelled & ~asked[:, frequency >= least].any(axis=1)
    if not alone.any():
        return
    first = rows[np.flatnonzero(alone)[0]]
    every = alone.sum() == labelled.sum()
    kind = "queries" if data.parts else "items"
    other = "retrieval" if data.parts else "other"
    yield Finding(
        "wrong" if every else "odd",
        f"{alone.sum()} {kind} share a label with no {other} item, the first "
        f"is row {first}.",
        "Nothing is relevant to them; "
        + (
            "so there is no MAP. Labels have to be shared, not names of items."
            if every
            else "they count for no MAP."
        ),
    )


def _pairing(pairing: correlation.Pairing | None) -> Iterator[Finding]:
    if pairing is None:
        return
    if pairing.matched < 0.5 + pairing.margin:
        yield Finding(
            "wrong",
            f"Only {pairing.matched:.0%} of comparisons bring an image nearer "
            "to its own text than to another's, as chance does.",
            "Images and texts are probably not in one order; compare a few "
            "items by eye and pair them by name.",
        )
    if pairing.chance is None:
        return
    reached = max(pairing.i2t, pairing.t2i)
    if reached - pairing.chance < _MAP_MARGIN:
        yield Finding(
            "wrong",
            f"Linear CCA reaches a MAP of {reached:.3f}, no more than the "
            f"{pairing.chance:.3f} of chance.",
            "The labels are probably not in the order of the items.",
        )
    if pairing.chance > _HIGH_CHANCE:
        yield Finding(
            "odd",
            f"Chance alone reaches a MAP of {pairing.chance:.3f}.",
            "Drop labels that most items have, or figures hardly differ.",
        )


def _parts(checkup: Checkup) -> Iterator[Finding]:
    parts = checkup.data.parts
    if not parts:
        return
    both = np.intersect1d(parts["query"], parts["retrieval"])
    if len(both):
        yield Finding(
            "wrong",
            f"{len(both)} rows are query and retrieval at once, the first is "
            f"row {both[0]}.",
            "Take them out of one of the two.",
        )
    same = checkup.same_pair()
    copies = np.isin(same[parts["query"]], same[parts["retrieval"]])
    if copies.sum() > len(both):
        first = parts["query"][np.flatnonzero(copies)[0]]
        yield Finding(
            "wrong",
            f"{copies.sum()} queries have a copy in the retrieval set, the "
            f"first is row {first}.",
            "Keep copies on one side of the split.",
        )


def _pictures(damaged: np.ndarray) -> Iterator[Finding]:
    if len(damaged):
        yield Finding(
            "wrong",
            f"{len(damaged)} thumbnails are no readable JPEG, the first is "
            f"that of row {damaged[0]}.",
            "They are shown blank and cannot be learned from; make them anew.",
        )
