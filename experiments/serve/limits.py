"""How much a request may ask for."""

import dataclasses
import re
from collections.abc import Sequence

from experiments.serve import pictures as service_pictures
from experiments.serve.items import NewItem

# Ids of added items stand in addresses.
_ID = re.compile(r"[\w.@~-][\w .@~-]{0,199}")


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a request may ask for.

    Attributes:
        k: Most items of an answer.
        upload_bytes: Largest picture file.
        pictures: Most pictures of one request.
        megapixels: Most pixels of a picture, in millions.
        characters: Longest text or caption.
    """

    k: int = 1000
    upload_bytes: int = 20_000_000
    pictures: int = 16
    megapixels: float = 64
    characters: int = 10_000

    def check_added(self, added: Sequence[NewItem]) -> None:
        """Refuses too many pictures, long captions and odd ids.

        Raises:
            ValueError: Says what is allowed.
        """
        if not 1 <= len(added) <= self.pictures:
            raise ValueError(
                f"Add 1 to {self.pictures} pictures at a time, received "
                f"{len(added)}."
            )
        for one in added:
            self.check_length("caption", one.caption)
            if one.id and not _ID.fullmatch(one.id):
                raise ValueError(
                    "An id is up to 200 letters, digits and any of ' _.@~-', "
                    f"received {one.id[:40]!r}."
                )

    def check_length(self, name: str, text: str) -> None:
        """Refuses a text that is too long.

        Raises:
            ValueError: Says what is allowed.
        """
        if len(text) > self.characters:
            raise ValueError(
                f"A {name} has at most {self.characters} characters, received "
                f"{len(text)}."
            )

    def decode(self, content: bytes) -> service_pictures.Decoded:
        """Decodes a picture file of no more than these bytes and pixels.

        Raises:
            ValueError: It is larger, or no picture.
        """
        if len(content) > self.upload_bytes:
            raise ValueError(
                f"A picture has at most {self.upload_bytes / 1e6:g} MB, "
                f"received {len(content) / 1e6:.1f}."
            )
        return service_pictures.decode(content, self.megapixels)
