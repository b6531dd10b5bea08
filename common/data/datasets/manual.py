"""Archives that people download by hand: where from, whole, as expected."""

import dataclasses
import hashlib
from collections.abc import Sequence

from absl import logging

_BLOCK = 1 << 20


@dataclasses.dataclass(frozen=True)
class Archive:
    """A file or a folder that must lie in the manual folder.

    Attributes:
        name: Its path there.
        url: Where it comes from.
        digest: `md5:` or `sha256:` and hexadecimal digits; "" where its
            makers published none.
        note: What else to do with it.
    """

    name: str
    url: str
    digest: str = ""
    note: str = ""


def instructions(archives: Sequence[Archive]) -> str:
    """What to download, from where, and where to put it."""
    lines = ["Put these into the manual folder (--manual_dir):"]
    for archive in archives:
        note = f" ({archive.note})" if archive.note else ""
        lines.append(f"  {archive.name} from {archive.url}{note}")
    return "\n".join(lines)


def find(manual_dir, archives: Sequence[Archive]) -> dict:
    """Paths of the archives by name, present and undamaged.

    Args:
        manual_dir: The manual folder, a path object.
        archives: What must be there.

    Raises:
        FileNotFoundError: Some are missing; says what to download.
        ValueError: One has another digest than its makers'.
    """
    missing = [a for a in archives if not (manual_dir / a.name).exists()]
    if missing:
        raise FileNotFoundError(
            f"{manual_dir} lacks {', '.join(a.name for a in missing)}.\n"
            f"{instructions(missing)}"
        )
    for archive in archives:
        if archive.digest:
            _check_digest(manual_dir / archive.name, archive.digest)
    return {archive.name: manual_dir / archive.name for archive in archives}


def check_total(
    what: str, found: int, expected: int, exact: bool = True
) -> None:
    """Compares a count with the known one; 0 is unknown.

    Raises:
        ValueError: They differ. Where `exact` is false, because the paper's
            rule is not known for sure, a warning is logged instead.
    """
    if not expected or found == expected:
        return
    message = f"found {found} {what}, expected {expected}"
    if exact:
        raise ValueError(
            f"The archives are incomplete or another version: {message}."
        )
    logging.warning("The paper counts otherwise: %s.", message)


def _check_digest(path, expected: str) -> None:
    algorithm, _, digits = expected.partition(":")
    digest = hashlib.new(algorithm)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != digits:
        raise ValueError(
            f"{path} has {algorithm} {digest.hexdigest()}, not {digits}; it is "
            "damaged or another version. Download it again."
        )
