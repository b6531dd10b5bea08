"""Which column, or key of a record, holds what: told by its name."""

import dataclasses
import re
from collections.abc import Sequence

# Of several the first counts: a path tells more than a file name.
_IMAGE = (
    "image_path",
    "img_path",
    "file_path",
    "filepath",
    "path",
    "file_name",
    "filename",
    "image_name",
    "image_file",
    "img_name",
    "image",
    "img",
    "picture",
    "photo",
    "file",
    "name",
    "image_id",
)
_TEXT = {
    "caption": (
        "caption",
        "captions",
        "text",
        "description",
        "sentence",
        "sentences",
        "comment",
        "raw",
        "title",
    ),
    "label": ("label", "labels", "category", "categories", "class", "classes"),
}
_SPLIT = ("split", "part", "subset")
_PICTURE = re.compile(
    r"\.(jpe?g|png|gif|webp|bmp|tiff?|jp2|avif|ppm|pgm)$", re.IGNORECASE
)


@dataclasses.dataclass(frozen=True)
class Chosen:
    """Columns that a user names: the picture's and the text's, or ""."""

    image: str = ""
    text: str = ""


@dataclasses.dataclass(frozen=True)
class Columns:
    """Positions in a heading; None where there is no such column."""

    names: tuple[str, ...]
    image: int
    text: int
    labels: int | None
    split: int | None

    @property
    def others(self) -> dict[int, str]:
        """Position and name of the columns that mean nothing here."""
        used = (self.image, self.text, self.labels, self.split)
        return {
            place: name
            for place, name in enumerate(self.names)
            if place not in used and name
        }

    def told(self, kind: str) -> str:
        """What is read of which column."""
        parts = [
            f"picture from `{self.names[self.image]}`",
            f"{kind} from `{self.names[self.text]}`",
        ]
        for what, place in (("labels", self.labels), ("split", self.split)):
            if place is not None:
                parts.append(f"{what} from `{self.names[place]}`")
        if self.others:
            kept = ", ".join(f"`{name}`" for name in self.others.values())
            parts.append(f"kept as they are: {kept}")
        return ", ".join(parts)


def names_a_picture(cell: str) -> bool:
    """Whether a cell ends as the name of a picture does."""
    return bool(_PICTURE.search(cell.strip()))


def find(
    names: Sequence[str], kind: str, chosen: Chosen | None = None
) -> Columns | None:
    """Understands a heading.

    Args:
        names: Names of the columns.
        kind: What the texts are, `caption` or `label`.
        chosen: Columns that the user names.

    Returns:
        The columns; None where none of the names is known, and where one of
        the cells is a picture's name.

    Raises:
        ValueError: Only the picture's or only the text's column is known, or
            there is no column of a name that the user chose.
    """
    chosen = chosen or Chosen()
    image = _place(names, (chosen.image,) if chosen.image else _IMAGE)
    texts = (chosen.text,) if chosen.text else _TEXT[kind]
    text = _place(names, texts, taken=image)
    asked = chosen.image or chosen.text
    if not asked and any(map(names_a_picture, names)):
        return None
    if image is None and text is None and not asked:
        return None
    for found, what, flag, wanted in (
        (image, "picture", "image_column", chosen.image),
        (text, kind, "caption_column", chosen.text),
    ):
        if found is None:
            listed = ", ".join(f"`{name.strip()}`" for name in names)
            reason = (
                f"there is no column `{wanted}`"
                if wanted
                else f"there is no column known to hold the {what}"
            )
            raise ValueError(f"{reason} among {listed}; name it with --{flag}.")
    taken = {image, text}
    labels = None
    if kind != "label":
        labels = _place(names, _TEXT["label"], taken)
    return Columns(
        tuple(name.strip() for name in names),
        image,
        text,
        labels,
        _place(names, _SPLIT, taken),
    )


def _place(names, wanted, taken=()) -> int | None:
    known = [re.sub(r"[\s-]+", "_", name.strip().lower()) for name in names]
    taken = {taken} if isinstance(taken, int) else set(taken or ())
    for name in wanted:
        name = re.sub(r"[\s-]+", "_", name.strip().lower())
        if name in known and known.index(name) not in taken:
            return known.index(name)
    return None
